// QuantileSketch: counts of values in exponential buckets, from which quantiles are read with a stated relative error.
// A plain value: copy it, send it, merge it. Not thread-safe.
//
// Merging sketches gives the sketch of all their values, whatever the order; of different schemas the result has the
// lower one. The idea is that of DDSketch (Masson, Rim, Lee 2019), the buckets are those of native histograms, so that
// indexes are exact and halving the resolution is too.
#pragma once

#include <cstdint>
#include <map>

namespace cachescope {

class QuantileSketch {
 public:
  /// `schema` from -4 to 8: buckets 2^(2^-schema) wide.
  explicit QuantileSketch(int schema = 6) noexcept : schema_(schema) {}

  /// NaN is left out. Throws std::bad_alloc, as Merge does.
  void Add(double value, std::uint64_t count = 1);
  void Merge(const QuantileSketch& other);
  /// Merges neighbours until `schema` is reached; does nothing if it is not below the present one.
  void Coarsen(int schema);

  /// The value of that rank, 0 the least and 1 the greatest; NaN without values or if `quantile` is not in [0, 1].
  double Quantile(double quantile) const noexcept;
  std::uint64_t count() const noexcept { return count_; }
  int schema() const noexcept { return schema_; }
  /// Bound of |estimate - value| / |value| for finite values that are normal numbers.
  double relative_error() const noexcept;

  /// Adds to a bucket: values in (base^(index-1), base^index], or their mirror image.
  void AddBucket(bool negative, std::int32_t index, std::uint64_t count);
  void AddZero(std::uint64_t count) noexcept;

 private:
  int schema_;
  std::uint64_t count_ = 0;
  std::uint64_t zero_ = 0;
  std::map<std::int32_t, std::uint64_t> positive_ = {};
  std::map<std::int32_t, std::uint64_t> negative_ = {};
};

}  // namespace cachescope
