#include "server/storage/tsdb/block/block_meta.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace cachescope::tsdb {
namespace {

// Found by fuzzing: numbers that no integer can hold were cast all the same.
TEST(BlockMetaTest, RefusesNumbersThatAreNotWhole) {
  char name[] = "/tmp/cachescope-meta-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  Env& env = Env::Posix();
  BlockMeta meta;
  meta.ulid = "01HZX3V5T0ABCDEFGHJKMNPQRS";
  meta.maxt = 7'200'000;
  meta.samples = 5;
  meta.parents = {{meta.ulid, 1, 2}};
  ASSERT_TRUE(WriteBlockMeta(env, name, meta).ok());
  EXPECT_TRUE(ReadBlockMeta(env, name).ok());
  const std::string path = JoinPath(name, "meta.json");
  const std::string good = *env.ReadFile(path, 1 << 20);
  for (const char* key : {"minTime", "maxTime", "numSamples", "level", "version"}) {
    for (std::size_t at = good.find(key); at != std::string::npos; at = good.find(key, at + 1)) {
      const std::size_t number = good.find(':', at) + 2;
      std::string bad = good;
      bad.replace(number, good.find_first_of(",\n", number) - number, "1.70001e+31");
      ASSERT_TRUE(env.ReplaceFile(path, bad).ok());
      const auto read = ReadBlockMeta(env, name);
      EXPECT_EQ(read.status().code(), Code::kCorruption) << bad;
      EXPECT_NE(read.status().message().find(key), std::string_view::npos) << read.status().ToString();
    }
  }
  std::filesystem::remove_all(name);
}

}  // namespace
}  // namespace cachescope::tsdb
