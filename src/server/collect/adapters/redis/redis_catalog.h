// The catalogue of what a Redis or Valkey server is asked for: every family of the adapter, with the INFO field it
// comes from.
//
// Names follow the exporter that most Redis dashboards and rules were written for; types and help texts are ours.
// Constant data: everything here may be used by any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/sample.h"

namespace cachescope::collect::redis {

struct RedisFamily {
  std::string_view name;  // full name of its series, with the prefix redis_ and the suffix _total where it has one
  MetricType type;
  std::string_view help;
  std::string_view labels;  // names of its labels, separated by commas; empty when there are none
  std::string_view
      info_field;      // the INFO field whose number it shows; empty when it is put together from several answers
  double divisor = 1;  // the field's number is divided by this to get the unit of the name
};

// Families that are one INFO (or CLUSTER INFO) field each, without labels.
std::span<const RedisFamily> InfoFamilies();

// The family of INFO field `field`, or null when it is not exported. O(log n).
const RedisFamily* FindInfoField(std::string_view field);

// Families put together by code; the enumerator is the index into ComputedFamilies().
enum class Computed : std::uint8_t {
  kUp,
  kInstanceInfo,
  kStartTime,
  kDbKeys,
  kDbKeysExpiring,
  kDbAvgTtl,
  kDbKeysCached,
  kDbKeysWithExpiringItems,
  kCommands,
  kCommandsDuration,
  kCommandsRejected,
  kCommandsFailed,
  kCommandsSlowlog,
  kCommandsSlowlogDuration,
  kCommandsSlowlogDurationMax,
  kLatencyPercentiles,
  kCommandsLatencies,
  kErrors,
  kLatencySpikeLast,
  kLatencySpikeDuration,
  kSlowlogLength,
  kSlowlogLastId,
  kLastSlowExecution,
  kConfigMaxmemory,
  kConfigMaxclients,
  kConfigIoThreads,
  kConfigReplBacklogSize,
  kConfigOutputLimitBytes,
  kConfigOutputLimitSeconds,
  kConnectedSlaveOffset,
  kConnectedSlaveLag,
  kMasterLinkUp,
  kMasterLastIo,
  kMasterSyncInProgress,
  kSlaveReplOffset,
  kSlaveInfo,
  kSentinelMasterStatus,
  kSentinelMasterSlaves,
  kSentinelMasterSentinels,
  kIoThreadActiveTime,
  kPing,
  kCommandUp,
};
std::span<const RedisFamily> ComputedFamilies();
const RedisFamily& FamilyOf(Computed which);

// Fields of INFO and CLUSTER INFO that start with "cluster_" and are not in the catalogue (message counts by kind,
// fields of newer servers) are exported under their own name behind "redis_" as untyped families with this help.
inline constexpr std::string_view kClusterFieldHelp = "A field of CLUSTER INFO, under the name the server gives it.";

}  // namespace cachescope::collect::redis
