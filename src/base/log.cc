#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "base/quote.h"
#include "base/rfc3339.h"

namespace cachescope {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kInfo};
std::atomic<LogFormat> g_format{LogFormat::kLogfmt};

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

bool NeedsQuotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return true;
  }
  return false;
}

std::string Timestamp() { return FormatRfc3339(Clock::System().NowMs(), TimeFraction::kMillis); }

void AppendField(std::string* line, bool json, std::string_view key, std::string_view value) {
  if (json) {
    if (line->size() > 1) line->push_back(',');
    AppendQuotedText(line, key, QuoteStyle::kJson);
    line->push_back(':');
    AppendQuotedText(line, value, QuoteStyle::kJson);
    return;
  }
  if (!line->empty()) line->push_back(' ');
  *line += key;
  line->push_back('=');
  if (NeedsQuotes(value)) {
    AppendQuotedText(line, value, QuoteStyle::kJson);
  } else {
    *line += value;
  }
}

}  // namespace

Result<LogLevel> ParseLogLevel(std::string_view text) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError}) {
    if (text == LevelName(level)) return level;
  }
  return InvalidArgument("unknown log level \"" + std::string(text) + "\": expected debug, info, warn or error");
}

Result<LogFormat> ParseLogFormat(std::string_view text) {
  if (text == "logfmt") return LogFormat::kLogfmt;
  if (text == "json") return LogFormat::kJson;
  return InvalidArgument("unknown log format \"" + std::string(text) + "\": expected logfmt or json");
}

void ConfigureLog(LogLevel level, LogFormat format) {
  g_level.store(level, std::memory_order_relaxed);
  g_format.store(format, std::memory_order_relaxed);
}

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  const bool json = g_format.load(std::memory_order_relaxed) == LogFormat::kJson;
  std::string line = json ? "{" : "";
  AppendField(&line, json, "time", Timestamp());
  AppendField(&line, json, "level", LevelName(level));
  AppendField(&line, json, "msg", message);
  for (const auto& [key, value] : fields) AppendField(&line, json, key, value);
  if (json) line.push_back('}');
  line.push_back('\n');
  // One write per line: pipes and files keep lines up to PIPE_BUF whole even between threads.
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace cachescope
