// Reads the text of INFO into samples. Sections and fields are those of redis.io's page on INFO for Redis 2.8 to 8 and
// of Valkey 7 to 9; unknown fields are skipped, so that a newer server costs nothing but the new fields.
//
// Pure functions of the text, except for the clock given. Hostile text yields odd samples at worst, one line at most a
// few.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "server/collect/adapters/redis/emitter.h"

namespace cachescope::collect::redis {

// What decides which further commands a server is asked.
struct RedisFeatures {
  bool is_sentinel = false;
  bool has_cluster = false;             // cluster mode is on
  bool has_latency_histograms = false;  // Redis 7 or later, any Valkey
  bool operator==(const RedisFeatures&) const = default;
};
RedisFeatures FeaturesOf(std::string_view info);

struct CommandCalls {
  double calls = 0;
  double usec = 0;
};

struct InfoContext {
  // Databases of the server; those without keys get a zero. At most kMaxEmptyDatabases get one.
  int databases = 16;
  double now_seconds = 0;  // Unix time, for servers that do not tell theirs
  double known_start_seconds =
      0;  // start time of the last scrape, kept while the new one differs by rounding only; 0: none
};
inline constexpr int kMaxEmptyDatabases = 1024;

struct InfoSummary {
  std::unordered_map<std::string_view, CommandCalls> commands;  // by name; views into the text
  double start_seconds = 0;
};

// Views of the result live as long as `info`.
InfoSummary EmitInfo(std::string_view info, const InfoContext& context, RedisEmitter* emitter);
// The answer of CLUSTER INFO: the same lines without sections.
void EmitClusterInfo(std::string_view text, RedisEmitter* emitter);

}  // namespace cachescope::collect::redis
