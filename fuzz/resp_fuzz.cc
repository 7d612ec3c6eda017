// Hostile bytes against the reader of Redis replies, and every text in them against the readers of INFO, CLUSTER INFO
// and the other answers. The first byte is the size of the pieces in which the rest arrives.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "server/collect/adapters/redis/info_reader.h"
#include "server/collect/adapters/redis/redis_url.h"
#include "server/collect/adapters/redis/replies.h"
#include "server/collect/adapters/redis/resp.h"
#include "target.h"

namespace cachescope::collect::redis {
namespace {

class NullSink final : public SampleSink {
 public:
  void Family(std::string_view, MetricType, std::string_view, std::string_view) override {}
  Status Add(std::string_view, const std::vector<LabelView>&, double) override { return {}; }
  Status AddAt(std::string_view, const std::vector<LabelView>&, double, TimestampMs) override { return {}; }
  bool AddCached(std::string_view series, double, TimestampMs, bool) override { return series.size() % 2 == 0; }
  Status AddParsed(std::string_view, std::string_view, const std::vector<LabelView>&, double, TimestampMs,
                   bool) override {
    return {};
  }
};

void Walk(const RespValue& value, int* budget) {
  if (--*budget < 0) return;
  static_cast<void>(value.number());
  for (const RespValue child : value) Walk(child, budget);
}

void Use(const RespValue& reply) {
  NullSink sink;
  RedisEmitter emitter(&sink);
  InfoContext context;
  context.databases = 4;
  const InfoSummary info = EmitInfo(reply.text(), context, &emitter);
  static_cast<void>(FeaturesOf(reply.text()));
  EmitClusterInfo(reply.text(), &emitter);
  EmitConfig(reply, &emitter, &context.databases);
  EmitSlowlogLength(reply, &emitter);
  EmitSlowlogNewest(reply, &emitter);
  EmitLatencySpikes(reply, &emitter);
  EmitLatencyHistograms(reply, info, &emitter);
  static_cast<void>(ParseRedisUrl(reply.text()));
  int budget = 10000;
  Walk(reply, &budget);
}

void Run(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t piece = static_cast<unsigned char>(bytes[0]) + 1;
  bytes.remove_prefix(1);
  RespReader reader;
  while (!bytes.empty()) {
    const std::span<char> room = reader.Prepare();
    const std::size_t size = std::min({piece, room.size(), bytes.size()});
    std::memcpy(room.data(), bytes.data(), size);
    reader.Commit(size);
    bytes.remove_prefix(size);
    if (!reader.Parse().ok()) break;
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(reader.complete(), 16); ++i) Use(reader.reply(i));
}

}  // namespace
}  // namespace cachescope::collect::redis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cachescope::collect::redis::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  for (const char* text : {"\x05*2\r\n$3\r\nfoo\r\n:5\r\n+OK\r\n",
                           "\xff$47\r\n# Server\r\nredis_version:7.0.0\r\nuptime_in_seconds:5\r\n\r\n",
                           "\x01%1\r\n+a\r\n,1.5\r\n_\r\n#t\r\n-ERR x\r\n"})
    out->emplace_back(text);
}
