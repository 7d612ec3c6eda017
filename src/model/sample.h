// Words of the domain that are plain data: sample, metadata, staleness marker.
#pragma once

#include <bit>
#include <cstdint>
#include <string>

#include "base/clock.h"

namespace cachescope {

struct Sample {
  TimestampMs t = 0;
  double v = 0;
};

// The NaN that ends a series, and the NaN every other NaN is normalised to; bit patterns fixed by the ecosystem.
inline constexpr std::uint64_t kStaleNanBits = 0x7ff0000000000002;
inline constexpr std::uint64_t kNormalNanBits = 0x7ff8000000000001;
inline double StaleMarker() noexcept { return std::bit_cast<double>(kStaleNanBits); }
inline bool IsStaleMarker(double v) noexcept { return std::bit_cast<std::uint64_t>(v) == kStaleNanBits; }

enum class MetricType : unsigned char {
  kUnknown,
  kCounter,
  kGauge,
  kHistogram,
  kGaugeHistogram,
  kSummary,
  kInfo,
  kStateset
};

// "unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset".
constexpr const char* MetricTypeName(MetricType type) noexcept {
  constexpr const char* kNames[] = {"unknown",        "counter", "gauge", "histogram",
                                    "gaugehistogram", "summary", "info",  "stateset"};
  return kNames[static_cast<unsigned char>(type)];
}

struct MetricMetadata {
  MetricType type = MetricType::kUnknown;
  std::string help;
  std::string unit;
  bool operator==(const MetricMetadata&) const = default;
};

}  // namespace cachescope
