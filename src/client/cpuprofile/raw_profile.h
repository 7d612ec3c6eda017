// The CPU profile as gperftools writes it: machine words of the writer, then the text of /proc/self/maps. Pure
// functions; any bytes are safe to read. https://gperftools.github.io/gperftools/cpuprofile-fileformat.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cachescope::client {

struct RawSample {
  std::uint64_t count = 0;
  /// Innermost first: the interrupted instruction, then return addresses.
  std::vector<std::uint64_t> addresses = {};
};

struct RawProfile {
  std::uint64_t period_microseconds = 0;
  std::vector<RawSample> samples = {};
  std::string_view maps = {};  // points into the bytes that were read
};

/// One line of /proc/PID/maps.
struct Mapping {
  std::uint64_t start = 0;
  std::uint64_t limit = 0;
  std::uint64_t offset = 0;  // in the file
  std::string file = {};     // empty for anonymous memory, in brackets for the kernel's
};

/// Words of eight bytes, little-endian. A record cut off at the end is left out. False, with a cause, if the bytes are
/// no such profile.
bool ReadRawProfile(std::string_view bytes, RawProfile* out, std::string* cause);

/// The executable ones, in their order, which is that of their addresses. Lines that are none are left out.
std::vector<Mapping> ReadMappings(std::string_view maps);

/// The mapping an address is in; null if in none.
const Mapping* FindMapping(const std::vector<Mapping>& mappings, std::uint64_t address) noexcept;

}  // namespace cachescope::client
