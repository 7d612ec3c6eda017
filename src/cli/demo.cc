#include <algorithm>
#include <iostream>

#include "cli/daemon.h"
#include "cli/demo/load.h"
#include "cli/demo/redis_process.h"

namespace cachescope::cli {
namespace {

constexpr std::uint64_t kRedisMemoryBytes = 96 << 20;
// A demo is watched by somebody who waits: everything happens more often than in earnest.
constexpr DurationMs kScrapeInterval = 2'000;
constexpr DurationMs kEvaluationInterval = 5'000;
constexpr int kFirstShiftSeconds = 90;

}  // namespace

int RunDemo(const Arguments& arguments) {
  if (!ConfigureLogging(arguments)) return kUsage;
  BlockSignals();
  auto redis = RedisProcess::Start(arguments.redis_server, kRedisMemoryBytes);
  if (!redis.ok()) {
    std::cerr << "cachescope: " << redis.status().message() << "\n";
    return kFailed;
  }
  app::ServerOptions options = arguments.server;
  options.cache_urls = {"redis://127.0.0.1:" + std::to_string((*redis)->port())};
  options.discover_local = false;
  options.cache_interval = kScrapeInterval;
  options.evaluation_interval = kEvaluationInterval;
  LoadOptions load_options;
  load_options.port = (*redis)->port();
  load_options.lookups_per_second = arguments.demo_rate;
  load_options.shift_seconds = arguments.demo_shift_seconds;
  load_options.warm_seconds = std::min(kFirstShiftSeconds, arguments.demo_shift_seconds);
  Load load(load_options);
  return RunDaemon(arguments, options, [&](const app::Server& server) {
    load.Start();
    std::cout
        << "A private Redis runs on 127.0.0.1:" << (*redis)->port() << " under " << arguments.demo_rate
        << " lookups a second.\n\n    http://" << server.address() << "\n\n"
        << "What to look at:\n"
           "  Caches      the hit ratio; in a minute and a half the working set moves and it falls, then recovers;\n"
        << "              the next moves come every " << arguments.demo_shift_seconds
        << " s\n"
           "  Alerts      RedisHitRatioDropped fires within a minute of a move and resolves when the cache is warm "
           "again\n"
           "  Dashboards  Redis, with everything the server tells about itself\n"
           "Ctrl-C stops the demo and leaves nothing behind.\n"
        << std::flush;
  });
}

}  // namespace cachescope::cli
