#include "cachescope/kits/system.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "client/kits/fake_proc_test.h"
#include "client/kits/host_files.h"
#include "client/kits/test_clock_test.h"

namespace cachescope::kits {
namespace {

TEST(SystemKit, ComputesFromTwoSamples) {
  test_seconds = 1000;
  FakeProc proc;
  Registry registry;
  SystemKit kit(registry, {.component = "node",
                           .mount_points = {"/"},
                           .processes = {"redis-server", "absent"},
                           .proc = proc.path(),
                           .kit = {.now = &TestNow}});
  const catalogue::SystemMetrics metrics(registry);
  EXPECT_TRUE(kit.Sample());
  EXPECT_EQ(metrics.cpu_usage.With("node").Value(), 0) << "nothing to compare with yet";
  EXPECT_EQ(metrics.network_io.With("node", "receive").Value(), 0) << "what was before does not count";
  proc.Advance();
  test_seconds = 1010;
  EXPECT_TRUE(kit.Sample());
  EXPECT_DOUBLE_EQ(metrics.cpu_usage.With("node").Value(), 50);
  EXPECT_DOUBLE_EQ(metrics.memory_usage.With("node").Value(), 600 * 1024);
  EXPECT_EQ(metrics.network_io.With("node", "receive").Value(), 1000);
  EXPECT_EQ(metrics.network_io.With("node", "transmit").Value(), 2000);
  EXPECT_EQ(metrics.process_count.With("node").Value(), 3);
  const double ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  EXPECT_DOUBLE_EQ(metrics.process_cpu.With("node", "redis-server").Value(), 250 / ticks_per_second / 10 * 100);
  EXPECT_DOUBLE_EQ(metrics.process_memory.With("node", "redis-server").Value(),
                   300.0 * static_cast<double>(sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(metrics.process_cpu.With("node", "absent").Value(), 0);
  EXPECT_GT(metrics.disk_usage.With("node", "/").Value(), 0);
}

TEST(SystemKit, NetworkCounterDoesNotFallWithAnInterface) {
  FakeProc proc;
  Registry registry;
  SystemKit kit(registry, {.component = "node", .proc = proc.path()});
  kit.Sample();
  proc.Advance();
  kit.Sample();
  proc.Write("net/dev", "eth0: 5 0 0 0 0 0 0 0 5 0\n");
  kit.Sample();
  proc.Write("net/dev", "eth0: 25 0 0 0 0 0 0 0 5 0\n");
  kit.Sample();
  const catalogue::SystemMetrics metrics(registry);
  EXPECT_EQ(metrics.network_io.With("node", "receive").Value(), 1020);
}

TEST(SystemKit, SaysWhatItCannotRead) {
  FakeProc proc;
  Registry registry;
  SystemKit no_disk(registry, {.mount_points = {"/no/such/folder"}, .proc = proc.path()});
  EXPECT_FALSE(no_disk.Sample());
  SystemKit no_proc(registry, {.proc = "/no/such/folder"});
  EXPECT_FALSE(no_proc.Sample());
}

TEST(SystemKit, ReadsThisHost) {
  Registry registry;
  SystemKit kit(registry, {.component = "here"});
  EXPECT_TRUE(kit.Sample());
  const catalogue::SystemMetrics metrics(registry);
  EXPECT_GT(metrics.memory_usage.With("here").Value(), 1e6);
  EXPECT_GE(metrics.process_count.With("here").Value(), 1);
}

TEST(SystemKit, HealthIsANumber) {
  Registry registry;
  SystemKit kit(registry, {.component = "node"});
  const catalogue::SystemMetrics metrics(registry);
  const auto f = [&](Health health, double want) {
    kit.RecordHealthCheck("redis", health, 0.01);
    EXPECT_EQ(metrics.health_status.With("node", "redis").Value(), want);
  };
  f(Health::kWarning, 0.5);
  f(Health::kCritical, 0);
  f(Health::kUnknown, -1);
  f(Health::kHealthy, 1);
  EXPECT_EQ(metrics.health_check_latency.With("node", "redis").Count(), 4U);
}

TEST(HostFiles, RefuseWhatIsNotWhatItShouldBe) {
  client::MemoryUse memory;
  client::CpuTicks cpu;
  client::NetworkBytes network;
  client::ProcessUse process;
  for (const std::string_view text :
       {"", "cpu", "cpu 1 2 3", "MemTotal: x kB", "eth0: 1 2", "1 (a", "1 (a) S 1", ")("}) {
    EXPECT_FALSE(client::ParseMemory(text, &memory)) << text;
    EXPECT_FALSE(client::ParseCpu(text, &cpu)) << text;
    EXPECT_FALSE(client::ParseNetwork(text, &network)) << text;
    EXPECT_FALSE(client::ParseProcess(text, &process)) << text;
  }
}

}  // namespace
}  // namespace cachescope::kits
