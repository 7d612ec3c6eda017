// The labels of a stored series: what was scraped, what the target adds, what metric relabelling makes of it.
#include <algorithm>

#include "server/collect/scrape_batch.h"

namespace cachescope::collect {
namespace {

constexpr std::string_view kExported = "exported_";

bool ByName(const LabelView& a, const LabelView& b) { return a.name < b.name; }

// Both sorted by name.
bool ShareName(const std::vector<LabelView>& scraped, const std::vector<LabelView>& target) {
  auto at = scraped.begin();
  for (const LabelView& label : target) {
    at = std::lower_bound(at, scraped.end(), label, ByName);
    if (at != scraped.end() && at->name == label.name) return true;
  }
  return false;
}

}  // namespace

Status ScrapeBatch::BuildLabels(std::string_view name, const std::vector<LabelView>& labels, CachedSeries* series) {
  scratch_labels_.clear();
  scratch_labels_.push_back({kMetricName, name});
  for (const LabelView& label : labels) {
    if (!label.value.empty()) scratch_labels_.push_back(label);
  }
  if (!std::is_sorted(scratch_labels_.begin(), scratch_labels_.end(), ByName)) {
    std::sort(scratch_labels_.begin(), scratch_labels_.end(), ByName);
  }
  CACHESCOPE_RETURN_IF_ERROR(CheckScraped());
  if (settings_.metric_relabel.empty() && !ShareName(scratch_labels_, target_views_)) {
    merged_.clear();
    std::merge(scratch_labels_.begin(), scratch_labels_.end(), target_views_.begin(), target_views_.end(),
               std::back_inserter(merged_), ByName);
    series->labels = Labels::FromSorted(merged_);
  } else {
    AttachWithConflicts();
    if (!ApplyRelabelRules(settings_.metric_relabel, &builder_)) {
      series->dropped = true;
      return {};
    }
    series->labels = builder_.Build();
    if (!series->labels.Has(kMetricName)) return Corruption("metric name missing after metric relabelling");
  }
  CACHESCOPE_RETURN_IF_ERROR(CheckLimits(series->labels));
  if (IsReportSeries(series->labels)) {
    counters_->report_conflicts.fetch_add(1, std::memory_order_relaxed);
    series->labels = Labels();
    series->dropped = true;
  }
  return {};
}

Status ScrapeBatch::CheckScraped() const {
  for (std::size_t i = 0; i < scratch_labels_.size(); ++i) {
    const LabelView& label = scratch_labels_[i];
    if (label.name.empty()) return Corruption("empty label name");
    if (!IsValidUtf8(label.name) || !IsValidUtf8(label.value)) return Corruption("invalid UTF-8 in a label");
    if (label.name == kMetricName && label.value.empty()) return Corruption("metric name missing");
    if (i > 0 && scratch_labels_[i - 1].name == label.name) {
      return Corruption("label name \"" + std::string(label.name.substr(0, 64)) + "\" is not unique");
    }
  }
  return {};
}

// Fills builder_. The target's labels win and the scraped ones move to exported_*, or with honor_labels the other way
// round.
void ScrapeBatch::AttachWithConflicts() {
  builder_.Reset(Labels::FromSorted(scratch_labels_));
  std::vector<std::pair<std::string, std::string>> moved;
  for (const LabelView& label : target_labels_) {
    const std::string existing(builder_.Get(label.name));
    if (!existing.empty() && settings_.honor_labels) continue;
    if (!existing.empty()) moved.emplace_back(label.name, existing);
    builder_.Set(label.name, label.value);
  }
  // Shorter names first, as upstream, so that the outcome does not depend on the order of labels.
  std::stable_sort(moved.begin(), moved.end(),
                   [](const auto& a, const auto& b) { return a.first.size() < b.first.size(); });
  for (const auto& [name, value] : moved) {
    std::string exported = std::string(kExported) + name;
    while (!builder_.Get(exported).empty()) exported.insert(0, kExported);
    builder_.Set(exported, value);
  }
}

Status ScrapeBatch::CheckLimits(const Labels& labels) const {
  const ScrapeLimits& limits = settings_.limits;
  std::int64_t count = 0;
  for (const LabelView& label : labels) {
    ++count;
    if (limits.label_name_bytes > 0 && static_cast<std::int64_t>(label.name.size()) > limits.label_name_bytes) {
      return LimitExceeded("label name length limit exceeded: " + std::to_string(label.name.size()) + " bytes, limit " +
                           std::to_string(limits.label_name_bytes));
    }
    if (limits.label_value_bytes > 0 && static_cast<std::int64_t>(label.value.size()) > limits.label_value_bytes) {
      return LimitExceeded("label value length limit exceeded: " + std::to_string(label.value.size()) +
                           " bytes, limit " + std::to_string(limits.label_value_bytes));
    }
  }
  if (limits.labels > 0 && count > limits.labels) {
    return LimitExceeded("label limit exceeded: " + std::to_string(count) + " labels, limit " +
                         std::to_string(limits.labels));
  }
  return {};
}

bool ScrapeBatch::IsReportSeries(const Labels& labels) const {
  return std::any_of(reports_.begin(), reports_.end(),
                     [&](const ReportSeries& report) { return report.labels == labels; });
}

}  // namespace cachescope::collect
