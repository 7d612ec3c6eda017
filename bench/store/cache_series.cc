#include "cache_series.h"

#include <array>
#include <cmath>

namespace cachescope::bench {
namespace {

using Random = std::mt19937_64;
constexpr TimestampMs kStart = 1'760'000'000'000;
constexpr TimestampMs kInterval = 15'000;
constexpr double kE = 2.718281828459045;

double Uniform(Random* random) { return std::uniform_real_distribution<>(0, 1)(*random); }

// Draws that add their information to `bits`.
double Poisson(Random* random, double mean, double* bits) {
  const auto k = static_cast<double>(std::poisson_distribution<std::int64_t>(mean)(*random));
  *bits += (mean - k * std::log(mean) + std::lgamma(k + 1)) * std::log2(kE);
  return k;
}

// To the nearest multiple of `grain`.
double Normal(Random* random, double mean, double deviation, double grain, double* bits) {
  const double z = std::normal_distribution<>(0, 1)(*random);
  *bits += std::max(0.0, std::log2(deviation / grain * std::sqrt(2 * 3.141592653589793)) + z * z / 2 * std::log2(kE));
  return std::round((mean + deviation * z) / grain) * grain;
}

bool Chance(Random* random, double probability, double* bits) {
  const bool yes = Uniform(random) < probability;
  *bits -= std::log2(yes ? probability : 1 - probability);
  return yes;
}

double Binomial(Random* random, double n, double p, double* bits) {
  const auto k =
      static_cast<double>(std::binomial_distribution<std::int64_t>(static_cast<std::int64_t>(n), p)(*random));
  *bits -=
      (std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) + (n - k) * std::log(1 - p)) *
      std::log2(kE);
  return k;
}

// A series whose values `next` gives one by one, at regular times.
template <class Next>
Series Make(Random* random, std::size_t samples, Next next) {
  Series out;
  // Targets are not scraped at the same moment.
  const TimestampMs offset = static_cast<TimestampMs>((*random)() % kInterval);
  for (std::size_t i = 0; i < samples; ++i) {
    out.t.push_back(kStart + offset + static_cast<TimestampMs>(i) * kInterval);
    out.v.push_back(next(&out.bits));
  }
  return out;
}

SeriesClass Counter(const std::string& name, double share, double mean) {
  return {name, share, [mean](Random* random, std::size_t samples) {
            double total = std::floor(Uniform(random) * mean * 1e5);
            return Make(random, samples, [&](double* bits) { return total += Poisson(random, mean, bits); });
          }};
}

SeriesClass Constant(const std::string& name, double share, double most, double grain) {
  return {name, share, [most, grain](Random* random, std::size_t samples) {
            const double v = std::floor(Uniform(random) * most) * grain;
            return Make(random, samples, [v](double*) { return v; });
          }};
}

// Jumps now and then, else stays.
SeriesClass Level(const std::string& name, double share, double chance, double deviation) {
  return {name, share, [chance, deviation](Random* random, std::size_t samples) {
            double v = 500;
            return Make(random, samples, [&, chance, deviation](double* bits) {
              if (Chance(random, chance, bits)) v += Normal(random, 0, deviation, 1, bits);
              return v;
            });
          }};
}

SeriesClass Walk(const std::string& name, double share, double begin, double deviation, double grain) {
  return {name, share, [=](Random* random, std::size_t samples) {
            double v = begin;
            return Make(random, samples, [&](double* bits) { return v += Normal(random, 0, deviation, grain, bits); });
          }};
}

// Requests whose rate drifts through the day and jumps in bursts.
Series Bursty(Random* random, std::size_t samples) {
  double level = std::log(300);
  double total = 0;
  return Make(random, samples, [&](double* bits) {
    level += (std::log(300) - level) * 0.02 + std::normal_distribution<>(0, 0.05)(*random);
    return total += Poisson(random, std::exp(level), bits);
  });
}

Series Bytes(Random* random, std::size_t samples) {
  double total = std::floor(Uniform(random) * 1e12);
  return Make(random, samples, [&](double* bits) { return total += Normal(random, 4.2e6, 9e4, 1, bits); });
}

// Hits divided by lookups since the last scrape, as a double; rounded when `digits` > 0.
Series Ratio(Random* random, std::size_t samples, double digits) {
  return Make(random, samples, [&](double* bits) {
    double own = 0;
    const double lookups = Poisson(random, 2000, &own);
    const double ratio = Binomial(random, lookups, 0.93, &own) / lookups;
    if (digits > 0) own = std::max(0.0, std::log2(0.0057 * std::pow(10, digits) * std::sqrt(2 * 3.14159 * kE)));
    *bits += own;
    return digits > 0 ? std::round(ratio * std::pow(10, digits)) / std::pow(10, digits) : ratio;
  });
}

// Seconds spent, kept as a count of `1 / units` and divided when shown.
Series Seconds(Random* random, std::size_t samples, double units) {
  double total = 0;
  return Make(random, samples,
              [&](double* bits) { return (total += Normal(random, 0.3 * units, 0.01 * units, 1, bits)) / units; });
}

// Seconds spent, added up as doubles: the last bits are noise that says nothing, but must be kept.
Series AddedSeconds(Random* random, std::size_t samples) {
  double total = 1000;
  return Make(random, samples, [&](double* bits) {
    double own = 0;
    const double count = Poisson(random, 300, &own);
    for (int i = 0; i < static_cast<int>(count); ++i) total += std::exponential_distribution<>(1000)(*random);
    // The sum of the request times, to the last place of the double it is added to.
    *bits += std::log2(0.001 * std::sqrt(300 * 2) / (std::nextafter(total, 1e300) - total) * 4.1327);
    return total;
  });
}

// The p99 of a sketch: bounds of its buckets, mostly the same few.
Series Quantile(Random* random, std::size_t samples) {
  return Make(random, samples, [&](double* bits) {
    const double bucket = Poisson(random, 4, bits);
    return 0.0013 * std::pow(1.0905077326652577, bucket);
  });
}

Series Uptime(Random* random, std::size_t samples) {
  double v = std::floor(Uniform(random) * 1e7);
  return Make(random, samples, [&](double*) { return v += 15; });
}

// One counter that begins anew twice, ends, and is missing for a while.
Series Restarted(Random* random, std::size_t samples) {
  double total = 1e6;
  std::size_t i = 0;
  Series out = Make(random, samples, [&](double* bits) {
    if (i == samples / 3 || i == samples / 2) total = 0;
    if (++i == samples) return StaleMarker();
    return total += Poisson(random, 40, bits);
  });
  for (std::size_t at = samples * 3 / 4; at < samples; ++at) out.t[at] += 20 * kInterval;
  return out;
}

SeriesClass Jitter(const std::string& name, TimestampMs most) {
  return {name, 0, [most](Random* random, std::size_t samples) {
            Series out = Make(random, samples, [](double*) { return 1.0; });
            for (TimestampMs& t : out.t) {
              t += static_cast<TimestampMs>((*random)() % static_cast<std::uint64_t>(most + 1));
              out.bits += std::log2(static_cast<double>(most + 1));
            }
            return out;
          }};
}

}  // namespace

