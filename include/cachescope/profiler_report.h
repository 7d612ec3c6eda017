// What a Profiler knows, as plain values, as JSON and as text for people. Times are in seconds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cachescope {

struct OperationProfile {
  std::string name = {};
  std::uint64_t count = 0;
  /// Those of `count` that failed.
  std::uint64_t failures = 0;
  /// Running now.
  std::uint64_t active = 0;
  /// (count - failures) / count, 0 to 1. This and the times below are NaN without values.
  double success_rate = 0;
  double total = 0;
  double mean = 0;
  double min = 0;
  double max = 0;
  /// Quantiles, right to one part in sixteen below 4.3 s and in four up to 18 minutes; never outside min and max.
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
};

struct ActiveOperation {
  std::string name = {};
  /// How long it has been running.
  double seconds = 0;
  /// The system's id of the thread that began it; 0 when it was started by id.
  std::uint32_t thread_id = 0;
};

struct ProfileReport {
  /// Sorted by total time, most first. Operations never measured are left out.
  std::vector<OperationProfile> operations = {};
  /// Longest running first. A thread lists at most 128; the others count in `unlisted` and in OperationProfile::active.
  std::vector<ActiveOperation> active = {};
  std::uint64_t unlisted = 0;
  /// Sums over all operations; success_rate is NaN without any.
  std::uint64_t count = 0;
  std::uint64_t failures = 0;
  double success_rate = 0;
  /// Look-ups of names beyond max_operations.
  std::uint64_t folded = 0;
  /// Calls of Start() that found max_started active.
  std::uint64_t refused = 0;
};

/// One JSON object with the fields above; times end in "_seconds", NaN is null. Always valid UTF-8.
std::string Json(const ProfileReport& report);
/// A table of operations and a list of active ones.
std::string Text(const ProfileReport& report);

}  // namespace cachescope
