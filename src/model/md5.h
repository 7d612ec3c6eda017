// MD5 (RFC 1321), for the hashmod action of relabelling, which is defined by it. Not for anything that needs to be
// secure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace cachescope {

// The 16 bytes of the digest in order. Linear; thread-safe.
std::array<std::uint8_t, 16> Md5(std::string_view bytes);

}  // namespace cachescope
