#include "server/notify/receivers/text_limits.h"

namespace cachescope::notify {
namespace {

constexpr std::string_view kEllipsis = "…";

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The bytes of the character at `at`; 1 when it is not UTF-8.
std::size_t CharacterBytes(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t wanted = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 1;
  if (at + wanted > text.size()) return 1;
  for (std::size_t i = 1; i < wanted; ++i) {
    if (!Continues(text[at + i])) return 1;
  }
  return wanted;
}

}  // namespace

std::size_t CountCharacters(std::string_view text) noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += CharacterBytes(text, at)) ++count;
  return count;
}

std::string CutToCharacters(std::string_view text, std::size_t max) {
  std::size_t count = 0;
  std::size_t keep = 0;  // bytes of what stands before the ellipsis
  for (std::size_t at = 0; at < text.size(); at += CharacterBytes(text, at)) {
    if (count == (max > 3 ? max - 1 : max)) keep = at;
    if (++count > max) return std::string(text.substr(0, keep)) + std::string(max > 3 ? kEllipsis : "");
  }
  return std::string(text);
}

std::string CutToBytes(std::string_view text, std::size_t max) {
  if (text.size() <= max) return std::string(text);
  const std::size_t room = max > 3 ? max - kEllipsis.size() : max;
  std::size_t keep = 0;
  for (std::size_t at = 0; at < text.size(); at += CharacterBytes(text, at)) {
    if (at + CharacterBytes(text, at) > room) break;
    keep = at + CharacterBytes(text, at);
  }
  return std::string(text.substr(0, keep)) + std::string(max > 3 ? kEllipsis : "");
}

}  // namespace cachescope::notify
