// Queries over a store that cannot read all it has: the rest is answered, with a warning.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/promql/engine.h"

namespace cachescope::promql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Series i has the value 60 t at each minute; reading those from `broken` on fails behind two minutes, in the middle of
// a sample.
class DamagedStore final : public storage::Queryable {
 public:
  DamagedStore(std::size_t size, std::size_t broken, Code code) : broken_(broken), code_(code) {
    for (std::size_t i = 0; i < size; ++i) labels_.push_back({{"__name__", "c_total"}, {"i", std::to_string(i)}});
  }
  std::unique_ptr<storage::Querier> NewQuerier(TimestampMs, TimestampMs) override {
    return std::make_unique<Querier>(this);
  }

 private:
  class Series final : public storage::Series {
   public:
    Series(const DamagedStore* store, std::size_t index) : store_(*store), index_(index) {}
    const Labels& labels() const override { return store_.labels_[index_]; }
    Status Read(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
      for (TimestampMs t = 0; t <= 600'000; t += 60'000) {
        if (t < mint || t > maxt) continue;
        out->timestamps.push_back(t);
        if (index_ >= store_.broken_ && t > 120'000) {
          return {store_.code_, "cannot read chunk of series " + std::to_string(index_) + ": checksum differs"};
        }
        out->values.push_back(static_cast<double>(t) / 1000);
      }
      return {};
    }

   private:
    const DamagedStore& store_;
    const std::size_t index_;
  };
  class Querier final : public storage::Querier {
   public:
    explicit Querier(const DamagedStore* store) : store_(*store) {}
    Result<storage::SeriesSet> Select(bool, const storage::SelectHints&, const std::vector<Matcher>&) override {
      storage::SeriesSet out;
      for (std::size_t i = 0; i < store_.labels_.size(); ++i)
        out.series.push_back(std::make_unique<Series>(&store_, i));
      return out;
    }
    Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>&, std::size_t) override {
      return std::vector<std::string>();
    }
    Result<std::vector<std::string>> LabelValues(const std::string&, const std::vector<Matcher>&,
                                                 std::size_t) override {
      return std::vector<std::string>();
    }

   private:
    const DamagedStore& store_;
  };

  std::vector<Labels> labels_;
  const std::size_t broken_;
  const Code code_;
};

constexpr const char* kWarning = "some samples could not be read: cannot read chunk of series 1: checksum differs";

QueryResult Range(storage::Queryable& store, const std::string& query) {
  EngineOptions options;
  options.parser.extended_range_selectors = true;
  auto result = Engine(options).Range(store, query, 0, 600'000, 60'000);
  EXPECT_TRUE(result.ok()) << query << ": " << result.status().ToString();
  return result.ok() ? std::move(*result) : QueryResult();
}

TEST(DamageTest, EveryWayToReadAnswersTheRestWithAWarning) {
  DamagedStore store(2, 1, Code::kCorruption);
  const std::pair<const char*, std::size_t> queries[] = {{"c_total", 2},
                                                         {"rate(c_total[2m])", 2},
                                                         {"c_total smoothed", 2},
                                                         {"timestamp(c_total)", 2},
                                                         {"sum by (i)(c_total)", 2},
                                                         {"sum(rate(c_total[2m]))", 1},
                                                         {"count_over_time(c_total[10m:1m])", 2}};
  for (const auto& [query, series] : queries) {
    const QueryResult result = Range(store, query);
    EXPECT_THAT(result.series, SizeIs(series)) << query;
    EXPECT_THAT(result.warnings, ElementsAre(kWarning)) << query;
  }
  const QueryResult plain = Range(store, "last_over_time(c_total[1m])");
  ASSERT_THAT(plain.series, SizeIs(2));
  EXPECT_THAT(plain.series[0].floats, SizeIs(11));
  EXPECT_THAT(plain.series[1].floats, SizeIs(3));
  const auto matrix = Engine(EngineOptions()).Instant(store, "c_total[10m]", 600'000);
  ASSERT_TRUE(matrix.ok()) << matrix.status().ToString();
  EXPECT_THAT(matrix->series[1].floats, SizeIs(2));
  EXPECT_THAT(matrix->warnings, ElementsAre(kWarning));
}

TEST(DamageTest, NothingIsSaidAboutDamageThatWasNotMet) {
  DamagedStore store(2, 1, Code::kCorruption);
  const auto result = Engine(EngineOptions()).Instant(store, "c_total", 120'000);
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->series, SizeIs(2));
  EXPECT_THAT(result->warnings, IsEmpty());
}

TEST(DamageTest, WarningsAreBounded) {
  DamagedStore store(500, 0, Code::kIoError);
  const QueryResult result = Range(store, "c_total");
  EXPECT_THAT(result.series, SizeIs(500));
  ASSERT_THAT(result.warnings, SizeIs(11));
  EXPECT_EQ(result.warnings[9], "some samples could not be read: cannot read chunk of series 9: checksum differs");
  EXPECT_EQ(result.warnings[10], "some samples could not be read: there are more causes than are shown");
}

TEST(DamageTest, OtherErrorsStayErrors) {
  DamagedStore store(2, 1, Code::kCancelled);
  const auto result = Engine(EngineOptions()).Range(store, "c_total", 0, 600'000, 60'000);
  EXPECT_EQ(result.status().code(), Code::kCancelled);
}

}  // namespace
}  // namespace cachescope::promql
