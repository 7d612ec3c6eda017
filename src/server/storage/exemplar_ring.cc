// The in-memory ExemplarStore: one ring of exemplars in the order they came, linked per series.
#include <algorithm>
#include <bit>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "server/storage/exemplar_store.h"

namespace cachescope::storage {
namespace {

// Characters as OpenMetrics counts them: code points.
std::size_t Runes(const Labels& labels) {
  std::size_t out = 0;
  const auto count = [&out](std::string_view text) {
    for (const char c : text) out += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  };
  for (const LabelView& label : labels) {
    count(label.name);
    count(label.value);
  }
  return out;
}

bool IsSame(const Exemplar& a, const Exemplar& b) {
  return a.labels == b.labels && std::bit_cast<std::uint64_t>(a.value) == std::bit_cast<std::uint64_t>(b.value) &&
         (a.t == b.t || !a.has_time || !b.has_time);
}

class ExemplarRing final : public ExemplarStore {
 public:
  explicit ExemplarRing(std::size_t capacity) : capacity_(capacity) {}

  Status AddExemplar(const Labels& series, const Exemplar& exemplar) override;
  std::vector<SeriesExemplars> Select(TimestampMs mint, TimestampMs maxt,
                                      const std::vector<std::vector<Matcher>>& matcher_sets) const override;
  void SetLog(Log log) override;
  void Flush() override;
  void LogAgain() override;
  ExemplarStats exemplar_stats() const override {
    const std::lock_guard lock(mu_);
    ExemplarStats out = stats_;
    out.stored = order_.size();
    out.capacity = capacity_;
    out.series = by_series_.size();
    return out;
  }

 private:
  using Map = std::unordered_map<Labels, std::deque<Exemplar>>;
  Status AddLocked(const Labels& series, const Exemplar& exemplar);
  void DropOldest();

  const std::size_t capacity_;
  std::mutex log_mu_;  // taken before mu_
  Log log_;            // guarded by log_mu_
  mutable std::mutex mu_;
  // Guarded by mu_. Nodes of the map stay where they are, so the ring may point at them.
  Map by_series_;
  std::deque<Map::value_type*> order_;  // whose exemplar came first, second …
  ExemplarStats stats_;
  bool logged_ = false;                   // there is a log
  std::vector<StoredExemplar> unlogged_;  // stored since the last Flush
};

Status ExemplarRing::AddExemplar(const Labels& series, const Exemplar& exemplar) {
  bool flush = false;
  {
    const std::lock_guard lock(mu_);
    CACHESCOPE_RETURN_IF_ERROR(AddLocked(series, exemplar));
    flush = unlogged_.size() >= kUnflushed;
  }
  if (flush) Flush();
  return {};
}

Status ExemplarRing::AddLocked(const Labels& series, const Exemplar& exemplar) {
  if (Runes(exemplar.labels) > kMaxExemplarRunes) {
    ++stats_.invalid;
    return InvalidArgument("label length for exemplar exceeds maximum of " + std::to_string(kMaxExemplarRunes) +
                           " UTF-8 characters");
  }
  if (capacity_ == 0) return {};
  const auto known = by_series_.find(series);
  if (known != by_series_.end()) {
    const Exemplar& newest = known->second.back();
    if (IsSame(newest, exemplar)) return {};
    if (exemplar.t < newest.t) {
      ++stats_.out_of_order;
      return {Code::kOutOfOrder, "out of order exemplar"};
    }
  }
  // Making room may forget the series found above.
  if (order_.size() == capacity_) DropOldest();
  const auto node = by_series_.try_emplace(series).first;
  node->second.push_back(exemplar);
  order_.push_back(&*node);
  ++stats_.appended;
  if (logged_) unlogged_.push_back({series, exemplar});
  return {};
}

void ExemplarRing::SetLog(Log log) {
  const std::lock_guard logging(log_mu_);
  log_ = std::move(log);
  const std::lock_guard lock(mu_);
  logged_ = log_ != nullptr;
  unlogged_.clear();
}

void ExemplarRing::Flush() {
  const std::lock_guard logging(log_mu_);
  std::vector<StoredExemplar> batch;
  {
    const std::lock_guard lock(mu_);
    batch.swap(unlogged_);
  }
  if (log_ && !batch.empty()) log_(batch);
}

void ExemplarRing::LogAgain() {
  const std::lock_guard logging(log_mu_);
  std::vector<StoredExemplar> all;
  {
    const std::lock_guard lock(mu_);
    if (!logged_) return;
    unlogged_.clear();
    all.reserve(order_.size());
    std::unordered_map<const Map::value_type*, std::size_t> taken;
    for (const Map::value_type* node : order_) all.push_back({node->first, node->second[taken[node]++]});
  }
  if (!all.empty()) log_(all);
}

void ExemplarRing::DropOldest() {
  Map::value_type* const node = order_.front();
  order_.pop_front();
  node->second.pop_front();
  if (node->second.empty()) by_series_.erase(by_series_.find(node->first));
}

std::vector<SeriesExemplars> ExemplarRing::Select(TimestampMs mint, TimestampMs maxt,
                                                  const std::vector<std::vector<Matcher>>& matcher_sets) const {
  const auto matches = [&](const Labels& labels) {
    return std::any_of(matcher_sets.begin(), matcher_sets.end(), [&](const std::vector<Matcher>& set) {
      return std::all_of(set.begin(), set.end(), [&](const Matcher& m) { return m.MatchesLabels(labels); });
    });
  };
  std::vector<SeriesExemplars> out;
  const std::lock_guard lock(mu_);
  for (const auto& [labels, exemplars] : by_series_) {
    if (exemplars.back().t < mint || exemplars.front().t > maxt || !matches(labels)) continue;
    SeriesExemplars found{labels, {}};
    for (const Exemplar& exemplar : exemplars) {
      if (exemplar.t >= mint && exemplar.t <= maxt) found.exemplars.push_back(exemplar);
    }
    if (!found.exemplars.empty()) out.push_back(std::move(found));
  }
  std::sort(out.begin(), out.end(),
            [](const SeriesExemplars& a, const SeriesExemplars& b) { return a.series < b.series; });
  return out;
}

}  // namespace

std::unique_ptr<ExemplarStore> ExemplarStore::NewInMemory(std::size_t capacity) {
  return std::make_unique<ExemplarRing>(capacity);
}

}  // namespace cachescope::storage
