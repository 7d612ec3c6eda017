#include "server/collect/adapters/redis/redis_source.h"

#include <array>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "server/collect/adapters/redis/info_reader.h"
#include "server/collect/adapters/redis/replies.h"

namespace cachescope::collect::redis {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

constexpr int kRetryScrapes = 20;

// What may fail on its own; the names are values of the label "command".
enum class Part : std::uint8_t { kConfig, kSlowlog, kLatency, kLatencyHistogram, kCluster };
constexpr std::array<std::string_view, 5> kPartNames = {"config", "slowlog", "latency", "latency_histogram", "cluster"};

struct Command {
  Part part;
  std::array<std::string_view, 3> words;  // unused ones are empty
};
constexpr std::array kCommands = {
    Command{Part::kConfig, {"CONFIG", "GET", "databases"}},
    Command{Part::kConfig, {"CONFIG", "GET", "maxmemory"}},
    Command{Part::kConfig, {"CONFIG", "GET", "maxclients"}},
    Command{Part::kConfig, {"CONFIG", "GET", "io-threads"}},
    Command{Part::kConfig, {"CONFIG", "GET", "repl-backlog-size"}},
    Command{Part::kConfig, {"CONFIG", "GET", "client-output-buffer-limit"}},
    Command{Part::kSlowlog, {"SLOWLOG", "LEN", ""}},
    Command{Part::kSlowlog, {"SLOWLOG", "GET", "1"}},
    Command{Part::kLatency, {"LATENCY", "LATEST", ""}},
    Command{Part::kLatencyHistogram, {"LATENCY", "HISTOGRAM", ""}},
    Command{Part::kCluster, {"CLUSTER", "INFO", ""}},
};
using CommandSet = std::array<bool, kCommands.size()>;

bool IsWanted(Part part, const RedisFeatures& features) {
  if (part == Part::kCluster) return features.has_cluster;
  if (part == Part::kLatencyHistogram) return features.has_latency_histograms;
  return !features.is_sentinel;
}

void AppendWords(std::string* out, const Command& command) {
  AppendCommand(out, std::span(command.words.data(), command.words[2].empty() ? 2U : 3U));
}

// Whether asking again soon is useless.
bool IsLasting(std::string_view error) { return error.starts_with("ERR") || error.starts_with("NOPERM"); }

class RedisSource final : public Source {
 public:
  explicit RedisSource(RedisOptions options) : connection_(std::move(options)) {}

  asio::awaitable<Status> Collect(std::chrono::milliseconds timeout, SampleSink& sink) override;
  void OnFailure(SampleSink& sink) override { RedisEmitter(&sink).Add(Computed::kUp, 0); }

 private:
  struct PartState {
    int pause = 0;        // scrapes until it is asked again
    bool failed = false;  // at its last try
  };

  asio::awaitable<Status> Ask(Deadline deadline);
  asio::awaitable<Status> Ping(Deadline deadline);
  asio::awaitable<Status> PingOnce(Deadline deadline);
  // Asks again what the first round could not know to ask: commands of `commands`, and plain INFO when `info` is not
  // there.
  asio::awaitable<Status> AskMore(const CommandSet& commands, bool with_info, Deadline deadline);
  Status TakeInfo(const RespValue& reply);
  CommandSet Choose(const RedisFeatures& features) const;
  void Remember(const CommandSet& commands, std::size_t first, const RespReader& replies);
  void UpdatePauses();
  Status Emit(SampleSink* sink);
  void EmitReply(std::size_t command, const RespValue& reply, const InfoSummary& info, RedisEmitter* emitter);
  std::string Target() const;

  RedisConnection connection_;
  RedisFeatures features_;  // of the last scrape
  std::array<PartState, kPartNames.size()> parts_;
  double start_seconds_ = 0;

