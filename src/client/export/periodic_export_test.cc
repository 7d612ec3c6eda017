#include "cachescope/export/periodic_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "cachescope/export/metric_sink.h"
#include "cachescope/export/otlp.h"
#include "cachescope/export/statsd.h"
#include "client/export/loopback_test.h"

namespace cachescope {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

constexpr milliseconds kLong{20000};

// Far beyond any test, so that only Flush and Stop make rounds.
PeriodicExportOptions Rarely() {
  PeriodicExportOptions options;
  options.interval = std::chrono::hours(1);
  options.jitter = 0;
  return options;
}

// What a sink was told, added up. Outlives the sink.
struct Heard {
  std::mutex mu;
  std::map<std::string, double> increments;
  std::map<std::string, double> gauges;
  std::map<std::string, std::uint64_t> counts;
  std::map<std::string, double> sums;
  std::map<std::string, int> timings;
  int flushes = 0;
};

class RecordingSink : public MetricSink {
 public:
  explicit RecordingSink(Heard* heard) : heard_(heard) {}
  void Increment(std::string_view name, double delta, const LabelPairs& labels) override {
    const std::lock_guard lock(heard_->mu);
    heard_->increments[Key(name, labels)] += delta;
  }
  void Gauge(std::string_view name, double value, const LabelPairs& labels) override {
    const std::lock_guard lock(heard_->mu);
    heard_->gauges[Key(name, labels)] = value;
  }
  void Histogram(std::string_view name, double value, std::uint64_t count, const LabelPairs& labels) override {
    const std::lock_guard lock(heard_->mu);
    heard_->counts[Key(name, labels)] += count;
    heard_->sums[Key(name, labels)] += value * static_cast<double>(count);
  }
  void Timing(std::string_view name, double seconds, std::uint64_t count, const LabelPairs& labels) override {
    Histogram(name, seconds, count, labels);
    const std::lock_guard lock(heard_->mu);
    ++heard_->timings[Key(name, labels)];
  }
  void Flush() override {
    const std::lock_guard lock(heard_->mu);
    ++heard_->flushes;
  }

 private:
  static std::string Key(std::string_view name, const LabelPairs& labels) {
    std::string key(name);
    for (const LabelPair& label : labels) key += "," + label.name + "=" + label.value;
    return key;
  }
  Heard* const heard_;
};

// Holds the thread until it is opened.
class Gate {
 public:
  void Pass() {
    std::unique_lock lock(mu_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    --waiting_;
    changed_.notify_all();
  }
  void AwaitSomebody() {
    std::unique_lock lock(mu_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }
  void Open() {
    std::unique_lock lock(mu_);
    open_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return waiting_ == 0; });
  }

