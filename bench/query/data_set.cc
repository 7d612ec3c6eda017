#include "data_set.h"

#include <fmt/format.h>

namespace cachescope::bench {
namespace {

constexpr DurationMs kMinute = 60'000;
constexpr const char* kBounds[] = {"0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025",
                                   "0.05",   "0.1",   "0.25",   "0.5",   "1",    "+Inf"};

}  // namespace

DataSet::DataSet(TimestampMs end) : end_(end) {
  for (int i = 0; i < 50; ++i) {
    for (const char* result : {"hit", "miss"}) {
      labels_.push_back({{"__name__", "cache_gets_total"},
                         {"cache", "sessions"},
                         {"instance", fmt::format("10.0.1.{}:6379", i)},
                         {"job", "cache"},
                         {"result", result}});
    }
  }
  Add({0, 0, 0, 400}, start());
  for (int i = 0; i < 1000; ++i) {
    for (const char* le : kBounds) {
      labels_.push_back({{"__name__", "request_seconds_bucket"},
                         {"instance", fmt::format("10.1.{}.{}:8080", i / 100, i % 100)},
                         {"job", "api"},
                         {"method", i % 2 == 0 ? "get" : "set"},
                         {"zone", fmt::format("z{}", i % 3)},
                         {"le", le}});
    }
  }
  Add({0, 0, 0, 6, 12}, start());
  for (int i = 0; i < 10'000; ++i) {
    labels_.push_back({{"__name__", "shard_bytes_total"},
                       {"direction", i % 2 == 0 ? "in" : "out"},
                       {"instance", fmt::format("10.2.{}.{}:9100", i / 2500, i / 10 % 250)},
                       {"job", fmt::format("job-{}", i / 1000)},
                       {"shard", fmt::format("{}", i % 10)},
                       {"zone", fmt::format("z{}", i / 10 % 20)}});
  }
  Add({0, 0, 0, 90'000}, end - 70 * kMinute);
  for (int i = 0; i < 100'000; ++i) {
    labels_.push_back({{"__name__", "key_hits"},
                       {"instance", fmt::format("10.3.0.{}:6379", i / 1000)},
                       {"job", "keys"},
                       {"key", fmt::format("user:{:06}:session", i)},
                       {"kind", i % 4 == 0 ? "hash" : "string"}});
  }
  Add({0, 0, 0, 50}, end - 10 * kMinute);
}

void DataSet::Add(Family family, TimestampMs from) {
  if (!families_.empty()) family.first = families_.back().first + families_.back().size;
  family.size = labels_.size() - family.first;
  family.from = from;
  families_.push_back(family);
  values_.resize(labels_.size(), 0);
}

void DataSet::Scrape(TimestampMs t, const std::function<void(std::size_t, double)>& sink) {
  for (const Family& family : families_) {
    if (t <= family.from) continue;
    double gained = 0;
    for (std::size_t i = 0; i < family.size; ++i) {
      random_ ^= random_ << 13;
      random_ ^= random_ >> 7;
      random_ ^= random_ << 17;
      if (i % family.bins == 0) gained = 0;
      gained += static_cast<double>((random_ >> 33) % (family.pace + 1));
      values_[family.first + i] += gained;
      sink(family.first + i, values_[family.first + i]);
    }
  }
}

const std::vector<Question>& Questions() {
  constexpr DurationMs kHour = 60 * kMinute;
  static const std::vector<Question> questions = {
      {"rate of one counter, 6 h", R"(rate(cache_gets_total{instance="10.0.1.7:6379",result="hit"}[5m]))", 6 * kHour,
       15'000},
      {"sum by over 1,000 series, 1 h", R"(sum by (zone) (shard_bytes_total{job="job-3"}))", kHour, 15'000},
      {"sum by of rate over 1,000 series, 1 h", R"(sum by (zone) (rate(shard_bytes_total{job="job-3"}[5m])))", kHour,
       15'000},
      {"sum by over 10,000 series, 1 h", "sum by (zone) (shard_bytes_total)", kHour, 15'000},
      {"sum by of rate over 10,000 series, 1 h", "sum by (zone) (rate(shard_bytes_total[5m]))", kHour, 15'000},
      {"sum by of rate over 10,000 series, 1 h by minutes", "sum by (zone) (rate(shard_bytes_total[5m]))", kHour,
       60'000},
      {"p95 from 12,000 bucket series, 1 h", "histogram_quantile(0.95, sum by (le) (rate(request_seconds_bucket[5m])))",
       kHour, 60'000},
      {"p95 from 12,000 bucket series, 6 h", "histogram_quantile(0.95, sum by (le) (rate(request_seconds_bucket[5m])))",
       6 * kHour, 60'000},
      {"topk over 100,000 series, instant", "topk(10, key_hits)"},
      {"regex count over 100,000 series, instant", R"(count(key_hits{key=~"user:.*7.*:session"}))"},
      {"regex prefix count over 100,000 series, instant", R"(count(key_hits{key=~"user:01.*"}))"},
      {"hit ratio, 6 h",
       R"(sum by (instance) (rate(cache_gets_total{result="hit"}[5m])) / sum by (instance) (rate(cache_gets_total[5m])))",
       6 * kHour, 60'000},
      {"max_over_time of 10,000 series, 1 h by 5 minutes", "max(max_over_time(shard_bytes_total[30m]))", kHour,
       300'000},
  };
  return questions;
}

}  // namespace cachescope::bench
