// Families of classic histograms in a block, their buckets written alone and relative to the +Inf bucket, side by side:
// bytes a sample with the index, CPU time to write, to read one bucket, a whole family, and to ask for its p95.
//
// family_bench [--families N] [--samples N]    defaults: 400 families of eleven buckets, count and sum; 1440 samples
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "cache_series.h"
#include "server/promql/engine.h"
#include "server/storage/tsdb/block/block.h"
#include "server/storage/tsdb/block/block_writer.h"

namespace cachescope::bench {
namespace {

constexpr const char* kBounds[] = {"0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025",
                                   "0.05",   "0.1",   "0.25",   "0.5",   "+Inf"};
constexpr int kRounds = 9;

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct OneSeries {
  Labels labels;
  Series samples;
};

// `late`: the label that tells families apart stands behind "le", so that their buckets take turns in a block.
std::vector<OneSeries> Families(std::size_t families, std::size_t samples, double requests, bool late) {
  std::mt19937_64 random(7);
  std::vector<OneSeries> out;
  for (std::size_t f = 0; f < families; ++f) {
    std::vector<Series> family = HistogramFamily(&random, samples, requests);
    for (std::size_t s = 0; s < family.size(); ++s) {
      const bool count = s + 1 == family.size();
      const std::string host = "10.0.0." + std::to_string(f);
      out.push_back({Labels{{"__name__", count ? "request_seconds_count" : "request_seconds_bucket"},
                            {late ? "pod" : "instance", host},
                            {"job", "cache"},
                            {"le", count ? "" : kBounds[s]}},
                     std::move(family[s])});
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.labels < b.labels; });
  return out;
}

class SeriesOf final : public storage::Series {
 public:
  explicit SeriesOf(const OneSeries& from) : from_(from) {}
  const Labels& labels() const override { return from_.labels; }
  Status Read(TimestampMs, TimestampMs, storage::SampleColumns* out) const override {
    out->timestamps = from_.samples.t;
    out->values = from_.samples.v;
    return {};
  }

 private:
  const OneSeries& from_;
};

class Source final : public tsdb::SeriesSource {
 public:
  explicit Source(const std::vector<OneSeries>& all) : all_(all) {}
  Status CollectSymbols(std::set<std::string, std::less<>>* symbols) override {
    for (const OneSeries& one : all_) {
      for (const LabelView& label : one.labels) {
        symbols->emplace(label.name);
        symbols->emplace(label.value);
      }
    }
    return {};
  }
  std::size_t size() const override { return all_.size(); }
  Result<std::unique_ptr<storage::Series>> Next() override {
    if (at_ == all_.size()) return std::unique_ptr<storage::Series>();
    return std::unique_ptr<storage::Series>(std::make_unique<SeriesOf>(all_[at_++]));
  }

 private:
  const std::vector<OneSeries>& all_;
  std::size_t at_ = 0;
};

class BlockQueryable final : public storage::Queryable {
 public:
  explicit BlockQueryable(std::shared_ptr<tsdb::Block> block) : block_(std::move(block)) {}
  std::unique_ptr<storage::Querier> NewQuerier(TimestampMs mint, TimestampMs maxt) override {
    return block_->NewQuerier(mint, maxt);
  }

