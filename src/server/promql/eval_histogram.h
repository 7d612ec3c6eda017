// Arithmetic on native histograms, as PromQL defines it. Pure and thread-safe.
//
// Source of the rules: the native histogram specification of Prometheus. All functions are linear in the number of
// buckets.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/histogram.h"

namespace cachescope::promql {

struct Bucket {
  double lower = 0;
  double upper = 0;
  double count = 0;
};

// All buckets with their bounds, ascending: negative side, zero bucket (when it has a count), positive side.
std::vector<Bucket> AscendingBuckets(const FloatHistogram& h);

// Removes empty buckets and merges adjacent spans.
void CompactHistogram(FloatHistogram* h);
void ScaleHistogram(FloatHistogram* h, double factor);  // negative factors make it a gauge
void DivideHistogram(FloatHistogram* h, double divisor);

struct HistogramSumResult {
  bool compatible = true;          // false: exponential and custom buckets; `to` is unchanged
  bool bounds_reconciled = false;  // custom bounds differed; the result has the common ones
  bool reset_collision = false;    // one side is a counter reset, the other certainly not
};
// to += other (or -=), at the coarser schema and the wider zero bucket of the two. `compensation` (optional) collects
// the rounding errors bucket by bucket; add it at the end. It may point to an empty pointer and is created when needed.
HistogramSumResult AddHistogram(FloatHistogram* to, const FloatHistogram& other,
                                std::unique_ptr<FloatHistogram>* compensation = nullptr);
HistogramSumResult SubtractHistogram(FloatHistogram* to, const FloatHistogram& other);

// Merges buckets down to a coarser exponential schema. REQUIRES: schema <= h->schema, not custom buckets.
void ReduceResolution(FloatHistogram* h, std::int32_t schema);

// Exact comparison, whatever the spans look like.
bool SameHistogram(const FloatHistogram& a, const FloatHistogram& b);
// Whether a counter was reset between `previous` and `h`.
bool DetectReset(const FloatHistogram& h, const FloatHistogram& previous);
// The histogram at `fraction` of the way from `a` to `b`; a counter that was reset in between is taken to start at
// zero. False when one is exponential and the other custom.
bool InterpolateHistogram(const FloatHistogram& a, const FloatHistogram& b, double fraction, bool counter,
                          FloatHistogram* out);
// Whether count, sum or a bucket is infinite.
bool HasOverflow(const FloatHistogram& h);

// The φ-quantile; NaN without observations, ±Inf for q outside [0, 1].
double HistogramQuantile(double q, const FloatHistogram& h);
// The share of observations in (lower, upper].
double HistogramFraction(double lower, double upper, const FloatHistogram& h);
double HistogramVariance(const FloatHistogram& h);
// Removes the observations above (`upper`) or below the bound, interpolating in the bucket that contains it.
void TrimHistogram(FloatHistogram* h, double bound, bool upper);

// `{count:3, sum:2, [-1,1]:1, (1,2]:2}`.
std::string HistogramToString(const FloatHistogram& h);

}  // namespace cachescope::promql
