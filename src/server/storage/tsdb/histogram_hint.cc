#include "server/storage/tsdb/histogram_hint.h"

#include <cstddef>
#include <vector>

#include "model/sample.h"

namespace cachescope::tsdb {
namespace {

// Walks the buckets of one side by index.
class SideWalk {
 public:
  SideWalk(const std::vector<BucketSpan>& spans, const std::vector<double>& counts) : spans_(spans), counts_(counts) {
    SkipEmptySpans();
  }
  bool done() const { return span_ == spans_.size() || at_ == counts_.size(); }
  std::int64_t index() const { return index_; }
  double count() const { return counts_[at_]; }
  void Next() {
    ++at_;
    ++index_;
    ++in_span_;
    SkipEmptySpans();
  }

 private:
  void SkipEmptySpans() {
    if (!started_ && !spans_.empty()) {
      index_ = spans_[0].offset;
      started_ = true;
    }
    while (span_ < spans_.size() && in_span_ == spans_[span_].length) {
      in_span_ = 0;
      if (++span_ < spans_.size()) index_ += spans_[span_].offset;
    }
  }

  const std::vector<BucketSpan>& spans_;
  const std::vector<double>& counts_;
  std::size_t span_ = 0;
  std::uint32_t in_span_ = 0;
  std::size_t at_ = 0;
  std::int64_t index_ = 0;
  bool started_ = false;
};

// Whether a populated bucket of `before` holds less in `now`.
bool AnyFell(SideWalk now, SideWalk before) {
  for (; !before.done(); before.Next()) {
    while (!now.done() && now.index() < before.index()) now.Next();
    const double count = !now.done() && now.index() == before.index() ? now.count() : 0;
    if (count < before.count()) return true;
  }
  return false;
}

}  // namespace

CounterResetHint StoredHint(const FloatHistogram& h, const FloatHistogram* previous) {
  if (h.reset_hint == CounterResetHint::kGauge || h.reset_hint == CounterResetHint::kReset) return h.reset_hint;
  if (previous == nullptr || previous->reset_hint == CounterResetHint::kGauge) return CounterResetHint::kUnknown;
  if (IsStaleMarker(h.sum)) return CounterResetHint::kNotReset;
  if (IsStaleMarker(previous->sum)) return CounterResetHint::kUnknown;
  const bool same_layout = h.schema == previous->schema && h.zero_threshold == previous->zero_threshold &&
                           h.custom_values == previous->custom_values;
  if (!same_layout || h.count < previous->count || h.zero_count < previous->zero_count) {
    return CounterResetHint::kUnknown;
  }
  const bool fell =
      AnyFell({h.positive_spans, h.positive_buckets}, {previous->positive_spans, previous->positive_buckets}) ||
      AnyFell({h.negative_spans, h.negative_buckets}, {previous->negative_spans, previous->negative_buckets});
  return fell ? CounterResetHint::kUnknown : CounterResetHint::kNotReset;
}

}  // namespace cachescope::tsdb
