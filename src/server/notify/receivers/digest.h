// SHA-256 (FIPS 180-4) and its keyed form (RFC 2104). Pure.
#pragma once

#include <string>
#include <string_view>

namespace cachescope::notify {

std::string HexOf(std::string_view bytes);  // lower case
std::string Sha256(std::string_view text);  // 32 bytes
std::string HmacSha256(std::string_view key, std::string_view text);

// What a receiver knows a group by: the SHA-256 of its key, as Alertmanager sends it.
inline std::string GroupKeyHash(std::string_view group_key) { return HexOf(Sha256(group_key)); }

}  // namespace cachescope::notify
