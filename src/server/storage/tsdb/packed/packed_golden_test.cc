// Chunks written once and kept: whatever becomes of the writer, they must be read as they were.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/packed/packed_decode.h"
#include "server/storage/tsdb/packed/series_for_test.h"

namespace cachescope::tsdb::packed {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

// NAME.chunk is a chunk. NAME.samples has a line for each sample: time, bits of the value in hexadecimal, start time
// ("-" when the chunk has none). NAME is FEATURE, or FEATURE.to.REFERENCE for a relative chunk.
struct Golden {
  Bytes chunk;
  storage::SampleColumns samples;
};

std::map<std::string, Golden> ReadAll() {
  std::map<std::string, Golden> all;
  for (const auto& entry : fs::directory_iterator(CACHESCOPE_SOURCE_DIR "/tests/data/chunk_packed")) {
    const std::string name = entry.path().stem().string();
    std::ifstream file(entry.path(), std::ios::binary);
    if (entry.path().extension() == ".chunk") {
      all[name].chunk.assign(std::istreambuf_iterator<char>(file), {});
    } else if (entry.path().extension() == ".samples") {
      storage::SampleColumns& samples = all[name].samples;
      for (std::string t, bits, start; file >> t >> bits >> start;) {
        samples.timestamps.push_back(std::stoll(t));
        samples.values.push_back(std::bit_cast<double>(std::stoull(bits, nullptr, 16)));
        if (start != "-") samples.starts.push_back(std::stoll(start));
      }
    }
  }
  return all;
}

TEST(PackedGoldenTest, KeptChunksAreReadAsTheyWereWritten) {
  const auto all = ReadAll();
  // One for each way of a column, each transform, each feature.
  ASSERT_EQ(all.size(), 16u);
  for (const auto& [name, golden] : all) {
    ASSERT_FALSE(golden.chunk.empty()) << name;
    ASSERT_FALSE(golden.samples.timestamps.empty()) << name;
    PackedSamples reference;
    const std::size_t to = name.find(".to.");
    if (to != std::string::npos) {
      const auto& base = all.at(name.substr(to + 4)).samples;
      reference = {base.timestamps, base.values, base.starts};
      EXPECT_EQ(*PackedReferenceDistance(golden.chunk), std::optional<std::uint64_t>(1000)) << name;
    }
    for (const Kernels* kernels : {&ScalarKernels(), &BestKernels()}) {
      storage::SampleColumns out;
      const Status status =
          Decode(*kernels, golden.chunk, to == std::string::npos ? nullptr : &reference, &out, kMinTime, kMaxTime);
      ASSERT_TRUE(status.ok()) << name << ": " << status.ToString();
      EXPECT_EQ(out.timestamps, golden.samples.timestamps) << name;
      EXPECT_TRUE(SameBits(out.values, golden.samples.values)) << name;
      EXPECT_EQ(out.starts, golden.samples.starts) << name;
    }
  }
}

}  // namespace
}  // namespace cachescope::tsdb::packed