std::vector<SeriesClass> CacheSeries() {
  return {
      Constant("constant gauge, configuration", 25, 1e6, 1),
      Constant("counter of an idle command", 10, 1e4, 1),
      Level("gauge that changes in 2 % of scrapes", 6, 0.02, 3),
      Walk("connected clients, a random walk", 4, 400, 4, 1),
      Counter("counter, 0.05 a scrape", 5, 0.05),
      Counter("counter, 1 a scrape", 5, 1),
      Counter("counter, 20 a scrape", 10, 20),
      Counter("counter, 1,000 a scrape", 10, 1000),
      Counter("counter, 50,000 a scrape", 5, 50'000),
      {"counter, 300 a scrape in bursts", 3, Bursty},
      {"counter of bytes", 4, Bytes},
      Walk("memory in use, bytes", 3, 3e9, 2e5, 8),
      Walk("resident memory, pages", 2, 4e9, 4e5, 4096),
      {"hit ratio, a quotient", 0.5, [](Random* r, std::size_t n) { return Ratio(r, n, 0); }},
      {"hit ratio, four decimals", 1, [](Random* r, std::size_t n) { return Ratio(r, n, 4); }},
      {"CPU seconds, six decimals", 2, [](Random* r, std::size_t n) { return Seconds(r, n, 1e6); }},
      {"latency sum of nanoseconds", 1, [](Random* r, std::size_t n) { return Seconds(r, n, 1e9); }},
      {"latency sum of doubles", 0.5, AddedSeconds},
      {"p99 of a sketch", 1, Quantile},
      {"uptime", 1, Uptime},
      {"counter with restarts and a gap", 1, Restarted},
      Jitter("times with 0 to 1 ms of jitter", 1),
      Jitter("times with 0 to 5 ms of jitter", 5),
  };
}

std::vector<Series> HistogramFamily(std::mt19937_64* random, std::size_t samples, double requests) {
  // Latency of a cache: log-normal around 0.4 ms. Shares of the bounds 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100 ms.
  constexpr std::array<double, 10> kBounds = {0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100};
  std::vector<double> shares;
  double before = 0;
  for (const double bound : kBounds) {
    const double below = 0.5 * std::erfc(-std::log(bound / 0.4) / 0.8 / std::sqrt(2.0));
    shares.push_back(below - before);
    before = below;
  }
  shares.push_back(1 - before);
  std::vector<Series> out(shares.size() + 1);
  const TimestampMs offset = static_cast<TimestampMs>((*random)() % kInterval);
  std::vector<double> totals(shares.size());
  for (std::size_t i = 0; i < samples; ++i) {
    double sum = 0;
    for (std::size_t b = 0; b < shares.size(); ++b) {
      totals[b] += shares[b] * requests < 1e-9 ? 0 : Poisson(random, shares[b] * requests, &out[b].bits);
      sum += totals[b];
      out[b].v.push_back(sum);
    }
    out.back().v.push_back(sum);
    for (Series& series : out) series.t.push_back(kStart + offset + static_cast<TimestampMs>(i) * kInterval);
  }
  return out;
}

}  // namespace cachescope::bench