  // Of the scrape under way.
  double ping_seconds_ = 0;
  RespReader replies_;
  RespReader more_replies_;
  std::string_view info_;  // into one of the readers
  std::array<std::optional<RespValue>, kCommands.size()> answers_;
  std::array<std::string, kPartNames.size()> errors_;
};

std::string RedisSource::Target() const {
  const RedisOptions& options = connection_.options();
  const std::string address = options.address.ToString();
  return options.name.empty() ? address : options.name + " (" + address + ")";
}

asio::awaitable<Status> RedisSource::Collect(std::chrono::milliseconds timeout, SampleSink& sink) {
  Status status = co_await Ask(steady_clock::now() + timeout);
  if (!status.ok()) co_return status.WithPrefix("cannot read " + Target());
  co_return Emit(&sink);
}

asio::awaitable<Status> RedisSource::PingOnce(Deadline deadline) {
  Status status = co_await connection_.Open(deadline);
  if (!status.ok()) co_return status;
  std::string request;
  AppendCommand(&request, {"PING"});
  const auto start = steady_clock::now();
  status = co_await connection_.Exchange(request, 1, deadline, &replies_);
  if (!status.ok()) co_return status;
  ping_seconds_ = std::chrono::duration<double>(steady_clock::now() - start).count();
  const RespValue reply = replies_.reply(0);
  if (reply.is_error() && reply.text().starts_with("NOAUTH")) {
    connection_.Close();  // the next try reads the password again
    co_return ErrorReply(reply.text());
  }
  co_return Status();
}

asio::awaitable<Status> RedisSource::Ping(Deadline deadline) {
  const bool was_open = connection_.is_open();
  Status status = co_await PingOnce(deadline);
  // The server may have closed an idle connection, or have been restarted, since the last scrape.
  if (was_open && status.code() == Code::kIoError) status = co_await PingOnce(deadline);
  co_return status;
}

asio::awaitable<Status> RedisSource::Ask(Deadline deadline) {
  info_ = {};
  answers_ = {};
  for (std::string& error : errors_) error.clear();
  Status status = co_await Ping(deadline);
  if (!status.ok()) co_return status;

  const CommandSet commands = Choose(features_);
  std::string request;
  AppendCommand(&request, {"INFO", "ALL"});
  std::size_t count = 1;
  for (std::size_t i = 0; i < kCommands.size(); ++i) {
    if (!commands[i]) continue;
    AppendWords(&request, kCommands[i]);
    ++count;
  }
  status = co_await connection_.Exchange(request, count, deadline, &replies_);
  if (!status.ok()) co_return status;
  Remember(commands, 1, replies_);

  const RespValue info = replies_.reply(0);
  const bool with_info = info.is_error() ? IsLasting(info.text()) : info.text().empty();
  if (!with_info) status = TakeInfo(info);
  if (!status.ok()) co_return status;
  CommandSet missing = Choose(features_);
  bool any = false;
  for (std::size_t i = 0; i < missing.size(); ++i) any |= missing[i] = missing[i] && !commands[i];
  if (any || with_info) status = co_await AskMore(missing, with_info, deadline);
  if (status.ok()) UpdatePauses();
  co_return status;
}

asio::awaitable<Status> RedisSource::AskMore(const CommandSet& commands, bool with_info, Deadline deadline) {
  std::string request;
  std::size_t count = 0;
  if (with_info) {
    AppendCommand(&request, {"INFO"});
    ++count;
  }
  for (std::size_t i = 0; i < kCommands.size(); ++i) {
    if (!commands[i]) continue;
    AppendWords(&request, kCommands[i]);
    ++count;
  }
  Status status = co_await connection_.Exchange(request, count, deadline, &more_replies_);
  if (!status.ok()) co_return status;
  Remember(commands, with_info ? 1 : 0, more_replies_);
  if (with_info) status = TakeInfo(more_replies_.reply(0));
  co_return status;
}

Status RedisSource::TakeInfo(const RespValue& reply) {
  if (reply.is_error()) {
    if (reply.text().starts_with("NOAUTH")) connection_.Close();
    return ErrorReply(reply.text());
  }
  if (reply.kind() != RespKind::kString || reply.text().empty()) {
    return Corruption("its answer to INFO is no text");
  }
  info_ = reply.text();
  features_ = FeaturesOf(info_);
  return {};
}

CommandSet RedisSource::Choose(const RedisFeatures& features) const {
  CommandSet out{};
  for (std::size_t i = 0; i < kCommands.size(); ++i) {
    const Part part = kCommands[i].part;
    out[i] = IsWanted(part, features) && parts_[static_cast<std::size_t>(part)].pause == 0;
  }
  return out;
}

void RedisSource::Remember(const CommandSet& commands, std::size_t first, const RespReader& replies) {
  for (std::size_t i = 0; i < kCommands.size(); ++i) {
    if (!commands[i]) continue;
    const RespValue reply = replies.reply(first++);
    if (!reply.is_error()) {
      answers_[i] = reply;
    } else if (std::string& error = errors_[static_cast<std::size_t>(kCommands[i].part)]; error.empty()) {
      error = reply.text();
    }
  }
}

void RedisSource::UpdatePauses() {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    PartState& state = parts_[i];
    if (!IsWanted(static_cast<Part>(i), features_)) {
      state = {};
    } else if (state.pause > 0) {
      --state.pause;
    } else if (errors_[i].empty()) {
      state = {};
    } else {
      if (!state.failed) {
        const Status cause = ErrorReply(errors_[i]);
        LogWarn(
            "cannot run a command of the Redis scrape, its metrics are missing",
            {{"target", Target()}, {"command", std::string(kPartNames[i])}, {"error", std::string(cause.message())}});
      }
      state.failed = true;
      state.pause = IsLasting(errors_[i]) ? kRetryScrapes : 0;
    }
  }
}

