#include "server/collect/adapters/redis/replies.h"

#include <cmath>
#include <string>
#include <vector>

#include "base/number.h"

namespace cachescope::collect::redis {
namespace {

struct ConfigNumber {
  std::string_view key;
  Computed family;
};
constexpr ConfigNumber kConfigNumbers[] = {{"maxmemory", Computed::kConfigMaxmemory},
                                           {"maxclients", Computed::kConfigMaxclients},
                                           {"io-threads", Computed::kConfigIoThreads},
                                           {"repl-backlog-size", Computed::kConfigReplBacklogSize}};

std::vector<RespValue> Children(const RespValue& value) {
  std::vector<RespValue> out;
  out.reserve(value.size());
  for (const RespValue child : value) out.push_back(child);
  return out;
}

// "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"
void EmitOutputLimits(std::string_view text, RedisEmitter* emitter) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    words.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  for (std::size_t i = 0; i + 3 < words.size(); i += 4) {
    const std::optional<double> hard = ParseFloat(words[i + 1]);
    const std::optional<double> soft = ParseFloat(words[i + 2]);
    const std::optional<double> seconds = ParseFloat(words[i + 3]);
    if (!hard || !soft || !seconds) return;
    emitter->Add(Computed::kConfigOutputLimitBytes, {{"class", words[i]}, {"limit", "hard"}}, *hard);
    emitter->Add(Computed::kConfigOutputLimitBytes, {{"class", words[i]}, {"limit", "soft"}}, *soft);
    emitter->Add(Computed::kConfigOutputLimitSeconds, {{"class", words[i]}, {"limit", "soft"}}, *seconds);
  }
}

// One command of LATENCY HISTOGRAM: calls, n, histogram_usec, [bound, count, …] with counts that already add up.
void EmitHistogram(std::string_view command, const RespValue& details, const InfoSummary& info, RedisEmitter* emitter) {
  const std::vector<RespValue> parts = Children(details);
  if (parts.size() < 4 || parts[0].text() != "calls" || parts[2].text() != "histogram_usec") return;
  const double calls = parts[1].number();
  if (std::isnan(calls)) return;
  std::string bound;
  double previous = 0;
  for (auto at = parts[3].begin(); at != parts[3].end(); ++at) {
    const double usec = (*at).number();
    if (++at == parts[3].end()) break;
    const double count = (*at).number();
    if (!(count >= previous) || std::isnan(usec)) return;
    previous = count;
    bound.clear();
    AppendExpositionFloat(&bound, usec);
    emitter->Add(Computed::kCommandsLatencies, "_bucket", {{"cmd", command}, {"le", bound}}, count);
  }
  const auto known = info.commands.find(command);
  emitter->Add(Computed::kCommandsLatencies, "_bucket", {{"cmd", command}, {"le", "+Inf"}}, calls);
  emitter->Add(Computed::kCommandsLatencies, "_sum", {{"cmd", command}},
               known == info.commands.end() ? 0 : known->second.usec);
  emitter->Add(Computed::kCommandsLatencies, "_count", {{"cmd", command}}, calls);
}

}  // namespace

void EmitConfig(const RespValue& reply, RedisEmitter* emitter, int* databases) {
  for (auto at = reply.begin(); at != reply.end(); ++at) {
    const std::string_view key = (*at).text();
    if (++at == reply.end()) return;
    const RespValue value = *at;
    const double number = value.number();
    if (key == "databases" && number >= 0 && number <= 1e6) *databases = static_cast<int>(number);
    if (key == "client-output-buffer-limit") EmitOutputLimits(value.text(), emitter);
    for (const ConfigNumber& known : kConfigNumbers) {
      if (known.key == key && !std::isnan(number)) emitter->Add(known.family, number);
    }
  }
}

void EmitSlowlogLength(const RespValue& reply, RedisEmitter* emitter) {
  if (reply.kind() == RespKind::kInteger) emitter->Add(Computed::kSlowlogLength, reply.number());
}

void EmitSlowlogNewest(const RespValue& reply, RedisEmitter* emitter) {
  if (!reply.is_aggregate()) return;
  double id = 0;
  double seconds = 0;
  if (reply.size() > 0) {
    const std::vector<RespValue> entry = Children(*reply.begin());  // id, Unix time, microseconds, words …
    if (!entry.empty() && !std::isnan(entry[0].number())) id = entry[0].number();
    if (entry.size() > 2 && !std::isnan(entry[2].number())) seconds = entry[2].number() / 1e6;
  }
  emitter->Add(Computed::kSlowlogLastId, id);
  emitter->Add(Computed::kLastSlowExecution, seconds);
}

void EmitLatencySpikes(const RespValue& reply, RedisEmitter* emitter) {
  for (const RespValue event : reply) {
    const std::vector<RespValue> parts = Children(event);  // name, Unix time, milliseconds, greatest milliseconds
    if (parts.size() < 3 || std::isnan(parts[1].number()) || std::isnan(parts[2].number())) continue;
    emitter->Add(Computed::kLatencySpikeLast, {{"event_name", parts[0].text()}}, parts[1].number());
    emitter->Add(Computed::kLatencySpikeDuration, {{"event_name", parts[0].text()}}, parts[2].number() / 1e3);
  }
}

void EmitLatencyHistograms(const RespValue& reply, const InfoSummary& info, RedisEmitter* emitter) {
  for (auto at = reply.begin(); at != reply.end(); ++at) {
    const std::string_view command = (*at).text();
    if (++at == reply.end()) return;
    EmitHistogram(command, *at, info, emitter);
  }
}

}  // namespace cachescope::collect::redis
