#include <bit>
#include <cmath>
#include <limits>

#include "check.h"
#include "model/sample.h"
#include "server/promql/eval_histogram.h"

namespace cachescope::promqltest {
namespace {

bool SameFloats(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!SameFloat(a[i], b[i])) return false;
  }
  return true;
}

}  // namespace

bool SameFloat(double a, double b) {
  constexpr double kEpsilon = 1e-6;
  constexpr double kMinNormal = std::numeric_limits<double>::min();
  if (IsStaleMarker(a) || IsStaleMarker(b)) return IsStaleMarker(a) && IsStaleMarker(b);
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  const double sum = std::fabs(a) + std::fabs(b);
  const double diff = std::fabs(a - b);
  if (a == 0 || b == 0 || sum < kMinNormal) return diff < kEpsilon * kMinNormal;
  return diff / std::min(sum, std::numeric_limits<double>::max()) < kEpsilon;
}

bool SameHistogramResult(const Point& expected, const FloatHistogram& actual) {
  FloatHistogram a = expected.h;
  FloatHistogram b = actual;
  promql::CompactHistogram(&a);
  promql::CompactHistogram(&b);
  if (expected.hint_given && a.reset_hint != b.reset_hint) return false;
  return a.schema == b.schema && SameFloat(a.count, b.count) && SameFloat(a.sum, b.sum) &&
         SameFloat(a.zero_count, b.zero_count) && a.zero_threshold == b.zero_threshold &&
         a.custom_values == b.custom_values && a.positive_spans == b.positive_spans &&
         a.negative_spans == b.negative_spans && SameFloats(a.positive_buckets, b.positive_buckets) &&
         SameFloats(a.negative_buckets, b.negative_buckets);
}

}  // namespace cachescope::promqltest
