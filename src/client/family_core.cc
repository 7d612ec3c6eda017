#include "client/family_core.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "client/cell_store.h"
#include "client/name.h"
#include "client/number_text.h"

namespace cachescope::client {
namespace {

constexpr std::string_view kOverflowValue = "other";
constexpr double kIntegerLimit = 18446744073709551616.0;  // 2^64

void AppendLabel(std::string_view name, std::string_view value, std::string* out) {
  if (!out->empty()) out->push_back(',');
  out->append(name).append("=\"");
  AppendEscapedValue(value, out);
  out->push_back('"');
}

bool HasLegacyNames(const FamilySpec& spec) {
  const auto legacy = [](const std::string& name) { return IsLabelName(name); };
  return IsMetricName(spec.name) && std::all_of(spec.label_names.begin(), spec.label_names.end(), legacy) &&
         std::all_of(spec.constant_labels.begin(), spec.constant_labels.end(),
                     [&](const LabelPair& label) { return legacy(label.name); });
}

}  // namespace

FamilyCore::FamilyCore(FamilySpec spec, std::shared_ptr<Diagnostics> diagnostics)
    : spec_(std::move(spec)), diagnostics_(std::move(diagnostics)) {
  if (!spec_.help.empty()) {
    header_ = "# HELP " + spec_.name + " ";
    AppendEscapedHelp(spec_.help, &header_);
    header_.push_back('\n');
  }
  // The text format has no word for an info.
  const InstrumentType shown = spec_.type == InstrumentType::kInfo ? InstrumentType::kGauge : spec_.type;
  header_.append("# TYPE ").append(spec_.name).append(" ").append(InstrumentTypeName(shown)).append("\n");
  line_ = MakeLine("", "");
  if (spec_.type == InstrumentType::kInfo) first_value_ = std::bit_cast<std::uint64_t>(1.0);
  if (spec_.type == InstrumentType::kStateSet) first_value_ = 1;
  legacy_names_ = HasLegacyNames(spec_);
  if (spec_.type == InstrumentType::kHistogram) {
    for (const double bound : spec_.bounds) {
      bucket_lines_.push_back(MakeLine("_bucket", "le=\"" + BoundText(bound) + "\""));
    }
    bucket_lines_.push_back(MakeLine("_bucket", "le=\"+Inf\""));
    sum_line_ = MakeLine("_sum", "");
    count_line_ = MakeLine("_count", "");
    padded_bounds_ = spec_.bounds;
    padded_bounds_.resize((spec_.bounds.size() + 3) / 4 * 4, std::numeric_limits<double>::infinity());
    cells_per_series_ = static_cast<std::uint32_t>(spec_.bounds.size() + 2);
  }
  const std::vector<std::string_view> others(spec_.label_names.size(), kOverflowValue);
  overflow_text_ = LabelText(others);
}

FamilyCore::LineParts FamilyCore::MakeLine(std::string_view suffix, std::string_view last_label) const {
  std::string constants;
  for (const LabelPair& label : spec_.constant_labels) AppendLabel(label.name, label.value, &constants);
  const bool variable = !spec_.label_names.empty();
  LineParts line;
  line.head = spec_.name + std::string(suffix);
  if (!variable && constants.empty() && last_label.empty()) {
    line.tail = " ";
    return line;
  }
  line.head.append("{").append(constants);
  if (variable && !constants.empty()) line.head.push_back(',');
  if (!last_label.empty() && (variable || !constants.empty())) line.tail = ",";
  line.tail.append(last_label).append("} ");
  return line;
}

std::string FamilyCore::LabelText(std::span<const std::string_view> values) const {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) AppendLabel(spec_.label_names[i], values[i], &text);
  return text;
}

bool FamilyCore::CheckCount(std::span<const std::string_view> values) noexcept {
  if (values.size() == spec_.label_names.size()) return true;
  diagnostics_->registration_errors.fetch_add(1, std::memory_order_relaxed);
  if (!count_reported_.exchange(true, std::memory_order_relaxed)) {
    diagnostics_->Report("cannot look up a series of \"" + spec_.name + "\": it has " +
                         std::to_string(spec_.label_names.size()) + " labels, not " + std::to_string(values.size()));
  }
  return false;
}

detail::SeriesRef FamilyCore::Find(std::string_view text, std::uint32_t hash, bool* folds) {
  const std::shared_lock lock(mu_);
  Series* series = table_.Find(text, hash);
  const std::size_t size = table_.series().size();
  // The overflow series is one beyond the bound.
  *folds = series == nullptr && size >= spec_.max_series && text != overflow_text_ && !detached_;
  if (series == nullptr) return {};
  Retain(series);
  return detail::SeriesRef(series);
}

detail::SeriesRef FamilyCore::Create(std::string_view text, std::uint32_t hash) {
  const std::lock_guard lock(mu_);
  if (detached_) return {};
  Series* series = table_.Find(text, hash);
  if (series == nullptr) {
    series = Series::New(this, text, hash);
    if (series == nullptr) {
      diagnostics_->registration_errors.fetch_add(1, std::memory_order_relaxed);
      diagnostics_->Report("cannot add a series to \"" + spec_.name + "\": no memory or no cells left");
      return {};
    }
    detail::SeriesRef owner(series);
    table_.Insert(series);
    Retain(series);
    return owner;
  }
  Retain(series);
  return detail::SeriesRef(series);
}

