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

class ExemplarLogTest : public testing::Test {
 protected:
  void SetUp() override {
    store_->SetLog([this](std::span<const StoredExemplar> exemplars) {
      ++calls_;
      for (const StoredExemplar& stored : exemplars) logged_.push_back(stored.exemplar.t);
    });
  }
  void Add(const char* series, TimestampMs t) {
    (void)store_->AddExemplar(Labels{{"__name__", series}}, {Labels{{"n", std::to_string(t)}}, 1, t});
  }

  std::unique_ptr<ExemplarStore> store_ = ExemplarStore::NewInMemory(4);
  std::vector<TimestampMs> logged_;
  int calls_ = 0;
};

TEST_F(ExemplarLogTest, GetsWhatIsStoredOnceAndInOrder) {
  Add("a", 1);
  Add("b", 2);
  Add("a", 3);
  Add("a", 3);  // the same again
  Add("a", 2);  // refused
  EXPECT_EQ(calls_, 0);
  store_->Flush();
  EXPECT_EQ(logged_, (std::vector<TimestampMs>{1, 2, 3}));
  store_->Flush();
  EXPECT_EQ(calls_, 1);
  for (TimestampMs t = 10; t < 10 + static_cast<TimestampMs>(ExemplarStore::kUnflushed); ++t) Add("a", t);
  EXPECT_EQ(calls_, 2) << "so many do not wait";
  EXPECT_EQ(logged_.size(), 3 + ExemplarStore::kUnflushed);
}

TEST_F(ExemplarLogTest, AgainIsAllThatIsHeldTheOldestFirst) {
  store_->LogAgain();
  EXPECT_EQ(calls_, 0);
  for (TimestampMs t = 1; t <= 6; ++t) Add(t % 3 == 0 ? "b" : "a", t);
  store_->LogAgain();
  EXPECT_EQ(logged_, (std::vector<TimestampMs>{3, 4, 5, 6}));
  store_->Flush();
  EXPECT_EQ(calls_, 1) << "they are in it";
}

TEST_F(ExemplarLogTest, WithoutALogNothingIsGatheredForIt) {
  store_->SetLog(nullptr);
  Add("a", 1);
  store_->Flush();
  store_->LogAgain();
  SetUp();
  store_->Flush();
  EXPECT_EQ(calls_, 0);
  Add("a", 2);
  store_->Flush();
  EXPECT_EQ(logged_, (std::vector<TimestampMs>{2}));
}

}  // namespace
}  // namespace cachescope::storage
