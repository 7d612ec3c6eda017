#include "server/collect/adapters/host/host_source.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "server/collect/adapters/host/proc_reader.h"

namespace cachescope::collect {
namespace {

namespace fs = std::filesystem;

class MapSink final : public SampleSink {
 public:
  void Family(std::string_view name, MetricType, std::string_view, std::string_view) override {
    families[std::string(name)]++;
  }
  Status Add(std::string_view name, const std::vector<LabelView>& labels, double value) override {
    std::vector<std::pair<std::string, std::string>> pairs{{"__name__", std::string(name)}};
    for (const LabelView& label : labels) pairs.emplace_back(label.name, label.value);
    const std::string text = Labels::FromPairs(std::move(pairs)).ToString();
    EXPECT_TRUE(samples.emplace(text, value).second) << "twice: " << text;
    EXPECT_TRUE(families.contains(std::string(name))) << "no family: " << name;
    return {};
  }
  Status AddAt(std::string_view name, const std::vector<LabelView>& labels, double value, TimestampMs) override {
    return Add(name, labels, value);
  }
  bool AddCached(std::string_view, double, TimestampMs, bool) override { return false; }
  Status AddParsed(std::string_view, std::string_view name, const std::vector<LabelView>& labels, double value,
                   TimestampMs, bool) override {
    return Add(name, labels, value);
  }
  std::map<std::string, double> samples;
  std::map<std::string, int> families;
};

Status Collect(HostOptions options, MapSink* sink) {
  boost::asio::io_context context;
  HostSource source(std::move(options));
  Status out;
  boost::asio::co_spawn(context, source.Collect(std::chrono::seconds(1), *sink),
                        [&out](const std::exception_ptr& error, Status status) {
                          EXPECT_FALSE(error);
                          out = std::move(status);
                        });
  context.run();
  return out;
}

class HostSourceTest : public ::testing::Test {
 protected:
  HostSourceTest() : root_(fs::temp_directory_path() / ("cachescope_proc_" + std::to_string(::getpid()))) {
    fs::create_directories(root_ / "net");
    fs::create_directories(root_ / "self");
    fs::create_directories(root_ / "sys/fs");
    Write("stat",
          "cpu  30 0 30 600 6 0 0 0 0 0\ncpu0 1000 200 300 40000 50 6 7 8 0 0\ncpu1 1 2 3 4 5 6 7 8\nintr 12345 1 2 3\n"
          "ctxt 999\nbtime 1700000000\nprocesses 77\nprocs_running 3\nprocs_blocked 1\nsoftirq 1 2\n");
    Write("loadavg", "0.50 1.25 2.75 1/234 5678\n");
    Write("meminfo",
          "MemTotal:       16000 kB\nMemFree:  8000 kB\nSwapTotal: 100 kB\nActive(anon):  5 kB\nHugePages_Total:  2\n");
    Write("diskstats",
          "   8 0 sda 10 1 200 300 20 2 400 500 1 600 700 0 0 0 0\n   8 1 sda1 1 1 1 1 1 1 1 1 1 1 1\n"
          " 7 0 loop0 1 1 1 1 1 1 1 1 1 1 1\n 259 0 nvme0n1 5 0 8 9 1 1 1 1 0 1 1\n 259 1 nvme0n1p1 5 0 8 9 1 1 1 1 0 "
          "1 1\n");
    Write("net/dev",
          "Inter-|   Receive                                                |  Transmit\n"
          " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls "
          "carrier compressed\n"
          "  eth0: 1000 10 1 2 0 0 0 0 2000 20 3 4 0 0 0 0\n    lo:5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n");
    Write("self/mounts",
          "proc /proc proc rw 0 0\n/dev/sda1 / ext4 rw 0 0\n/dev/sdb /mnt/my\\040disk xfs ro 0 0\n"
          "server:/x /nfs nfs4 rw 0 0\noverlay /var/x overlay rw 0 0\n/dev/sda1 / ext4 rw 0 0\n/dev/bad /bad ext4 rw 0 "
          "0\n");
    Write("sys/fs/file-nr", "1024\t0\t9223372036854775807\n");
    options_.proc_root = root_.string();
    options_.ticks_per_second = 100;
    options_.clock = &clock_;
    options_.usage = [](const std::string& path, FilesystemUsage* usage) {
      if (path == "/bad") return false;
      *usage = {1000, 400, 300, 50, 20, path != "/"};
      return true;
    };
  }
  ~HostSourceTest() override { fs::remove_all(root_); }
  void Write(const std::string& name, const std::string& text) const { std::ofstream(root_ / name) << text; }

