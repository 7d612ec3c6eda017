// How long one round of rules takes: 50 groups of 100 recording and 100 alerting rules, ten active alerts each, over
// the head in memory. Prints milliseconds per round, with everything and with parts left out.
//   rules_bench [GROUPS] [ROUNDS]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "server/rules/rule_manager.h"
#include "server/storage/tsdb/head.h"

namespace {

using namespace cachescope;

constexpr int kPairs = 100;
constexpr int kSeries = 10;

class CountingSink final : public rules::AlertSink {
 public:
  void Send(const std::vector<Alert>& alerts) override { told += alerts.size(); }
  std::size_t told = 0;
};

enum class Kind { kRecord, kAlert, kBoth };

std::string Rules(int groups, Kind kind) {
  std::string out = "groups:\n";
  for (int g = 0; g < groups; ++g) {
    out += "- name: g" + std::to_string(g) + "\n  rules:\n";
    for (int k = g * kPairs; k < (g + 1) * kPairs; ++k) {
      const std::string shard = std::to_string(k);
      if (kind != Kind::kAlert) {
        out +=
            "  - {record: 'shard:m:sum', expr: 'sum(m{shard=\"" + shard + "\"})', labels: {shard: '" + shard + "'}}\n";
      }
      if (kind != Kind::kRecord) {
        out += "  - {alert: Busy" + shard + ", expr: 'm{shard=\"" + shard +
               "\"} > 0', labels: {severity: page}, annotations: {summary: '{{ $labels.i }} of {{ $labels.shard }} has "
               "{{ $value }}', runbook: 'https://example.org/busy'}}\n";
      }
    }
  }
  return out;
}

void Scrape(tsdb::Head& head, int groups, TimestampMs t, int round) {
  const auto appender = head.NewAppender();
  for (int shard = 0; shard < groups * kPairs; ++shard) {
    for (int i = 0; i < kSeries; ++i) {
      const Labels labels{{"__name__", "m"}, {"shard", std::to_string(shard)}, {"i", std::to_string(i)}};
      static_cast<void>(appender->Append(0, labels, t, 1 + (shard * 7 + i * 13 + round) % 1000));
    }
  }
  static_cast<void>(appender->Commit());
}

double Run(int groups, int rounds, Kind kind) {
  SimulatedClock clock(1'700'000'000'000);
  tsdb::HeadOptions options;
  options.clock = &clock;
  tsdb::Head head(options);
  const promql::Engine engine;
  CountingSink sink;
  const auto manager = rules::RuleManager::New(engine, head, &sink, clock);
  const Status loaded = manager->Apply({{"bench.yml", Rules(groups, kind)}}, {});
  if (!loaded.ok()) {
    std::fprintf(stderr, "%s\n", loaded.ToString().c_str());
    std::exit(1);
  }
  double seconds = 0;
  for (int round = 0; round < rounds + 2; ++round) {
    clock.AdvanceMs(15'000);
    Scrape(head, groups, clock.NowMs(), round);
    const auto start = std::chrono::steady_clock::now();
    manager->EvaluateAll(clock.NowMs());
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (round >= 2) seconds += took;
  }
  const rules::RuleStats stats = manager->Stats();
  const bool right = kind == Kind::kRecord || stats.firing == static_cast<std::uint64_t>(groups) * kPairs * kSeries;
  if (!right || stats.failures > 0) {
    std::fprintf(stderr, "wrong: %llu firing, %llu failures\n", static_cast<unsigned long long>(stats.firing),
                 static_cast<unsigned long long>(stats.failures));
    std::exit(1);
  }
  return seconds * 1000 / rounds;
}

}  // namespace

int main(int argc, char** argv) {
  const int groups = argc > 1 ? std::atoi(argv[1]) : 50;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  std::printf("%d groups, %d rounds: ms per round\n", groups, rounds);
  std::printf("recording rules %8.1f\n", Run(groups, rounds, Kind::kRecord));
  std::printf("alerting rules  %8.1f\n", Run(groups, rounds, Kind::kAlert));
  std::printf("both            %8.1f\n", Run(groups, rounds, Kind::kBoth));
  return 0;
}
