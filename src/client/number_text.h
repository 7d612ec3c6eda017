// Numbers of the text format. Pure functions; the buffers must hold kMaxNumberText bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace cachescope::client {

/// The longest double is 24 bytes ("-2.2250738585072014e-308"), the longest integer 20.
inline constexpr std::size_t kMaxNumberText = 32;

/// Write at `at` and return the end.
char* WriteInteger(char* at, std::uint64_t value) noexcept;
/// Shortest text that reads back as the same double; integers below 10^15 without exponent; NaN, +Inf, -Inf.
char* WriteDouble(char* at, double value) noexcept;

/// The text of a bucket bound in an `le` label, as Go prints it ('g', shortest: exponent below 10^-4 and from 10^6 on).
/// The label must be the same text whichever client wrote it.
std::string BoundText(double bound);

}  // namespace cachescope::client
