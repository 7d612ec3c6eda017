#include "server/storage/tsdb/admission.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace cachescope::tsdb {
namespace {

bool SameBits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) { return SameBits(x, y); });
}

}  // namespace

bool SameHistogram(const FloatHistogram& a, const FloatHistogram& b) {
  return a.schema == b.schema && SameBits(a.zero_threshold, b.zero_threshold) && SameBits(a.zero_count, b.zero_count) &&
         SameBits(a.count, b.count) && SameBits(a.sum, b.sum) && a.positive_spans == b.positive_spans &&
         a.negative_spans == b.negative_spans && SameBits(a.positive_buckets, b.positive_buckets) &&
         SameBits(a.negative_buckets, b.negative_buckets) && SameBits(a.custom_values, b.custom_values);
}

Admission Admit(const NewestSample& newest, TimestampMs t, const SampleValue& value) {
  if (!newest.exists || t > newest.t) return Admission::kAppend;
  if (t < newest.t) return Admission::kOutOfOrder;
  bool same = false;
  if (value.histogram == nullptr) {
    same = newest.histogram == nullptr && newest.bits == value.bits;
  } else {
    same = newest.histogram != nullptr &&
           (newest.histogram == value.histogram->get() || SameHistogram(*newest.histogram, **value.histogram));
  }
  return same ? Admission::kEqual : Admission::kDuplicate;
}

}  // namespace cachescope::tsdb
