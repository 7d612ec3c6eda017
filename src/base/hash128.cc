#include "base/hash128.h"

#include <xxhash.h>

namespace cachescope {

Hash128 HashBytes128(std::string_view bytes, std::uint64_t seed) noexcept {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {hash.low64, hash.high64};
}

}  // namespace cachescope
