// The buckets of one side of a histogram as a sorted list: the form in which layouts are changed and merged.
#pragma once

#include <cstdint>
#include <vector>

#include "model/histogram.h"
#include "server/promql/eval_histogram.h"

namespace cachescope::promql {

struct IndexedBucket {
  std::int32_t index = 0;
  double count = 0;
  double compensation = 0;  // rounding error of `count`, for compensated sums
};
using IndexedBuckets = std::vector<IndexedBucket>;  // ascending, unique indices

IndexedBuckets DecodeBuckets(const std::vector<BucketSpan>& spans, const std::vector<double>& counts);
// Consecutive indices share a span.
void EncodeBuckets(const IndexedBuckets& buckets, std::vector<BucketSpan>* spans, std::vector<double>* counts);

// A bucket with its bounds.
Bucket PositiveBucket(const FloatHistogram& h, const IndexedBucket& bucket);
Bucket NegativeBucket(const FloatHistogram& h, const IndexedBucket& bucket);

// Upper bound of a bucket of the positive side: 2^(index * 2^-schema).
double ExponentialBound(std::int32_t index, std::int32_t schema);
// The index at a schema coarser by `levels`.
std::int32_t CoarserIndex(std::int32_t index, std::int32_t levels);
void Coarsen(IndexedBuckets* buckets, std::int32_t levels);

// Maps the buckets of custom bounds `from` to those of `to`, a subset of them.
void MapToBounds(IndexedBuckets* buckets, const std::vector<double>& from, const std::vector<double>& to);
std::vector<double> CommonBounds(const std::vector<double>& a, const std::vector<double>& b);

// A histogram taken apart.
struct Layout {
  explicit Layout(const FloatHistogram& h);
  void CoarsenTo(std::int32_t to_schema);
  // Widens the zero bucket to at least `threshold`; further, up to the end of a populated bucket that contains it.
  void WidenZero(double threshold);
  void MapTo(const std::vector<double>& bounds);
  // Puts counts back into `h` (not count and sum).
  void Store(FloatHistogram* h) const;

  std::int32_t schema;
  double zero_threshold;
  double zero_count;
  double zero_compensation = 0;
  std::vector<double> bounds;
  IndexedBuckets positive;
  IndexedBuckets negative;
};
// Brings both to one schema, zero bucket and set of bounds. False when one is exponential and the other custom.
bool Align(Layout* a, Layout* b, bool* bounds_reconciled);

}  // namespace cachescope::promql
