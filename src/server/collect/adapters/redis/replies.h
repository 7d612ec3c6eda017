// Reads the answers of CONFIG GET, SLOWLOG and LATENCY into samples. An answer of another shape than expected adds
// nothing.
#pragma once

#include <optional>

#include "server/collect/adapters/redis/emitter.h"
#include "server/collect/adapters/redis/info_reader.h"
#include "server/collect/adapters/redis/resp.h"

namespace cachescope::collect::redis {

// One answer of CONFIG GET. Gives the number of databases to `databases` when the answer holds it.
void EmitConfig(const RespValue& reply, RedisEmitter* emitter, int* databases);
void EmitSlowlogLength(const RespValue& reply, RedisEmitter* emitter);
// The answer of SLOWLOG GET 1. The words of the slow command are not read: they may be anybody's data.
void EmitSlowlogNewest(const RespValue& reply, RedisEmitter* emitter);
// The answer of LATENCY LATEST.
void EmitLatencySpikes(const RespValue& reply, RedisEmitter* emitter);
// The answer of LATENCY HISTOGRAM; sums come from the calls that INFO counted.
void EmitLatencyHistograms(const RespValue& reply, const InfoSummary& info, RedisEmitter* emitter);

}  // namespace cachescope::collect::redis
