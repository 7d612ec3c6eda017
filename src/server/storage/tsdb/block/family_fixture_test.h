// Families of classic histograms as scrapes give them, and as they should not: for tests of relative chunks.
#pragma once

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "server/storage/tsdb/block/block_fixture_test.h"

namespace cachescope::tsdb {

inline constexpr DurationMs kFamilyInterval = 15'000;

// What may befall a family. Each is drawn by itself.
struct FamilyTrouble {
  bool no_infinity = false;    // le="+Inf" is missing
  bool no_count = false;       // `_count` is missing
  bool resets = false;         // all counters begin anew, now and then
  bool markers = false;        // staleness markers, of all series or of one
  bool odd_values = false;     // NaN, infinities, halves, -0
  bool own_times = false;      // one bucket is scraped a millisecond later
  bool hole = false;           // one bucket misses scrapes in the middle
  bool late = false;           // one bucket begins later
  bool jitter = false;         // no two intervals are equal
  bool one_histogram = false;  // native histograms among the floats of one bucket
};

inline FamilyTrouble DrawTrouble(std::mt19937& random) {
  const auto draw = [&] { return random() % 4 == 0; };
  FamilyTrouble out;
  for (bool* one : {&out.no_infinity, &out.no_count, &out.resets, &out.markers, &out.odd_values, &out.own_times,
                    &out.hole, &out.late, &out.jitter, &out.one_histogram}) {
    *one = draw();
  }
  return out;
}

// Adds a family of scrapes in [mint, maxt) to the model. `labels`: what all its series have in common.
inline void AddFamily(std::mt19937& random, const std::vector<std::pair<std::string, std::string>>& labels,
                      const FamilyTrouble& trouble, TimestampMs mint, TimestampMs maxt, Model* model) {
  const std::vector<std::string> bounds = {"0.001", "0.01", "0.1", "1", "10", "+Inf"};
  constexpr unsigned kRequests[] = {60, 12, 4, 3, 2, 2};  // of a scrape, below these bounds; one fewer at most
  const auto series = [&](const std::string& name, const std::string& bound) -> std::map<TimestampMs, ModelValue>& {
    auto all = labels;
    all.emplace_back("__name__", name);
    if (!bound.empty()) all.emplace_back("le", bound);
    return (*model)[Labels::FromPairs(all)];
  };
  const std::size_t scrapes = static_cast<std::size_t>((maxt - mint) / kFamilyInterval);
  const std::size_t chosen = random() % (bounds.size() - 1);
  std::vector<double> totals(bounds.size());
  double sum = 0;
  TimestampMs t = mint + static_cast<TimestampMs>(random() % 1000);
  for (std::size_t i = 0; i < scrapes; ++i, t += kFamilyInterval) {
    const TimestampMs at = trouble.jitter ? t + static_cast<TimestampMs>(random() % 50) : t;
    if (trouble.resets && random() % 200 == 0) std::fill(totals.begin(), totals.end(), 0.0);
    const bool all_stale = trouble.markers && random() % 100 == 0;
    double below = 0;
    for (std::size_t b = 0; b < bounds.size(); ++b) {
      totals[b] += Below(random, kRequests[b]);
      below += totals[b];
      if (trouble.no_infinity && b + 1 == bounds.size()) continue;
      if (b == chosen && trouble.hole && i > scrapes / 3 && i < scrapes / 2) continue;
      if (b == chosen && trouble.late && i < scrapes / 4) continue;
      double value = all_stale || (trouble.markers && random() % 300 == 0) ? StaleMarker() : below;
      if (trouble.odd_values && random() % 50 == 0) {
        const double odd[] = {std::nan(""), HUGE_VAL, -HUGE_VAL, below + 0.5, -0.0, 1e300, 0x1p53};
        value = odd[random() % std::size(odd)];
      }
      const bool later = b == chosen && trouble.own_times;
      ModelValue sample{value, nullptr};
      if (b == chosen && trouble.one_histogram && random() % 200 == 0) sample = {0, RandomHistogram(random, nullptr)};
      series("request_seconds_bucket", bounds[b])[later ? at + 1 : at] = sample;
    }
    sum += Below(random, 1000) / 7;
    if (!trouble.no_count) series("request_seconds_count", "")[at] = {all_stale ? StaleMarker() : below, nullptr};
    series("request_seconds_sum", "")[at] = {sum, nullptr};
  }
}

// Families whose common labels stand before and behind "le", among series of other kinds.
inline Model RandomFamilies(std::mt19937& random, std::size_t families, TimestampMs mint, TimestampMs maxt,
                            bool trouble = true) {
  Model model = RandomModel(random, 4, mint, maxt);
  for (std::size_t f = 0; f < families; ++f) {
    std::vector<std::pair<std::string, std::string>> labels = {{"instance", "h" + std::to_string(f / 3)},
                                                               {"op", "op" + std::to_string(f % 3)}};
    if (f % 4 == 3) labels.emplace_back("Zone", "a");  // before the name
    AddFamily(random, labels, trouble ? DrawTrouble(random) : FamilyTrouble(), mint, maxt, &model);
  }
  return model;
}

}  // namespace cachescope::tsdb
