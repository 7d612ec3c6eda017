#include "cachescope/quantile_sketch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "client/sketch/exponential.h"

namespace cachescope {

void QuantileSketch::Add(double value, std::uint64_t count) {
  if (std::isnan(value)) return;
  if (value == 0) {
    AddZero(count);
    return;
  }
  const std::int32_t index =
      std::isinf(value) ? client::InfinityIndex(schema_)
                        : client::CoarseIndex(client::FineIndex(std::fabs(value)), client::kMaxSchema - schema_);
  AddBucket(value < 0, index, count);
}

void QuantileSketch::AddBucket(bool negative, std::int32_t index, std::uint64_t count) {
  if (count == 0) return;
  (negative ? negative_ : positive_)[index] += count;
  count_ += count;
}

void QuantileSketch::AddZero(std::uint64_t count) noexcept {
  zero_ += count;
  count_ += count;
}

void QuantileSketch::Coarsen(int schema) {
  if (schema >= schema_) return;
  schema = std::max(schema, client::kMinSchema);
  const int steps = schema_ - schema;
  for (auto* buckets : {&positive_, &negative_}) {
    std::map<std::int32_t, std::uint64_t> merged;
    for (const auto& [index, count] : *buckets) merged[client::CoarseIndex(index, steps)] += count;
    buckets->swap(merged);
  }
  schema_ = schema;
}

void QuantileSketch::Merge(const QuantileSketch& other) {
  QuantileSketch added = other;
  added.Coarsen(schema_);
  Coarsen(added.schema_);
  for (const auto& [index, count] : added.positive_) AddBucket(false, index, count);
  for (const auto& [index, count] : added.negative_) AddBucket(true, index, count);
  AddZero(added.zero_);
}

double QuantileSketch::Quantile(double quantile) const noexcept {
  if (count_ == 0 || !(quantile >= 0 && quantile <= 1)) return std::numeric_limits<double>::quiet_NaN();
  // The rank-th value in order, counted from 1.
  const double position = std::ceil(quantile * static_cast<double>(count_));
  const std::uint64_t rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(position), 1, count_);
  std::uint64_t seen = 0;
  for (auto bucket = negative_.rbegin(); bucket != negative_.rend(); ++bucket) {
    seen += bucket->second;
    if (seen >= rank) return -client::BucketMiddle(bucket->first, schema_);
  }
  seen += zero_;
  if (seen >= rank) return 0;
  for (const auto& [index, count] : positive_) {
    seen += count;
    if (seen >= rank) return client::BucketMiddle(index, schema_);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

double QuantileSketch::relative_error() const noexcept { return client::SchemaError(schema_); }

}  // namespace cachescope
