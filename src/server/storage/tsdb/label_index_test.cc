#include "server/storage/tsdb/label_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace cachescope::tsdb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Matcher M(MatchType type, std::string name, std::string value) {
  return *Matcher::New(type, std::move(name), std::move(value));
}

class LabelIndexTest : public testing::Test {
 protected:
  SeriesRef Add(const Labels& labels) {
    const SeriesRef ref = index_.Add(labels, [](SeriesRef) {});
    series_.emplace_back(ref, labels);
    return ref;
  }
  // What Find means, residual matchers applied.
  RefList Found(const std::vector<Matcher>& matchers) const {
    const Candidates candidates = index_.Find(matchers);
    RefList out;
    for (const SeriesRef ref : candidates.refs) {
      const Labels& labels = LabelsOf(ref);
      if (std::all_of(candidates.residual.begin(), candidates.residual.end(),
                      [&](const Matcher* m) { return m->MatchesLabels(labels); })) {
        out.push_back(ref);
      }
    }
    return out;
  }
  RefList Expected(const std::vector<Matcher>& matchers) const {
    RefList out;
    for (const auto& one : series_) {
      const SeriesRef ref = one.first;
      const Labels& labels = one.second;
      if (std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& m) { return m.MatchesLabels(labels); })) {
        out.push_back(ref);
      }
    }
    return out;
  }
  const Labels& LabelsOf(SeriesRef ref) const {
    return std::find_if(series_.begin(), series_.end(), [ref](const auto& s) { return s.first == ref; })->second;
  }
  std::vector<std::string> Values(std::string_view name) const {
    std::vector<std::string> out;
    index_.VisitValues(name, [&](const std::string& value, RefSpan) {
      out.push_back(value);
      return true;
    });
    return out;
  }

  LabelIndex index_;
  std::vector<std::pair<SeriesRef, Labels>> series_;
};

TEST_F(LabelIndexTest, AnswersEachKindOfMatcher) {
  const SeriesRef a = Add({{"__name__", "m"}, {"i", "a"}});
  const SeriesRef b = Add({{"__name__", "m"}, {"i", "b"}});
  const SeriesRef none = Add({{"__name__", "m"}});
  const SeriesRef other = Add({{"__name__", "n"}, {"i", "a"}});
  EXPECT_THAT(Found({}), ElementsAre(a, b, none, other));
  EXPECT_THAT(Found({M(MatchType::kEqual, "i", "a")}), ElementsAre(a, other));
  EXPECT_THAT(Found({M(MatchType::kEqual, "i", "")}), ElementsAre(none));
  EXPECT_THAT(Found({M(MatchType::kNotEqual, "i", "a")}), ElementsAre(b, none));
  EXPECT_THAT(Found({M(MatchType::kNotEqual, "i", "")}), ElementsAre(a, b, other));
  EXPECT_THAT(Found({M(MatchType::kRegex, "i", "a|b"), M(MatchType::kEqual, "__name__", "m")}), ElementsAre(a, b));
  EXPECT_THAT(Found({M(MatchType::kRegex, "i", "a|")}), ElementsAre(a, none, other));
  EXPECT_THAT(Found({M(MatchType::kRegex, "i", ".*")}), ElementsAre(a, b, none, other));
  EXPECT_THAT(Found({M(MatchType::kRegex, "i", ".+")}), ElementsAre(a, b, other));
  EXPECT_THAT(Found({M(MatchType::kNotRegex, "i", ".+")}), ElementsAre(none));
  EXPECT_THAT(Found({M(MatchType::kNotRegex, "i", "a|")}), ElementsAre(b));
  EXPECT_THAT(Found({M(MatchType::kNotRegex, "i", "[a]")}), ElementsAre(b, none));
  EXPECT_THAT(Found({M(MatchType::kEqual, "absent", "")}), ElementsAre(a, b, none, other));
  EXPECT_THAT(Found({M(MatchType::kEqual, "absent", "x")}), IsEmpty());
  EXPECT_THAT(Found({M(MatchType::kNotEqual, "absent", "")}), IsEmpty());
}

TEST_F(LabelIndexTest, ListsAreSortedAndFollowRemoval) {
  const SeriesRef a = Add({{"z", "2"}, {"a", "1"}});
  Add({{"z", "1"}, {"b", "1"}});
  EXPECT_THAT(index_.Names(), ElementsAre("a", "b", "z"));
  EXPECT_THAT(Values("z"), ElementsAre("1", "2"));
  const Labels dead{{"z", "2"}, {"a", "1"}};
  index_.Remove({{a, &dead}});
  EXPECT_THAT(index_.Names(), ElementsAre("b", "z"));
  EXPECT_THAT(Values("z"), ElementsAre("1"));
  EXPECT_THAT(index_.All(), ElementsAre(a + 1));
}

