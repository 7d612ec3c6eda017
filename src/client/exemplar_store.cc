#include "client/exemplar_store.h"

#include <time.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "client/exposition/name_escaping.h"
#include "client/name.h"

namespace cachescope::client {
namespace {

constexpr std::string_view kTraceId = "trace_id";
constexpr std::string_view kSpanId = "span_id";

std::size_t Characters(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// By the coarse clock, 4 ms exact.
double Now() noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec / 1000000) / 1e3;
}

template <class Visit>
void ForEachLabel(const Exemplar& exemplar, Visit visit) {
  if (!exemplar.trace_id.empty()) visit(kTraceId, exemplar.trace_id);
  if (!exemplar.span_id.empty()) visit(kSpanId, exemplar.span_id);
  for (const LabelPairView& label : exemplar.labels) visit(label.name, label.value);
}

bool IsValid(const Exemplar& exemplar, NameRules rules) noexcept {
  for (const LabelPairView& label : exemplar.labels) {
    if (!IsLabelName(label.name, rules)) return false;
  }
  std::size_t bytes = 0;
  ForEachLabel(exemplar, [&](std::string_view name, std::string_view value) { bytes += name.size() + value.size(); });
  if (bytes <= kMaxExemplarCharacters) [[likely]]
    return true;
  if (bytes > 4 * kMaxExemplarCharacters) return false;  // text that is not UTF-8 may have no characters at all
  std::size_t characters = 0;
  ForEachLabel(exemplar, [&](std::string_view name, std::string_view value) {
    characters += Characters(name) + Characters(value);
  });
  return characters <= kMaxExemplarCharacters;
}

}  // namespace

// The text of all names and values one behind the other, so that a slot that is written again does not allocate.
struct ExemplarStore::Slot {
  std::uint32_t bucket = 0;
  double value = 0;
  double timestamp = 0;
  std::string text;
  std::vector<std::uint16_t> ends;  // of a name, of its value, of the next name, …
};

ExemplarStore::ExemplarStore() noexcept = default;
ExemplarStore::~ExemplarStore() = default;

bool ExemplarStore::Keep(const Series* series, std::uint32_t bucket, double value, const Exemplar& exemplar,
                         NameRules rules) noexcept {
  if (!IsValid(exemplar, rules)) return false;
  const double timestamp = exemplar.timestamp == 0 ? Now() : exemplar.timestamp;
  const std::unique_lock lock(mu_, std::try_to_lock);
  if (!lock.owns_lock()) return false;
  try {
    used_.store(true, std::memory_order_relaxed);
    Slots& slots = slots_[series];
    auto slot = std::find_if(slots.begin(), slots.end(), [&](const Slot& s) { return s.bucket == bucket; });
    if (slot == slots.end()) {
      slots.push_back({bucket, 0, 0, {}, {}});
      slot = slots.end() - 1;
    }
    slot->text.clear();
    slot->ends.clear();
    ForEachLabel(exemplar, [&](std::string_view name, std::string_view label_value) {
      for (const std::string_view part : {name, label_value}) {
        slot->text.append(part);
        slot->ends.push_back(static_cast<std::uint16_t>(slot->text.size()));
      }
    });
    slot->value = value;
    slot->timestamp = timestamp;
    return true;
  } catch (...) {
    return false;
  }
}

void ExemplarStore::Forget(const Series* series) noexcept {
  if (!used_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mu_);
  slots_.erase(series);
}

std::vector<ExemplarSnapshot> ExemplarStore::Of(const Series* series) const {
  std::vector<ExemplarSnapshot> exemplars;
  if (!used_.load(std::memory_order_relaxed)) return exemplars;
  const std::lock_guard lock(mu_);
  const auto found = slots_.find(series);
  if (found == slots_.end()) return exemplars;
  for (const Slot& slot : found->second) {
    ExemplarSnapshot& exemplar = exemplars.emplace_back();
    exemplar.value = slot.value;
    exemplar.timestamp = slot.timestamp;
    std::size_t start = 0;
    for (std::size_t i = 0; i + 1 < slot.ends.size(); i += 2) {
      const std::string_view text(slot.text);
      const std::size_t middle = slot.ends[i];
      exemplar.labels.push_back(
          {std::string(text.substr(start, middle - start)), ValidText(text.substr(middle, slot.ends[i + 1] - middle))});
      start = slot.ends[i + 1];
    }
  }
  std::sort(exemplars.begin(), exemplars.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
  return exemplars;
}

}  // namespace cachescope::client
