// Damage: a place on disk that does not read, as verify and repair name it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"

namespace cachescope::tsdb {

struct Damage {
  std::string file;                       // or directory
  std::optional<std::uint64_t> position;  // bytes from the start of the file, where one can be said
  std::string cause;

  // "FILE at byte N: CAUSE".
  std::string ToString() const {
    return file + (position.has_value() ? " at byte " + std::to_string(*position) : "") + ": " + cause;
  }
};

// A Status of a reader, "cannot read FILE: CAUSE", taken apart; `where` when it names no file.
inline Damage DamageOf(const std::string& where, const Status& status) {
  constexpr std::string_view kBegin = "cannot read ";
  const std::string_view message = status.message();
  const std::size_t end = message.find(": ");
  if (!message.starts_with(kBegin) || end == std::string_view::npos || message.find('/') > end) {
    return {where, {}, std::string(message)};
  }
  return {std::string(message.substr(kBegin.size(), end - kBegin.size())), {}, std::string(message.substr(end + 2))};
}

}  // namespace cachescope::tsdb
