// CPU time of a scrape without network and store: page text → parser → series cache → appender that only records.
// Usage: scrape_bench [series] [rounds]. Prints CPU seconds per million samples of each stage, the best of the rounds.
#include <ctime>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "server/collect/page_source.h"
#include "server/collect/scrape_batch.h"

namespace {

using namespace cachescope;  // NOLINT: a program of one file

// References by order of first appearance; keeps the newest sample of each series.
class LastSampleStore final : public storage::Appendable {
 public:
  class BatchAppender final : public storage::Appender {
   public:
    explicit BatchAppender(std::vector<Sample>* samples) : samples_(samples) {}
    Result<storage::SeriesRef> Append(storage::SeriesRef ref, const Labels&, TimestampMs t, double v) override {
      if (ref == 0) {
        samples_->emplace_back();
        ref = samples_->size();
      }
      (*samples_)[ref - 1] = {t, v};
      return ref;
    }
    Result<storage::SeriesRef> AppendHistogram(storage::SeriesRef, const Labels&, TimestampMs,
                                               std::shared_ptr<const FloatHistogram>) override {
      return InvalidArgument("not recorded");
    }
    Status Commit() override { return {}; }
    Status Rollback() override { return {}; }

   private:
    std::vector<Sample>* const samples_;
  };
  std::unique_ptr<storage::Appender> NewAppender() override { return std::make_unique<BatchAppender>(&samples_); }
  double Sum() const {
    double sum = 0;
    for (const Sample& sample : samples_) sum += sample.v;
    return sum;
  }

 private:
  std::vector<Sample> samples_;
};

// A page as a service with caches has it: counters, gauges and histograms with three or four labels.
std::string MakePage(int series, int round) {
  std::string page;
  const std::size_t expected = static_cast<std::size_t>(series) * 110;
  page.reserve(expected);
  for (int i = 0; i < series; ++i) {
    if (i % 100 == 0) {
      page += "# HELP cache_metric_" + std::to_string(i / 100) + "_total Operations of the cache.\n";
      page += "# TYPE cache_metric_" + std::to_string(i / 100) + "_total counter\n";
    }
    page += "cache_metric_" + std::to_string(i / 100) + "_total{cache=\"session\",layer=\"l" + std::to_string(i % 3) +
            "\",operation=\"get\",shard=\"" + std::to_string(i % 100) + "\"} ";
    page += i % 4 == 0 ? std::to_string(0.25 * (i + round)) : std::to_string(1000 + i * 7 + round);
    page += '\n';
  }
  return page;
}

double CpuSeconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <typename Work>
double Best(int rounds, Work work) {
  double best = 1e9;
  for (int round = 0; round < rounds; ++round) {
    const double begin = CpuSeconds();
    work(round);
    best = std::min(best, CpuSeconds() - begin);
  }
  return best;
}

std::size_t ParseOnly(const std::string& page) {
  wire::ExpositionParser parser(page, wire::ExpositionDialect::kText);
  wire::ExpositionEntry entry;
  std::size_t samples = 0;
  while (parser.Next(&entry).ok() && entry.kind != wire::EntryKind::kEnd)
    samples += entry.kind == wire::EntryKind::kSeries ? 1 : 0;
  return samples;
}

void Scrape(const std::string& page, TimestampMs t, collect::ScrapeBatch* batch) {
  batch->Begin(t);
  collect::PageReader reader(page, wire::ExpositionDialect::kText);
  for (bool done = false; !done;) {
    if (!reader.Read(1 << 20, *batch, &done).ok()) std::abort();
  }
  if (!batch->FinishGood(0.1).ok()) std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  const int series = argc > 1 ? std::atoi(argv[1]) : 100'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 10;
  const std::string page = MakePage(series, 0);
  const std::string next = MakePage(series, 1);
  const double per_million = 1e6 / series;

  std::size_t samples = 0;
  const double parse = Best(rounds, [&](int) { samples = ParseOnly(page); });
  wire::SeriesParts parts;
  const double with_labels = Best(rounds, [&](int) {
    wire::ExpositionParser parser(page, wire::ExpositionDialect::kText);
    wire::ExpositionEntry entry;
    while (parser.Next(&entry).ok() && entry.kind != wire::EntryKind::kEnd) {
      if (entry.kind == wire::EntryKind::kSeries &&
          !wire::ParseSeries(entry.series, wire::ExpositionDialect::kText, entry.type, &parts).ok()) {
        std::abort();
      }
    }
  });

  LastSampleStore store;
  collect::MetadataStore metadata;
  collect::CollectCounters counters;
  collect::SampleSettings settings;
  settings.limits.samples = 0;
  const Labels target{{"instance", "127.0.0.1:8080"}, {"job", "service"}};
  collect::ScrapeBatch batch(target, settings, &metadata, &store, &counters);
  const double begin = CpuSeconds();
  Scrape(page, 1000, &batch);
  const double first = CpuSeconds() - begin;
  const double again =
      Best(rounds, [&](int round) { Scrape(round % 2 == 0 ? next : page, 2000 + 1000 * round, &batch); });

  std::printf("%zu series, page of %.1f MiB, checksum %.3f\n", samples, static_cast<double>(page.size()) / (1 << 20),
              store.Sum());
  std::printf(
      "CPU seconds per million samples: parse %.3f, parse with labels %.3f, first scrape %.3f, later scrapes %.3f\n",
      parse * per_million, with_labels * per_million, first * per_million, again * per_million);
  return 0;
}
