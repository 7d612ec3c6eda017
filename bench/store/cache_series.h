// Series as a fleet of caches gives them, made from models, so that what each sample says at least is known: the
// information of a draw is minus the logarithm of its probability under the model that drew it.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "model/sample.h"

namespace cachescope::bench {

struct Series {
  std::vector<TimestampMs> t;
  std::vector<double> v;
  double bits = 0;  // information in all samples together, by the model
};

struct SeriesClass {
  std::string name;
  double share;  // of the series of a fleet, in per cent; 0: shown, but no part of the fleet
  std::function<Series(std::mt19937_64*, std::size_t samples)> make;
};

// Scraped every 15 s.
std::vector<SeriesClass> CacheSeries();

// `_bucket` of a latency histogram with its bounds ascending, the last one +Inf, then `_count`; all of one target.
// `requests` a scrape; one model of latency for all.
std::vector<Series> HistogramFamily(std::mt19937_64* random, std::size_t samples, double requests);

}  // namespace cachescope::bench