Status RedisSource::Emit(SampleSink* sink) {
  RedisEmitter emitter(sink);
  emitter.Add(Computed::kUp, 1);
  emitter.Add(Computed::kPing, ping_seconds_);
  InfoContext context;
  context.now_seconds = static_cast<double>(Clock::System().NowMs()) / 1e3;
  context.known_start_seconds = start_seconds_;
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    if (answers_[i] && kCommands[i].part == Part::kConfig) EmitConfig(*answers_[i], &emitter, &context.databases);
  }
  if (features_.has_cluster) context.databases = 1;
  if (features_.is_sentinel) context.databases = 0;
  const InfoSummary info = EmitInfo(info_, context, &emitter);
  start_seconds_ = info.start_seconds;
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    if (answers_[i]) EmitReply(i, *answers_[i], info, &emitter);
  }
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (!IsWanted(static_cast<Part>(i), features_)) continue;
    emitter.Add(Computed::kCommandUp, {{"command", kPartNames[i]}}, parts_[i].failed ? 0 : 1);
  }
  return emitter.status();
}

void RedisSource::EmitReply(std::size_t command, const RespValue& reply, const InfoSummary& info,
                            RedisEmitter* emitter) {
  switch (kCommands[command].part) {
    case Part::kConfig:
      break;  // read before INFO, which needs the number of databases
    case Part::kSlowlog:
      if (kCommands[command].words[1] == "LEN") {
        EmitSlowlogLength(reply, emitter);
      } else {
        EmitSlowlogNewest(reply, emitter);
      }
      break;
    case Part::kLatency:
      EmitLatencySpikes(reply, emitter);
      break;
    case Part::kLatencyHistogram:
      EmitLatencyHistograms(reply, info, emitter);
      break;
    case Part::kCluster:
      EmitClusterInfo(reply.text(), emitter);
      break;
  }
}

}  // namespace

std::shared_ptr<Source> NewRedisSource(RedisOptions options) {
  return std::make_shared<RedisSource>(std::move(options));
}

}  // namespace cachescope::collect::redis
