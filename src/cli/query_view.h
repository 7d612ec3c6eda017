// Draws query answers as text: a table, or a small chart. Pure functions.
#pragma once

#include <string>

#include "cli/query_answer.h"

namespace cachescope::cli {

struct Screen {
  std::size_t columns = 80;
  bool colors = false;
};

// Instant results: a row per series with the labels that differ between rows, and above them the labels all share.
// Range results: a row per series with the number of samples, first, last, least, greatest and mean value.
std::string TableOf(const QueryAnswer& answer);

// Lines over time with axes and a legend; braille dots and colours on a terminal, letters elsewhere. An answer without
// samples becomes a sentence.
std::string ChartOf(const QueryAnswer& answer, const Screen& screen);

// "1.23M", "45.6m": four significant characters for axes and legends.
std::string ShortNumber(double value);

// How a series is called in a legend: its labels, without those all series share.
std::string LegendOf(const QueryAnswer& answer, const Labels& labels);

}  // namespace cachescope::cli
