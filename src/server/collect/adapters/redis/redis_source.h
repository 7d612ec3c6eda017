// The Redis and Valkey adapter: reads a server's own statistics over its own protocol and gives them the metric names
// that redis_exporter made common (redis_catalog.h lists them).
#pragma once

#include <memory>

#include "server/collect/adapters/redis/connection.h"
#include "server/collect/source.h"

namespace cachescope::collect::redis {

// A source for one server. It connects at its first Collect and keeps the connection; a connection found dead is opened
// again once.
//
// Collect fails with "cannot read <server>: <cause>" (codes of RedisConnection) when the server is away, does not let
// us in, is loading, is no Redis or does not answer within the timeout; OnFailure then adds redis_up 0. A command that
// is unknown, renamed or forbidden costs its own metrics only and shows as
// cachescope_redis_command_up{command="config|slowlog|latency| latency_histogram|cluster"} 0; it is asked again after
// 20 scrapes, since each try counts as an error in the server's statistics.
//
// Collect is called by one coroutine at a time, on an executor as RedisConnection wants it; the io_context outlives the
// source.
std::shared_ptr<Source> NewRedisSource(RedisOptions options);

}  // namespace cachescope::collect::redis
