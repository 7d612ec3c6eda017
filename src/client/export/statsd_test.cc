#include "cachescope/export/statsd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <limits>

#include "cachescope/export/periodic_export.h"
#include "client/export/datagram_socket.h"
#include "client/export/loopback_test.h"
#include "client/export/statsd_text.h"

namespace cachescope {
namespace {

using client::BindUdp;
using client::BindUnix;
using client::Descriptor;
using client::Receive;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Rounds {
 public:
  explicit Rounds(StatsdOptions options) : exporter_(MakeStatsdExporter(options)) {}
  ExportTally Export(std::vector<FamilySnapshot> families) {
    ExportTally tally;
    const ExportDeadline deadline;
    exporter_->Export({families, 1000, &deadline}, &tally);
    return tally;
  }
  Exporter& exporter() { return *exporter_; }

 private:
  std::unique_ptr<Exporter> exporter_;
};

std::string AddressOf(const Descriptor& socket) { return "127.0.0.1:" + std::to_string(client::BoundPort(socket)); }

FamilySnapshot Scalar(InstrumentType type, std::string name, double value, LabelPairs labels = {}) {
  SeriesSnapshot series;
  series.labels = std::move(labels);
  series.value = value;
  return {std::move(name), "", "", type, {series}};
}
FamilySnapshot CounterOf(std::string name, double value, LabelPairs labels = {}) {
  return Scalar(InstrumentType::kCounter, std::move(name), value, std::move(labels));
}
FamilySnapshot GaugeOf(std::string name, double value, LabelPairs labels = {}) {
  return Scalar(InstrumentType::kGauge, std::move(name), value, std::move(labels));
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

FamilySnapshot HistogramOf(std::string name, std::vector<BucketSnapshot> buckets, double sum, LabelPairs labels = {}) {
  SeriesSnapshot series;
  series.labels = std::move(labels);
  series.buckets = std::move(buckets);
  series.sum = sum;
  return {std::move(name), "", "", InstrumentType::kHistogram, {series}};
}

TEST(Statsd, SendsGoldenPlainPacket) {
  const Descriptor server = BindUdp();
  Rounds rounds({.address = AddressOf(server), .prefix = "shop.web", .tags = {{"env", "prod"}}});
  const ExportTally tally = rounds.Export({
      CounterOf("gets_total", 7, {{"tier", "l1"}, {"result", "hit"}}),
      HistogramOf("get_seconds", {{0.001, 2}, {0.002, 2}, {kInfinity, 3}}, 0.011),
      GaugeOf("size_bytes", 1048576),
      GaugeOf("drift", -2.5, {{"key", "a.b:c|d@e#f,g\nh"}}),
  });
  EXPECT_EQ(Receive(server),
            "shop.web.gets_total.prod.l1.hit:7|c\n"
            "shop.web.get_seconds.prod:0.5|ms\nshop.web.get_seconds.prod:0.5|ms\nshop.web.get_seconds.prod:10|ms\n"
            "shop.web.size_bytes.prod:1048576|g\n"
            "shop.web.drift.prod.a_b_c_d_e_f_g_h:0|g\nshop.web.drift.prod.a_b_c_d_e_f_g_h:-2.5|g");
  EXPECT_EQ(tally.packets, 1U);
  EXPECT_EQ(tally.errors + tally.dropped, 0U) << tally.error;
}

TEST(Statsd, SendsGoldenDogStatsdPacket) {
  const Descriptor server = BindUdp();
  Rounds rounds({.address = AddressOf(server),
                 .dialect = StatsdDialect::kDogStatsd,
                 .prefix = "shop.",
                 .tags = {{"env", "prod"}},
                 .rename = [](std::string_view name) { return name == "gets_total" ? "cache.gets" : ""; }});
  EXPECT_EQ(rounds.exporter().name(), "dogstatsd");
  rounds.Export({
      CounterOf("gets_total", 0.5, {{"result", "hit"}, {"empty", ""}}),
      HistogramOf("get_seconds", {{1, 1}, {2, 2}, {4, 12}}, 32, {{"op", "a:b|c,d"}}),
      GaugeOf("drift", -2.5),
  });
  EXPECT_EQ(Receive(server),
            "shop.cache.gets:0.5|c|#env:prod,result:hit\n"
            "shop.get_seconds:0.5:1.5|h|#env:prod,op:a_b_c_d\n"
            "shop.get_seconds:3|h|@0.1|#env:prod,op:a_b_c_d\n"
            "shop.drift:-2.5|g|#env:prod");
}

TEST(Statsd, SendsSummariesAndStates) {
  const Descriptor server = BindUdp();
  SeriesSnapshot series;
  series.count = 4;
  series.sum = 2.5;
  series.quantiles = {{0.5, 0.25}, {0.99, std::nan("")}};
  Rounds rounds({.address = AddressOf(server)});
  const ExportTally tally = rounds.Export({
      {"s", "", "", InstrumentType::kSummary, {series}},
      Scalar(InstrumentType::kInfo, "build_info", 1, {{"version", "1.2"}}),
      GaugeOf("bad", kInfinity),
      GaugeOf("nothing", std::nan("")),
  });
  EXPECT_EQ(Receive(server), "s.count:4|c\ns.sum:2.5|c\ns.0_5:0.25|g\nbuild_info.1_2:1|g");
  EXPECT_EQ(tally.errors, 1U);
  EXPECT_EQ(tally.error, "cannot send bad: the value is infinite");
}

TEST(Statsd, SendsDeltasOfWhatCameAndRestarts) {
  const Descriptor server = BindUdp();
  Rounds rounds({.address = AddressOf(server)});
  const auto f = [&](double value, const std::string& want) {
    rounds.Export({CounterOf("a", value), GaugeOf("z", 1)});
    EXPECT_EQ(Receive(server), want + "z:1|g");
  };
  f(5, "a:5|c\n");
  f(5, "");
  f(8, "a:3|c\n");
  f(2, "a:2|c\n");
  rounds.Export({});
  f(3, "a:3|c\n");
}

TEST(Statsd, HistogramDeltasKeepTheMean) {
  const Descriptor server = BindUdp();
  Rounds rounds({.address = AddressOf(server), .dialect = StatsdDialect::kDogStatsd});
  rounds.Export({HistogramOf("h", {{1, 10}, {kInfinity, 10}}, 7)});
  EXPECT_EQ(Receive(server), "h:0.7|h|@0.1");
  rounds.Export({HistogramOf("h", {{1, 14}, {kInfinity, 16}}, 7 + 2 + 30)});
  EXPECT_EQ(Receive(server), "h:15|h|@0.5\nh:0.5|h|@0.25");
}

TEST(Statsd, ThinsPlainValuesByRate) {
  const Descriptor server = BindUdp();
  Rounds rounds({.address = AddressOf(server), .sample_rate = 0.5});
  rounds.Export({HistogramOf("h", {{1, 8}, {2, 9}, {kInfinity, 9}}, 5.5)});
  EXPECT_EQ(Receive(server), "h:0.5|ms|@0.5\nh:0.5|ms|@0.5\nh:0.5|ms|@0.5\nh:0.5|ms|@0.5\nh:1.5|ms");
  Rounds bounded({.address = AddressOf(server), .max_values = 3});
  bounded.Export({HistogramOf("h", {{1, 1000000}, {2, 1000001}, {kInfinity, 1000001}}, 500001.5)});
  EXPECT_EQ(Receive(server), "h:0.5|ms|@0.000001\nh:1.5|ms");
}

TEST(Statsd, RatesCountExactly) {
  for (std::uint64_t count = 1; count < 200000; count += 1 + count / 100) {
    const double rate = client::StatsdRate(1, count);
    ASSERT_EQ(static_cast<std::uint64_t>(1 / rate), count) << "cut to an integer";
    std::string text;
    client::AppendStatsdRate(rate, &text);
    ASSERT_EQ(std::stod(text), rate);
    ASSERT_EQ(text.find_first_not_of("0123456789."), std::string::npos) << text;
  }
}

TEST(Statsd, WritesNumbers) {
  const auto f = [](double value, const std::string& want) {
    std::string text;
    client::AppendStatsdNumber(value, &text);
    EXPECT_EQ(text, want);
  };
  f(0, "0");
  f(-0.0, "0");
  f(1e-7, "0.0000001");
  f(123456789012345678.0, "123456789012345680");
  f(-0.1, "-0.1");
  f(1e300, "1e+300");
}

TEST(Statsd, PacksUpToTheBound) {
  const Descriptor server = BindUdp();
  std::vector<FamilySnapshot> families;
  for (int i = 0; i < 1000; ++i) families.push_back(CounterOf("counter_" + std::to_string(i), 1 + i));
  Rounds rounds({.address = AddressOf(server)});
  const ExportTally tally = rounds.Export(families);
  std::size_t lines = 0;
  std::size_t bytes = 0;
  for (std::uint64_t i = 0; i < tally.packets; ++i) {
    const std::string packet = Receive(server);
    EXPECT_LE(packet.size(), kStatsdUdpPacketBytes);
    if (i + 1 < tally.packets) {
      EXPECT_GT(packet.size(), kStatsdUdpPacketBytes - 30);
    }
    lines += static_cast<std::size_t>(std::count(packet.begin(), packet.end(), '\n')) + 1;
    bytes += packet.size();
  }
  EXPECT_EQ(lines, 1000U);
  EXPECT_EQ(bytes, tally.bytes);
  EXPECT_EQ(Receive(server, 0), "");
}

TEST(Statsd, LinesTooLongAreDroppedAndCounted) {
  const Descriptor server = BindUdp();
  Rounds rounds({.address = AddressOf(server), .max_packet_bytes = 64});
  const ExportTally tally = rounds.Export({CounterOf(std::string(80, 'x'), 1), CounterOf("y", 1)});
  EXPECT_EQ(Receive(server), "y:1|c");
  EXPECT_EQ(tally.dropped, 1U);
  EXPECT_THAT(tally.error, HasSubstr("longer than a packet"));
}

TEST(Statsd, FullSocketDropsAndKeepsTheCounts) {
  const std::string path = client::TemporaryPath("full.sock");
  const Descriptor server = BindUnix(path);
  Rounds rounds({.address = "unix://" + path, .max_packet_bytes = 64, .timeout = std::chrono::milliseconds(0)});
  std::vector<FamilySnapshot> families;
  for (int i = 0; i < 2000; ++i)
    families.push_back(CounterOf("counter_with_a_rather_long_name_" + std::to_string(i), 1));
  double sum = 0;
  const auto drain = [&] {
    for (std::string packet = Receive(server, 0); !packet.empty(); packet = Receive(server, 0)) {
      sum += static_cast<double>(std::count(packet.begin(), packet.end(), '\n')) + 1;
    }
  };
  const ExportTally tally = rounds.Export(families);
  EXPECT_GT(tally.dropped, 0U) << "nobody reads";
  EXPECT_GT(tally.packets, 0U);
  EXPECT_THAT(tally.error, HasSubstr("cannot send to unix://"));
  drain();
  for (int i = 0; i < 2000 && sum < 2000; ++i) {
    rounds.Export(families);
    drain();
  }
  EXPECT_EQ(sum, 2000) << "each increment once";
  unlink(path.c_str());
}

TEST(Statsd, UnixSocketMayComeLaterAndComeAgain) {
  const std::string path = client::TemporaryPath("later.sock");
  unlink(path.c_str());
  Rounds missing({.address = path});
  const ExportTally tally = missing.Export({CounterOf("a", 3)});
  EXPECT_EQ(tally.dropped, 1U);
  EXPECT_THAT(tally.error, HasSubstr("cannot connect to " + path));

  Rounds rounds({.address = "unix://" + path});
  Descriptor server = BindUnix(path);
  rounds.Export({CounterOf("a", 3)});
  EXPECT_EQ(Receive(server), "a:3|c");
  server = Descriptor();
  server = BindUnix(path);
  EXPECT_EQ(rounds.Export({CounterOf("a", 10)}).errors, 0U) << "reconnects";
  EXPECT_EQ(Receive(server), "a:7|c");
  unlink(path.c_str());
}

TEST(Statsd, TriesAMissingSocketLessAndLess) {
  const std::string path = client::TemporaryPath("backoff.sock");
  unlink(path.c_str());
  client::DatagramAddress address;
  ASSERT_EQ(client::ParseDatagramAddress(path, &address), "");
  client::DatagramSocket socket(address);
  client::DatagramSocket::Time now = std::chrono::steady_clock::now();
  EXPECT_NE(socket.Open(now), "");
  const Descriptor server = BindUnix(path);
  EXPECT_NE(socket.Open(now + std::chrono::milliseconds(999)), "") << "not tried again yet";
  EXPECT_EQ(socket.Open(now + std::chrono::milliseconds(1001)), "");
  EXPECT_TRUE(socket.is_open());
  unlink(path.c_str());
}

TEST(Statsd, NobodyAtTheUdpPortLosesAPacketNotTheRest) {
  const std::uint16_t port = client::ClosedPort();
  Rounds rounds({.address = "127.0.0.1:" + std::to_string(port), .max_packet_bytes = 64});
  std::vector<FamilySnapshot> families;
  for (int i = 0; i < 50; ++i) families.push_back(CounterOf("counter_with_a_long_name_" + std::to_string(i), 1));
  const ExportTally tally = rounds.Export(families);
  EXPECT_GT(tally.dropped, 0U);
  EXPECT_THAT(tally.error, HasSubstr("Connection refused"));
  const Descriptor server = BindUdp(port);
  ASSERT_GE(server.get(), 0);
  rounds.Export(families);
  std::size_t lines = 0;
  for (std::string packet = Receive(server); !packet.empty(); packet = Receive(server, 0)) {
    lines += static_cast<std::size_t>(std::count(packet.begin(), packet.end(), '\n')) + 1;
  }
  EXPECT_GE(lines, 40U);
}

TEST(Statsd, SaysWhatIsWrongWithOptions) {
  const auto f = [](const StatsdOptions& options, const std::string& want) {
    const auto exporter = MakeStatsdExporter(options);
    EXPECT_THAT(exporter->problem(), HasSubstr(want));
    Registry registry;
    const PeriodicExport started = StartExport(registry, MakeStatsdExporter(options));
    EXPECT_FALSE(started.running());
    EXPECT_EQ(started.error(), exporter->problem());
  };
  f({.address = "nonsense"}, "cannot send StatsD to nonsense: want HOST:PORT");
  f({.address = "unix://" + std::string(200, 'x')}, "too long");
  f({.address = "unix://"}, "want a path");
  f({.histograms = StatsdHistogram::kDistribution}, "neither |h nor |d");
  f({.sample_rate = 2}, "sample rate");
  f({.max_packet_bytes = 1}, "64 to 65000");
}

TEST(Statsd, ParsesAddresses) {
  const auto f = [](std::string_view text, const std::string& want) {
    client::DatagramAddress address;
    ASSERT_EQ(client::ParseDatagramAddress(text, &address), "") << text;
    EXPECT_EQ(address.is_unix ? address.path : address.where.host + " " + address.where.port, want);
  };
  f(":8125", "127.0.0.1 8125");
  f("udp://localhost:1", "localhost 1");
  f("[::1]:9", "::1 9");
  f("unix:///run/x", "/run/x");
  f("unixgram:///run/x", "/run/x");
  f("/run/x", "/run/x");
  f("unix:@name", "@name");
}

}  // namespace
}  // namespace cachescope
