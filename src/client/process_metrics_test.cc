#include "cachescope/process_metrics.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>

namespace cachescope {
namespace {

TEST(ProcessMetrics, AreThereAndPlausible) {
  std::vector<FamilySnapshot> families;
  CollectProcessMetrics(&families);
  std::map<std::string, double> values;
  for (const FamilySnapshot& family : families) values[family.name] = family.series.at(0).value;
  const double now = static_cast<double>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
  EXPECT_GE(values.at("process_cpu_seconds_total"), 0);
  EXPECT_GT(values.at("process_resident_memory_bytes"), 1 << 20);
  EXPECT_GT(values.at("process_virtual_memory_bytes"), values.at("process_resident_memory_bytes"));
  EXPECT_GT(values.at("process_virtual_memory_max_bytes"), 0);
  EXPECT_GE(values.at("process_open_fds"), 1);
  EXPECT_LE(values.at("process_open_fds"), values.at("process_max_fds"));
  EXPECT_GE(values.at("process_threads"), 1);
  EXPECT_NEAR(values.at("process_start_time_seconds"), now, 3600);
}

}  // namespace
}  // namespace cachescope