 private:
  std::mutex mu_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

double SelfMetric(const Registry& registry, const std::string& field, const std::string& exporter) {
  for (const FamilySnapshot& family : registry.Collect()) {
    if (family.name != "cachescope_client_export_" + field + "_total") continue;
    for (const SeriesSnapshot& series : family.series) {
      if (series.labels == LabelPairs{{"exporter", exporter}}) return series.value;
    }
  }
  return -1;
}

TEST(PeriodicExport, NoopIsNothing) {
  Registry registry({.self_metrics = false});
  PeriodicExport none;
  PeriodicExport noop = StartExport(registry, MakeNoopExporter());
  PeriodicExport no_sink = StartExport(registry, MakeSinkExporter(nullptr));
  for (PeriodicExport* each : {&none, &noop, &no_sink}) {
    EXPECT_FALSE(each->running());
    EXPECT_EQ(each->error(), "");
    EXPECT_FALSE(each->Flush(milliseconds(1)));
    EXPECT_FALSE(each->Stop());
    EXPECT_EQ(each->status().rounds, 0U);
  }
  EXPECT_TRUE(registry.Collect().empty()) << "not even counters of its own";
}

TEST(PeriodicExport, TellsASinkEverything) {
  Heard heard;
  Registry registry({.namespace_ = "shop", .constant_labels = {{"env", "test"}}});
  const Counter hits = registry.Counter({.name = "hits_total", .labels = {"tier"}}).With({"l1"});
  const Gauge size = registry.Gauge({.name = "size"});
  const Histogram time = registry.Histogram({.name = "get_seconds", .buckets = {0.001, 0.01}});
  const Histogram bytes = registry.Histogram({.name = "value_bytes", .buckets = {100, 1000}});
  PeriodicExport exported = StartExport(registry, MakeSinkExporter(std::make_unique<RecordingSink>(&heard)), Rarely());
  ASSERT_TRUE(exported.running()) << exported.error();
  hits.Increment(3);
  size.Set(-4);
  time.Record(0.004);
  bytes.Record(150);
  EXPECT_TRUE(exported.Flush(kLong));
  hits.Increment(4);
  for (const double value : {0.0005, 0.002, 5.0}) time.Record(value);
  EXPECT_TRUE(exported.Stop(kLong));
  EXPECT_FALSE(exported.running());
  EXPECT_EQ((heard.increments["shop_hits_total,env=test,tier=l1"]), 7);
  EXPECT_EQ((heard.gauges["shop_size,env=test"]), -4);
  EXPECT_EQ((heard.counts["shop_get_seconds,env=test"]), 4U);
  EXPECT_NEAR((heard.sums["shop_get_seconds,env=test"]), 5.0065, 1e-12);
  EXPECT_EQ((heard.timings["shop_get_seconds,env=test"]), 4);
  EXPECT_EQ((heard.counts["shop_value_bytes,env=test"]), 1U);
  EXPECT_EQ((heard.sums["shop_value_bytes,env=test"]), 150);
  EXPECT_EQ((heard.timings["shop_value_bytes,env=test"]), 0);
  EXPECT_EQ(heard.flushes, 2);
  const ExportStatus status = exported.status();
  EXPECT_EQ(status.rounds, 2U);
  EXPECT_EQ(status.errors, 0U) << status.last_error;
  EXPECT_EQ(SelfMetric(registry, "rounds", "custom"), 2);
  EXPECT_EQ(SelfMetric(registry, "packets", "custom"), static_cast<double>(status.packets));
}

TEST(PeriodicExport, RunsByItself) {
  Heard heard;
  Registry registry;
  registry.Counter({.name = "a_total"}).With({}).Increment();
  PeriodicExportOptions options;
  options.interval = milliseconds(10);
  PeriodicExport exported = StartExport(registry, MakeSinkExporter(std::make_unique<RecordingSink>(&heard)), options);
  while (exported.status().rounds < 3) std::this_thread::yield();
  EXPECT_TRUE(exported.Stop(kLong));
  EXPECT_EQ(heard.increments["a_total"], 1) << "once, however many rounds";
}

TEST(PeriodicExport, CatchesExceptionsAndRepeatsWhatTheyCost) {
  struct Moody : MetricSink {
    explicit Moody(Heard* to) : heard(to) {}
    void Increment(std::string_view, double delta, const LabelPairs&) override {
      if (heard->flushes == 0) throw std::runtime_error("not in the mood");
      heard->increments["all"] += delta;
    }
    void Gauge(std::string_view, double, const LabelPairs&) override { throw 1; }
    void Flush() override { ++heard->flushes; }
    Heard* heard;
  };
  Heard heard;
  Registry registry({.self_metrics = false});
  PeriodicExportOptions options = Rarely();
  options.self_metrics = false;
  registry.Counter({.name = "a_total"}).With({}).Increment(5);
  PeriodicExport exported = StartExport(registry, MakeSinkExporter(std::make_unique<Moody>(&heard), "moody"), options);
  EXPECT_FALSE(exported.Flush(kLong));
  EXPECT_EQ(exported.status().errors, 1U);
  EXPECT_EQ(exported.status().last_error, "cannot export to moody: not in the mood");
  registry.Gauge({.name = "g"}).With({}).Set(1);
  EXPECT_FALSE(exported.Stop(kLong));
  EXPECT_EQ(exported.status().last_error, "cannot export to moody: an exception");
  EXPECT_EQ(heard.increments["all"], 5);
  EXPECT_EQ(SelfMetric(registry, "errors", "moody"), -1);
}

TEST(PeriodicExport, SurvivesAnExporterThatThrows) {
  struct Thrower : Exporter {
    std::string_view name() const noexcept override { return "thrower"; }
    void Export(const ExportRound&, ExportTally*) override { throw std::runtime_error("no"); }
  };
  Registry registry;
  PeriodicExport exported = StartExport(registry, std::make_unique<Thrower>(), Rarely());
  EXPECT_FALSE(exported.Flush(kLong));
  EXPECT_EQ(exported.status().last_error, "cannot export: no");
  EXPECT_EQ(SelfMetric(registry, "errors", "thrower"), 1);
}

TEST(PeriodicExport, FromNowLeavesOutWhatWasCountedBefore) {
  Heard heard;
  Registry registry({.self_metrics = false});
  const Counter counter = registry.Counter({.name = "a_total"});
  const Histogram histogram = registry.Histogram({.name = "h", .buckets = {1}});
  counter.Increment(100);
  histogram.Record(0.5);
  PeriodicExportOptions options = Rarely();
  options.from_now = true;
  options.self_metrics = false;
  PeriodicExport exported = StartExport(registry, MakeSinkExporter(std::make_unique<RecordingSink>(&heard)), options);
  EXPECT_TRUE(exported.Flush(kLong));
  EXPECT_TRUE(heard.increments.empty());
  counter.Increment(2);
  histogram.Record(0.75);
  EXPECT_TRUE(exported.Stop(kLong));
  EXPECT_EQ(heard.increments["a_total"], 2);
  EXPECT_EQ(heard.counts["h"], 1U);
  EXPECT_EQ(heard.sums["h"], 0.75);
}

// However long the exporter hangs: calls on instruments are not concerned, Stop comes back.
TEST(PeriodicExport, StopDoesNotWaitForAnExporterThatHangs) {
  struct Hanging : MetricSink {
    explicit Hanging(Gate* to) : gate(to) {}
    void Increment(std::string_view, double, const LabelPairs&) override { gate->Pass(); }
    Gate* gate;
  };
  Gate gate;
  Registry registry({.self_metrics = false});
  const Counter counter = registry.Counter({.name = "a_total"});
  counter.Increment();
  PeriodicExportOptions options = Rarely();
  options.self_metrics = false;
  PeriodicExport exported = StartExport(registry, MakeSinkExporter(std::make_unique<Hanging>(&gate)), options);
  EXPECT_FALSE(exported.Flush(milliseconds(0)));
  gate.AwaitSomebody();
  for (int i = 0; i < 100000; ++i) counter.Increment();
  EXPECT_EQ(counter.Value(), 100001);
  EXPECT_FALSE(exported.Stop(milliseconds(20))) << "comes back although the exporter never does";
  EXPECT_FALSE(exported.Stop());
  EXPECT_FALSE(exported.running());
  gate.Open();
}

TEST(PeriodicExport, StopCutsShortAReceiverThatHangs) {
  client::HttpReceiver receiver([](std::size_t, const std::string&) { return "hang"; });
  Registry registry;
  OtlpOptions otlp;
  otlp.endpoint = receiver.url();
  otlp.timeout = std::chrono::hours(1);
  PeriodicExportOptions options = Rarely();
  options.timeout = std::chrono::hours(1);
  PeriodicExport exported = StartExport(registry, MakeOtlpExporter(otlp), options);
  EXPECT_FALSE(exported.Flush(milliseconds(0)));
  while (receiver.requests().empty()) std::this_thread::yield();
  EXPECT_FALSE(exported.Stop(milliseconds(300)));
  EXPECT_THAT(exported.status().last_error, HasSubstr("out of time")) << "the thread came home in time";
}

TEST(PeriodicExport, SideBySide) {
  const client::Descriptor statsd = client::BindUdp();
  client::HttpReceiver dead([](std::size_t, const std::string&) { return "hang"; });
  Heard heard;
  Registry registry({.self_metrics = false});
  registry.Counter({.name = "a_total"}).With({}).Increment(9);
  PeriodicExportOptions options = Rarely();
  options.self_metrics = false;
  OtlpOptions otlp;
  otlp.endpoint = dead.url();
  PeriodicExport to_otlp = StartExport(registry, MakeOtlpExporter(otlp), options);
  EXPECT_FALSE(to_otlp.Flush(milliseconds(0)));
  PeriodicExport to_statsd = StartExport(
      registry, MakeStatsdExporter({.address = "127.0.0.1:" + std::to_string(client::BoundPort(statsd))}), options);
  PeriodicExport to_sink = StartExport(registry, MakeSinkExporter(std::make_unique<RecordingSink>(&heard)), options);
  EXPECT_TRUE(to_statsd.Flush(kLong));
  EXPECT_TRUE(to_sink.Flush(kLong));
  EXPECT_EQ(client::Receive(statsd), "a_total:9|c");
  EXPECT_EQ(heard.increments["a_total"], 9);
  to_otlp.Stop(milliseconds(100));
}

TEST(PeriodicExport, CountsGoOnWhenAnotherTakesOver) {
  Heard heard;
  Registry registry({.namespace_ = "shop"});
  for (int i = 1; i <= 3; ++i) {
    PeriodicExport exported =
        StartExport(registry, MakeSinkExporter(std::make_unique<RecordingSink>(&heard)), Rarely());
    exported.Stop(kLong);
    EXPECT_EQ(SelfMetric(registry, "rounds", "custom"), i);
  }
  EXPECT_EQ(registry.error_count(), 0U);
}

TEST(PeriodicExport, OutlivesItsRegistryAndMoves) {
  Heard heard;
  auto registry = std::make_unique<Registry>();
  PeriodicExport first = StartExport(*registry, MakeSinkExporter(std::make_unique<RecordingSink>(&heard)), Rarely());
  PeriodicExport moved = std::move(first);
  EXPECT_FALSE(first.running());  // NOLINT(bugprone-use-after-move): a moved-from export is a no-op
  registry.reset();
  EXPECT_TRUE(moved.Flush(kLong));
  moved = PeriodicExport();
  EXPECT_FALSE(moved.running());
}

TEST(PeriodicExport, ManyThreadsFlushAndStop) {
  Heard heard;
  Registry registry({.self_metrics = false});
  const Counter counter = registry.Counter({.name = "a_total"});
  PeriodicExportOptions options;
  options.interval = milliseconds(10);
  PeriodicExport exported = StartExport(registry, MakeSinkExporter(std::make_unique<RecordingSink>(&heard)), options);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        counter.Increment();
        if (i % 100 == 0) exported.Flush(kLong);
        if (i % 100 == 1) static_cast<void>(exported.status());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::thread other([&] { exported.Stop(kLong); });
  exported.Stop(kLong);
  other.join();
  EXPECT_EQ(heard.increments["a_total"], 4000);
}

TEST(PeriodicExport, ForkedChildMayDropItAndStartItsOwn) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "threads after fork() are not supported by the thread sanitizer";
#endif
  Heard heard;
  Registry registry({.self_metrics = false});
  const Counter counter = registry.Counter({.name = "a_total"});
  counter.Increment(10);
  auto exported = std::make_unique<PeriodicExport>(
      StartExport(registry, MakeSinkExporter(std::make_unique<RecordingSink>(&heard)), Rarely()));
  EXPECT_TRUE(exported->Flush(kLong));
  const pid_t child = fork();
  if (child == 0) {
    if (exported->running() || exported->Stop() || exported->Flush(kLong)) _exit(1);
    exported.reset();
    Heard own;
    PeriodicExportOptions options = Rarely();
    options.from_now = true;
    PeriodicExport again = StartExport(registry, MakeSinkExporter(std::make_unique<RecordingSink>(&own)), options);
    if (!again.Flush(kLong)) _exit(2);
    counter.Increment(3);
    if (!again.Stop(kLong) || own.increments["a_total"] != 3) _exit(3);
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(heard.increments["a_total"], 10);
}

}  // namespace
}  // namespace cachescope