TEST_F(LabelIndexTest, ForgettingEverythingGivesTheBytesBack) {
  std::vector<DeadSeries> dead;
  for (int i = 0; i < 3000; ++i) Add({{"__name__", "m"}, {"i", "a value longer than inline " + std::to_string(i)}});
  EXPECT_GT(index_.MemoryBytes(), 100000u);
  for (const auto& [ref, labels] : series_) dead.push_back({ref, &labels});
  index_.Remove(dead);
  EXPECT_EQ(index_.MemoryBytes(), 0u);
  EXPECT_THAT(index_.Names(), IsEmpty());
}

TEST_F(LabelIndexTest, ScansMoreValuesThanOneSlice) {
  for (std::size_t i = 0; i < 3 * LabelIndex::kSliceValues + 7; ++i)
    Add({{"i", std::to_string(i)}, {"j", i % 2 ? "x" : "y"}});
  const auto same = [this](const std::vector<Matcher>& matchers) { EXPECT_EQ(Found(matchers), Expected(matchers)); };
  EXPECT_EQ(Values("i").size(), series_.size());
  same({M(MatchType::kRegex, "i", "1.*5")});
  same({M(MatchType::kNotRegex, "i", "1.*5")});
  same({M(MatchType::kRegex, "i", ".*7"), M(MatchType::kEqual, "j", "x")});
  same({M(MatchType::kNotEqual, "i", ""), M(MatchType::kNotEqual, "j", "x")});
}

TEST_F(LabelIndexTest, CountsTheLargestOfEachKind) {
  for (int i = 0; i < 5; ++i) Add({{"__name__", "big"}, {"i", "v" + std::to_string(i)}});
  Add({{"__name__", "small"}, {"i", "v0"}});
  Add({{"__name__", "also"}, {"i", "v0"}});
  const Cardinality count = index_.Count(2);
  EXPECT_EQ(count.series, 7u);
  EXPECT_EQ(count.label_pairs, 8u);
  ASSERT_EQ(count.series_by_metric.size(), 2u);
  EXPECT_EQ(count.series_by_metric[0].name, "big");
  EXPECT_EQ(count.series_by_metric[0].count, 5u);
  EXPECT_EQ(count.series_by_metric[1].name, "also");
  EXPECT_EQ(count.values_by_label[0].name, "i");
  EXPECT_EQ(count.values_by_label[0].count, 5u);
  EXPECT_EQ(count.bytes_by_label[0].name, "__name__");
  EXPECT_EQ(count.bytes_by_label[0].count, 5 * 3u + 5u + 4u);
  EXPECT_EQ(count.series_by_label_pair[0].name, "__name__=big");
  EXPECT_EQ(count.series_by_label_pair[1].name, "i=v0");
  EXPECT_EQ(count.series_by_label_pair[1].count, 3u);
}

TEST(PostingsTest, SetOperationsAgreeWithTheStandardLibrary) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 500; ++round) {
    const auto draw = [&random](std::uint64_t size, std::uint64_t range) {
      std::set<SeriesRef> out;
      for (std::uint64_t n = random() % (size + 1); n > 0; --n) out.insert(1 + random() % range);
      return RefList(out.begin(), out.end());
    };
    const std::uint64_t range = round % 2 == 0 ? 300 : std::uint64_t{1} << 40;
    const RefList a = draw(200, range);
    const RefList b = draw(round % 3 == 0 ? 3 : 200, range);
    RefList want;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(want));
    EXPECT_EQ(Intersect(a, b), want);
    want.clear();
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(want));
    EXPECT_EQ(Subtract(a, b), want);
    PostingList list;
    for (const SeriesRef ref : a) list.PushBack(ref);
    list.RemoveAll(b);
    EXPECT_EQ(RefList(list.refs().begin(), list.refs().end()), want);
    want.clear();
    std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(want));
    RefList both = b;
    both.insert(both.end(), a.begin(), a.end());
    SortUnique(&both);
    EXPECT_EQ(both, want);
  }
}

TEST(PostingsTest, ListGrowsAgainAfterRemoval) {
  PostingList list;
  for (SeriesRef ref = 1; ref <= 10; ++ref) list.PushBack(ref);
  for (SeriesRef ref = 1; ref <= 10; ++ref) list.RemoveAll(RefList{ref});
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.HeapBytes(), 0u);
  list.PushBack(11);
  list.PushBack(12);
  EXPECT_THAT(RefList(list.refs().begin(), list.refs().end()), ElementsAre(11, 12));
}

}  // namespace
}  // namespace cachescope::tsdb