detail::SeriesRef FamilyCore::With(std::span<const std::string_view> values) noexcept {
  try {
    if (!CheckCount(values)) return {};
    std::string text = LabelText(values);
    std::uint32_t hash = SeriesTable::Hash(text);
    bool folds = false;
    detail::SeriesRef found = Find(text, hash, &folds);
    if (found.get() != nullptr) return found;
    if (folds) {
      folded_.fetch_add(1, std::memory_order_relaxed);
      text = overflow_text_;
      hash = SeriesTable::Hash(text);
      found = Find(text, hash, &folds);
      if (found.get() != nullptr) return found;
    }
    return Create(text, hash);
  } catch (...) {
    diagnostics_->registration_errors.fetch_add(1, std::memory_order_relaxed);
    return {};
  }
}

bool FamilyCore::Remove(std::span<const std::string_view> values) noexcept {
  try {
    if (!CheckCount(values)) return false;
    const std::string text = LabelText(values);
    const std::uint32_t hash = SeriesTable::Hash(text);
    const std::lock_guard functions_lock(functions_mu_);
    const std::lock_guard lock(mu_);
    EraseFunction(table_.Find(text, hash));
    return table_.Erase(text, hash);
  } catch (...) {
    return false;
  }
}

void FamilyCore::SetFunction(std::span<const std::string_view> values, std::function<double()> function) noexcept {
  if (function == nullptr) return;
  const detail::SeriesRef series = With(values);
  if (series.get() == nullptr) return;
  try {
    auto entry = std::make_shared<ValueFunction>(ValueFunction{series, std::move(function)});
    const std::lock_guard lock(functions_mu_);
    EraseFunction(series.get());
    functions_.push_back(std::move(entry));
  } catch (...) {
    diagnostics_->registration_errors.fetch_add(1, std::memory_order_relaxed);
  }
}

void FamilyCore::EraseFunction(const Series* series) noexcept {
  std::erase_if(functions_, [&](const auto& entry) { return entry->series.get() == series; });
}

void FamilyCore::RunFunctions() noexcept {
  if (spec_.type != InstrumentType::kGauge && spec_.type != InstrumentType::kCounter) return;
  const std::lock_guard lock(functions_mu_);
  // By index and with an own reference, because a function may remove itself or add another.
  for (std::size_t i = 0; i < functions_.size(); ++i) {
    const std::shared_ptr<ValueFunction> entry = functions_[i];
    try {
      if (StoreValue(entry->series.get(), entry->function())) continue;
    } catch (...) {
    }
    diagnostics_->collector_errors.fetch_add(1, std::memory_order_relaxed);
  }
}

// What a function gave; false if a counter cannot have it.
bool FamilyCore::StoreValue(Series* series, double value) noexcept {
  detail::Cell& cell = SharedCell(series->cell);
  if (spec_.type == InstrumentType::kGauge) {
    cell.store(std::bit_cast<std::uint64_t>(value), std::memory_order_relaxed);
    return true;
  }
  if (!(value >= 0 && value < kIntegerLimit)) return false;
  const double whole = std::trunc(value);
  const double fraction = value - whole;
  if (fraction != 0 || series->fraction_cell.load(std::memory_order_relaxed) != 0) {
    const std::uint32_t fraction_cell = FractionCell(series);
    if (fraction_cell == 0) return false;
    SharedCell(fraction_cell).store(std::bit_cast<std::uint64_t>(fraction), std::memory_order_relaxed);
  }
  cell.store(static_cast<std::uint64_t>(whole), std::memory_order_relaxed);
  return true;
}

void FamilyCore::KeepOnly(std::span<const std::string_view> values) noexcept {
  const detail::SeriesRef kept = With(values);
  if (kept.get() == nullptr) return;
  try {
    const std::lock_guard functions_lock(functions_mu_);
    const std::lock_guard lock(mu_);
    const std::vector<Series*> all = table_.series();
    for (Series* series : all) {
      if (series == kept.get()) continue;
      EraseFunction(series);
      table_.Erase(series->text(), series->hash);
    }
  } catch (...) {
    diagnostics_->registration_errors.fetch_add(1, std::memory_order_relaxed);
  }
}

void FamilyCore::KeepExemplar(const Series* series, std::uint32_t bucket, double value,
                              const Exemplar& exemplar) noexcept {
  if (value == value && exemplars_.Keep(series, bucket, value, exemplar, spec_.name_rules)) return;
  diagnostics_->exemplars_dropped.fetch_add(1, std::memory_order_relaxed);
}

void FamilyCore::SortIfNeeded() {
  {
    const std::shared_lock lock(mu_);
    if (table_.sorted()) return;
  }
  const std::lock_guard lock(mu_);
  table_.Sort();
}

void FamilyCore::Detach() noexcept {
  const std::lock_guard functions_lock(functions_mu_);
  functions_.clear();
  const std::lock_guard lock(mu_);
  detached_ = true;
  table_.Clear();
}

void Retain(FamilyCore* family) noexcept { family->references_.fetch_add(1, std::memory_order_relaxed); }

void Release(FamilyCore* family) noexcept {
  if (family->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete family;
}

}  // namespace cachescope::client