 private:
  const std::shared_ptr<tsdb::Block> block_;
};

// The least CPU seconds of a few rounds.
template <class Work>
double Time(Work work) {
  double least = 1e300;
  for (int round = 0; round < kRounds; ++round) {
    const double begin = CpuSeconds();
    work();
    least = std::min(least, CpuSeconds() - begin);
  }
  return least;
}

struct Cost {
  double bytes = 0;      // a sample
  double write_s = 0;    // a million samples
  double one_ns = 0;     // a sample, of a bucket read alone
  double family_ns = 0;  // a sample, of all series
  double p95_ms = 0;     // by minutes over the whole range, by CPU
};

std::uint64_t Samples(const std::vector<OneSeries>& all) {
  std::uint64_t out = 0;
  for (const OneSeries& one : all) out += one.samples.t.size();
  return out;
}

// Reads the series that match one after the other; ns a sample. `fresh`: opens the block anew, so that nothing decoded
// before is at hand.
double Read(const std::string& directory, const std::vector<Matcher>& matchers, bool fresh) {
  auto block = *tsdb::Block::Open(Env::Posix(), directory);
  double least = 1e300;
  for (int round = 0; round < kRounds; ++round) {
    if (fresh) block = *tsdb::Block::Open(Env::Posix(), directory);
    const auto set = *block->NewQuerier(INT64_MIN, INT64_MAX)->Select(true, {}, matchers);
    std::size_t samples = 0;
    storage::SampleColumns columns;
    const double begin = CpuSeconds();
    for (const auto& series : set.series) {
      columns.clear();
      if (!series->Read(INT64_MIN, INT64_MAX, &columns).ok()) std::abort();
      samples += columns.values.size();
    }
    least = std::min(least, (CpuSeconds() - begin) * 1e9 / static_cast<double>(samples));
  }
  return least;
}

Cost Measure(const std::vector<OneSeries>& all, bool relative) {
  const std::string root =
      std::filesystem::temp_directory_path() / ("cachescope-family-bench-" + std::to_string(getpid()));
  tsdb::BlockWriteOptions options;
  options.mint = 0;
  options.maxt = INT64_MAX / 2;
  options.encoding = tsdb::FloatEncoding::kPacked;
  options.relative_chunks = relative;
  std::string directory;
  Cost cost;
  const auto samples = static_cast<double>(Samples(all));
  cost.write_s = Time([&] {
                   std::filesystem::remove_all(root);
                   Source source(all);
                   const auto meta = tsdb::WriteBlock(Env::Posix(), root, source, options);
                   if (!meta.ok() || !meta->has_value()) std::abort();
                   directory = root + "/" + (*meta)->ulid;
                 }) *
                 1e6 / samples;
  const auto block = *tsdb::Block::Open(Env::Posix(), directory);
  cost.bytes = static_cast<double>(block->size_bytes()) / samples;
  cost.one_ns = Read(directory, {Matcher::Equal("le", "0.005")}, true);
  cost.family_ns = Read(directory, {}, true);
  BlockQueryable queryable(block);
  promql::EngineOptions engine_options;
  engine_options.threads = 1;
  const promql::Engine engine(engine_options);
  const TimestampMs first = all.front().samples.t.front();
  const TimestampMs last = all.front().samples.t.back();
  cost.p95_ms =
      Time([&] {
        const auto result = engine.Range(
            queryable, "histogram_quantile(0.95, sum by (le) (rate(request_seconds_bucket[5m])))", first, last, 60'000);
        if (!result.ok()) std::abort();
      }) *
      1e3;
  std::filesystem::remove_all(root);
  return cost;
}

int Run(int argc, char** argv) {
  std::size_t families = 400;
  std::size_t samples = 1440;
  for (int i = 1; i + 1 < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--families") families = static_cast<std::size_t>(std::atoll(argv[i + 1]));
    if (word == "--samples") samples = static_cast<std::size_t>(std::atoll(argv[i + 1]));
  }
  std::printf("%zu families, %zu samples a series; alone / relative\n", families, samples);
  std::printf(
      "| requests a scrape | order | bytes a sample | write, CPU s a million | one bucket, ns | all, ns | p95, ms |\n");
  std::printf("| --- | --- | --- | --- | --- | --- | --- |\n");
  for (const bool late : {false, true}) {
    for (const double requests : {0.0, 5.0, 300.0, 20000.0}) {
      const auto all = Families(families, samples, requests, late);
      const Cost a = Measure(all, false);
      const Cost b = Measure(all, true);
      std::printf("| %.0f | %s | %.3f / %.3f | %.4f / %.4f | %.2f / %.2f | %.2f / %.2f | %.1f / %.1f |\n", requests,
                  late ? "in turns" : "one by one", a.bytes, b.bytes, a.write_s, b.write_s, a.one_ns, b.one_ns,
                  a.family_ns, b.family_ns, a.p95_ms, b.p95_ms);
      std::fflush(stdout);
    }
  }
  return 0;
}

}  // namespace
}  // namespace cachescope::bench

int main(int argc, char** argv) { return cachescope::bench::Run(argc, argv); }
