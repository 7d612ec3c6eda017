// StatsdText: names, tags and numbers of StatsD lines. Pure functions; may throw std::bad_alloc.
//
// Characters that separate fields must not appear inside one: names and, in plain StatsD, label values keep letters,
// digits, '_', '-' (names also '.'); tags keep what is not ':', '|', '@', '#', ',' or a control character, cut at 200
// bytes as Datadog does. Others become '_'.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cachescope/export/statsd.h"
#include "client/export/delta_walk.h"

namespace cachescope::client {

inline constexpr std::size_t kMaxTagBytes = 200;

/// What stands before the first ':' and after the last '|' of a series' lines.
struct StatsdFrame {
  std::string name = {};
  /// "|#a:b,c:d", or empty.
  std::string tags = {};
};

/// `options.rename` is applied. Clears and fills `out`.
void MakeStatsdFrame(const StatsdOptions& options, const SeriesName& name, StatsdFrame* out);

/// Without an exponent where that takes at most some 20 digits: not every server reads one. REQUIRES: finite.
void AppendStatsdNumber(double value, std::string* out);

/// A sample rate such that `lines` lines stand for `count` observations: 1/rate · lines is `count`, and 1/rate is not
/// below count/lines, because servers cut it to an integer. REQUIRES: 0 < lines <= count.
double StatsdRate(std::uint64_t lines, std::uint64_t count) noexcept;
/// Shortest text without exponent.
void AppendStatsdRate(double rate, std::string* out);

}  // namespace cachescope::client
