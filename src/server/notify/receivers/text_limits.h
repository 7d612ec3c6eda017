// Cutting texts to what a receiver takes. Pure. Broken UTF-8 counts as one character per byte.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cachescope::notify {

std::size_t CountCharacters(std::string_view text) noexcept;
// At most `max` characters; a cut text ends in "…", which counts as one, when `max` is over 3.
std::string CutToCharacters(std::string_view text, std::size_t max);
// At most `max` bytes and no half character; a cut text ends in "…", which counts as three, when `max` is over 3.
std::string CutToBytes(std::string_view text, std::size_t max);

}  // namespace cachescope::notify
