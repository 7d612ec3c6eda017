// The daemon's own log: one line per event on standard error, logfmt or JSON. Thread-safe; lines never interleave.
// Never pass a secret as a value: there is no filter that could know it.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace cachescope {

enum class LogLevel : unsigned char { kDebug, kInfo, kWarn, kError };
enum class LogFormat : unsigned char { kLogfmt, kJson };

// "debug", "info", "warn", "error"; kInvalidArgument otherwise.
Result<LogLevel> ParseLogLevel(std::string_view text);
// "logfmt", "json"; kInvalidArgument otherwise.
Result<LogFormat> ParseLogFormat(std::string_view text);

// Applies to all threads from the next line on. Default: info, logfmt.
void ConfigureLog(LogLevel level, LogFormat format);

using LogField = std::pair<std::string_view, std::string>;
// Control characters in message and values are escaped, so a hostile value cannot forge a line.
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

inline void LogDebug(std::string_view m, std::initializer_list<LogField> f = {}) { Log(LogLevel::kDebug, m, f); }
inline void LogInfo(std::string_view m, std::initializer_list<LogField> f = {}) { Log(LogLevel::kInfo, m, f); }
inline void LogWarn(std::string_view m, std::initializer_list<LogField> f = {}) { Log(LogLevel::kWarn, m, f); }
inline void LogError(std::string_view m, std::initializer_list<LogField> f = {}) { Log(LogLevel::kError, m, f); }

}  // namespace cachescope
