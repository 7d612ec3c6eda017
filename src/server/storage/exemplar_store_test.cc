#include "server/storage/exemplar_store.h"

#include <gtest/gtest.h>

#include <limits>

namespace cachescope::storage {
namespace {

std::vector<std::vector<Matcher>> ByName(const char* name) {
  return {{*Matcher::New(MatchType::kEqual, "__name__", name)}};
}

TEST(ExemplarStoreTest, KeepsAndSelects) {
  const auto store = ExemplarStore::NewInMemory(10);
  const Labels a{{"__name__", "a"}, {"x", "1"}};
  const Labels b{{"__name__", "b"}};
  EXPECT_TRUE(store->AddExemplar(a, {Labels{{"trace_id", "t1"}}, 1, 100}).ok());
  EXPECT_TRUE(store->AddExemplar(a, {Labels{{"trace_id", "t1"}}, 1, 100}).ok());
  EXPECT_TRUE(store->AddExemplar(a, {Labels{{"trace_id", "t2"}}, 2, 200}).ok());
  EXPECT_TRUE(store->AddExemplar(b, {Labels{{"trace_id", "t3"}}, 3, 150}).ok());
  EXPECT_EQ(store->AddExemplar(a, {Labels{{"trace_id", "t4"}}, 2, 150}).code(), Code::kOutOfOrder);
  EXPECT_TRUE(store->AddExemplar(b, {Labels{{"trace_id", "t3"}}, 3, 160, false}).ok());
  EXPECT_EQ(store->exemplar_stats().stored, 3U);
  EXPECT_EQ(store->exemplar_stats().series, 2U);
  const auto found = store->Select(0, 1000, ByName("a"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].series, a);
  ASSERT_EQ(found[0].exemplars.size(), 2U);
  EXPECT_EQ(found[0].exemplars[1].value, 2);
  EXPECT_EQ(store->Select(0, 1000, {ByName("b")[0], ByName("a")[0]}).size(), 2U);
  EXPECT_TRUE(store->Select(201, 1000, ByName("a")).empty());
  ASSERT_EQ(store->Select(150, 200, ByName("a"))[0].exemplars.size(), 1U);
}

TEST(ExemplarStoreTest, ForgetsTheOldestFirst) {
  const auto store = ExemplarStore::NewInMemory(3);
  for (int i = 0; i < 10; ++i) {
    const Labels series{{"__name__", i % 2 == 0 ? "even" : "odd"}};
    EXPECT_TRUE(store->AddExemplar(series, {Labels{{"n", std::to_string(i)}}, 0, i}).ok());
  }
  EXPECT_EQ(store->exemplar_stats().stored, 3U);
  EXPECT_EQ(store->exemplar_stats().appended, 10U);
  EXPECT_EQ(store->Select(0, 100, ByName("even"))[0].exemplars.size(), 1U);
  EXPECT_EQ(store->Select(0, 100, ByName("odd"))[0].exemplars.front().t, 7);
}

TEST(ExemplarStoreTest, ForgetsASeriesWithItsLastExemplarWhileItIsAppendedTo) {
  const auto store = ExemplarStore::NewInMemory(1);
  const Labels a{{"__name__", "a"}};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(store->AddExemplar(a, {{}, static_cast<double>(i), i}).ok());
  EXPECT_EQ(store->exemplar_stats().series, 1U);
  EXPECT_EQ(store->Select(0, 100, ByName("a"))[0].exemplars.front().t, 4);
}

TEST(ExemplarStoreTest, RefusesLongLabels) {
  const auto store = ExemplarStore::NewInMemory(3);
  const std::string name = "n";
  const auto add = [&](std::size_t length) {
    std::string value;
    for (std::size_t i = 0; i < length; ++i) value += "é";
    return store->AddExemplar(Labels{{"__name__", "a"}}, {Labels{{name, value}}, 0, 1});
  };
  EXPECT_TRUE(add(kMaxExemplarRunes - 1).ok());
  EXPECT_EQ(add(kMaxExemplarRunes).code(), Code::kInvalidArgument);
  EXPECT_EQ(ExemplarStore::NewInMemory(0)->AddExemplar(Labels{{"a", "b"}}, {}).code(), Code::kOk);
}

}  // namespace
}  // namespace cachescope::storage
