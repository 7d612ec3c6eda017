#include "server/storage/tsdb/ref_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace cachescope::tsdb {
namespace {

RefList Draw(std::mt19937_64& random, std::size_t size, SeriesRef range) {
  std::set<SeriesRef> out;
  for (std::size_t i = 0; i < size; ++i) out.insert(1 + random() % range);
  return {out.begin(), out.end()};
}

TEST(RefSet, AgreesWithSets) {
  std::mt19937_64 random(7);
  std::size_t met = 0;
  for (int round = 0; round < 3000; ++round) {
    // Dense and sparse, large and small on either side.
    const SeriesRef range = SeriesRef{1} << (3 + random() % 20);
    const RefList members = Draw(random, random() % 60, range);
    const RefList postings = Draw(random, random() % (round % 2 == 0 ? 5 : 2000), range);
    const RefSet set(members);
    std::set<SeriesRef> common;
    for (const SeriesRef ref : postings) {
      const bool in = std::binary_search(members.begin(), members.end(), ref);
      ASSERT_EQ(set.Contains(ref), in);
      if (in) common.insert(ref);
    }
    met += common.empty() ? 0 : 1;
    EXPECT_EQ(set.Meets(postings, [](SeriesRef) { return true; }), !common.empty());
    EXPECT_FALSE(set.Meets(postings, [](SeriesRef) { return false; }));
    if (!common.empty()) {
      EXPECT_TRUE(set.Meets(postings, [&](SeriesRef ref) { return ref == *common.rbegin(); }));
    }
  }
  EXPECT_GT(met, 500u);
  EXPECT_LT(met, 2900u);
}

TEST(RefSet, HoldsTheBordersOfABitmap) {
  const RefList members{64, 127, 128, 191};
  const RefSet set(members);
  for (const SeriesRef ref : {SeriesRef{0}, SeriesRef{63}, SeriesRef{65}, SeriesRef{192}, ~SeriesRef{0}}) {
    EXPECT_FALSE(set.Contains(ref)) << ref;
  }
  for (const SeriesRef ref : members) EXPECT_TRUE(set.Contains(ref)) << ref;
}

}  // namespace
}  // namespace cachescope::tsdb