  fs::path root_;
  SimulatedClock clock_{1'700'000'123'500};
  HostOptions options_;
};

TEST_F(HostSourceTest, GoldenFiles) {
  MapSink sink;
  ASSERT_TRUE(Collect(options_, &sink).ok());
  const std::pair<const char*, double> kWanted[] = {
      {"node_cpu_seconds_total{cpu=\"0\", mode=\"user\"}", 10},
      {"node_cpu_seconds_total{cpu=\"0\", mode=\"idle\"}", 400},
      {"node_cpu_seconds_total{cpu=\"1\", mode=\"steal\"}", 0.08},
      {"node_context_switches_total", 999},
      {"node_boot_time_seconds", 1'700'000'000},
      {"node_time_seconds", 1'700'000'123.5},
      {"node_procs_running", 3},
      {"node_load1", 0.5},
      {"node_load5", 1.25},
      {"node_load15", 2.75},
      {"node_memory_MemTotal_bytes", 16'384'000},
      {"node_memory_SwapTotal_bytes", 102'400},
      {"node_memory_Active_anon_bytes", 5'120},
      {"node_memory_HugePages_Total", 2},
      {"node_disk_reads_completed_total{device=\"sda\"}", 10},
      {"node_disk_read_bytes_total{device=\"sda\"}", 102'400},
      {"node_disk_writes_completed_total{device=\"sda\"}", 20},
      {"node_disk_written_bytes_total{device=\"sda\"}", 204'800},
      {"node_disk_io_time_seconds_total{device=\"sda\"}", 0.6},
      {"node_disk_reads_completed_total{device=\"nvme0n1\"}", 5},
      {"node_network_receive_bytes_total{device=\"eth0\"}", 1000},
      {"node_network_receive_drop_total{device=\"eth0\"}", 2},
      {"node_network_transmit_packets_total{device=\"eth0\"}", 20},
      {"node_network_transmit_errs_total{device=\"eth0\"}", 3},
      {"node_network_receive_bytes_total{device=\"lo\"}", 5},
      {"node_filefd_allocated", 1024},
      {"node_filesystem_size_bytes{device=\"/dev/sda1\", fstype=\"ext4\", mountpoint=\"/\"}", 1000},
      {"node_filesystem_free_bytes{device=\"/dev/sda1\", fstype=\"ext4\", mountpoint=\"/\"}", 400},
      {"node_filesystem_avail_bytes{device=\"/dev/sdb\", fstype=\"xfs\", mountpoint=\"/mnt/my disk\"}", 300},
      {"node_filesystem_readonly{device=\"/dev/sdb\", fstype=\"xfs\", mountpoint=\"/mnt/my disk\"}", 1},
      {"node_filesystem_device_error{device=\"/dev/bad\", fstype=\"ext4\", mountpoint=\"/bad\"}", 1},
      {"node_scrape_collector_success{collector=\"netdev\"}", 1}};
  for (const auto& [series, value] : kWanted) {
    ASSERT_TRUE(sink.samples.contains(series)) << series;
    EXPECT_NEAR(sink.samples.at(series), value, 1e-9) << series;
  }
  for (const auto& [series, value] : sink.samples) {
    for (const char* unwanted : {"sda1\"}", "loop0", "nvme0n1p1", "nfs", "overlay", "/proc"}) {
      if (series.starts_with("node_disk") || series.starts_with("node_filesystem")) {
        EXPECT_EQ(series.find(unwanted), std::string::npos) << series;
      }
    }
  }
}

TEST_F(HostSourceTest, APartThatFailsIsReportedAndTheRestKept) {
  fs::remove(root_ / "net/dev");
  Write("loadavg", "x\n");
  MapSink sink;
  ASSERT_TRUE(Collect(options_, &sink).ok());
  EXPECT_EQ(sink.samples.at("node_scrape_collector_success{collector=\"netdev\"}"), 0);
  EXPECT_EQ(sink.samples.at("node_scrape_collector_success{collector=\"loadavg\"}"), 0);
  EXPECT_EQ(sink.samples.at("node_scrape_collector_success{collector=\"stat\"}"), 1);
}

TEST_F(HostSourceTest, NothingReadableMeansDown) {
  options_.proc_root = "/nonexistent";
  MapSink sink;
  const Status status = Collect(options_, &sink);
  EXPECT_EQ(status.code(), Code::kIoError);
  EXPECT_NE(status.message().find("cannot read /nonexistent/stat"), std::string_view::npos);
}

TEST_F(HostSourceTest, DevicesAndMountsAreBounded) {
  std::string devices;
  std::string mounts;
  for (int i = 0; i < 1000; ++i) {
    devices += "veth" + std::to_string(i) + ": 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n";
    mounts += "/dev/x /m" + std::to_string(i) + " ext4 rw 0 0\n";
  }
  Write("net/dev", devices);
  Write("self/mounts", mounts);
  options_.max_devices = 10;
  options_.max_mounts = 5;
  MapSink sink;
  ASSERT_TRUE(Collect(options_, &sink).ok());
  const auto count = [&](const std::string& prefix) {
    int n = 0;
    for (const auto& [series, value] : sink.samples) n += series.starts_with(prefix) ? 1 : 0;
    return n;
  };
  EXPECT_EQ(count("node_network_receive_bytes_total"), 10);
  EXPECT_EQ(count("node_filesystem_size_bytes"), 5);
}

TEST(HostSourceRealTest, ReadsThisHost) {
  MapSink sink;
  ASSERT_TRUE(Collect({}, &sink).ok());
  EXPECT_GT(sink.samples.at("node_memory_MemTotal_bytes"), 0);
  EXPECT_GT(sink.samples.at("node_time_seconds"), 1.6e9);
  std::cout << sink.samples.size() << " samples of this host\n";
}

TEST(ProcReaderTest, WordsAndFields) {
  std::string_view rest = "a  b\tc\nnext";
  EXPECT_EQ(host::Words(host::TakeUntil('\n', &rest)).size(), 3U);
  EXPECT_EQ(rest, "next");
  EXPECT_TRUE(host::Words("").empty());
  EXPECT_EQ(host::Number("x"), 0);
}

}  // namespace
}  // namespace cachescope::collect
