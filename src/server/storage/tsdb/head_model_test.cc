// The head against a naive model: a map from labels to everything appended, under random batches and queries.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <random>
#include <set>

#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/head.h"

namespace cachescope::tsdb {
namespace {

// A stored sample: bits of a float, or a histogram.
struct Entry {
  TimestampMs t = 0;
  std::uint64_t bits = 0;
  std::shared_ptr<const FloatHistogram> h;
};

using Columns = std::vector<Entry>;

struct Expected {
  std::map<Labels, Columns> series;
  TimestampMs min_time = kMinTime;

  Code Append(const Labels& labels, const Entry& entry) {
    if (entry.t < min_time) return Code::kTooOld;
    const auto it = series.find(labels);
    if (it == series.end() || it->second.empty() || entry.t > it->second.back().t) {
      series[labels].push_back(entry);
      return Code::kOk;
    }
    const Entry& newest = it->second.back();
    if (entry.t < newest.t) return Code::kOutOfOrder;
    const bool same =
        entry.h && newest.h ? SameHistogram(*entry.h, *newest.h) : !entry.h && !newest.h && entry.bits == newest.bits;
    return same ? Code::kOk : Code::kDuplicateSample;
  }
  void Truncate(TimestampMs mint) {
    min_time = std::max(min_time, mint);
    std::erase_if(series, [&](const auto& s) { return s.second.empty() || s.second.back().t < min_time; });
  }
};

// What listings are made of: every series that has been given to an appender and was not dropped since, and the times
// of everything stored since the last truncation.
struct Listed {
  std::set<Labels> series;
  TimestampMs min_time = kMaxTime;
  TimestampMs max_time = kMinTime;
  void Store(TimestampMs mint, TimestampMs maxt) {
    min_time = std::min(min_time, mint);
    max_time = std::max(max_time, maxt);
  }
};

class HeadModelTest : public testing::TestWithParam<unsigned> {
 protected:
  static HeadOptions Options(std::uint64_t seed) {
    HeadOptions options;
    options.max_future = 0;
    options.samples_per_chunk = seed % 3 == 0 ? 120 : 1 + static_cast<unsigned>(seed % 7);
    options.chunk_range = seed % 2 == 0 ? 50 : 0;
    return options;
  }
  std::uint64_t Draw(std::uint64_t below) { return random_() % below; }

  Labels DrawLabels() {
    LabelsBuilder builder;
    builder.Set("__name__", std::string(1, static_cast<char>('m' + Draw(3))));
    if (Draw(3) != 0) builder.Set("a", std::to_string(Draw(5)));
    if (Draw(3) != 0) builder.Set("b", "v" + std::to_string(Draw(4)));
    return builder.Build();
  }
  Entry DrawEntry() {
    static const std::uint64_t kOdd[] = {kStaleNanBits, kNormalNanBits, 0, 1, std::uint64_t{1} << 63};
    Entry out;
    out.t = now_ + static_cast<TimestampMs>(Draw(20)) - 6;
    out.bits = Draw(4) == 0 ? kOdd[Draw(5)] : std::bit_cast<std::uint64_t>(static_cast<double>(Draw(3)));
    if (Draw(6) == 0) {
      auto h = std::make_shared<FloatHistogram>();
      h->count = static_cast<double>(Draw(2));
      out.h = std::move(h);
    }
    return out;
  }
  Matcher DrawMatcher() {
    static const char* kNames[] = {"__name__", "a", "b", "absent"};
    static const char* kValues[] = {"", "m", "0", "1", "v1", "x"};
    static const char* kRegexes[] = {"", ".*", ".+", "m|n", "0|1|2", "v.*", "v.+", "[01]", "v[12]|", "|1", "x"};
    const auto type = static_cast<MatchType>(Draw(4));
    const bool regex = type == MatchType::kRegex || type == MatchType::kNotRegex;
    return *Matcher::New(type, kNames[Draw(4)], regex ? kRegexes[Draw(11)] : kValues[Draw(6)]);
  }

  void Batch() {
    auto appender = head_.NewAppender();
    Expected after = expected_;
    TimestampMs mint = kMaxTime;
    TimestampMs maxt = kMinTime;
    for (std::uint64_t n = Draw(40); n > 0; --n) {
      const Labels labels = DrawLabels();
      const Entry entry = DrawEntry();
      storage::SeriesRef& ref = refs_[labels];
      const auto got = entry.h ? appender->AppendHistogram(ref, labels, entry.t, entry.h)
                               : appender->Append(ref, labels, entry.t, std::bit_cast<double>(entry.bits));
      ASSERT_EQ(got.status().code(), after.Append(labels, entry)) << got.status().ToString();
      if (got.status().code() != Code::kTooOld) listed_.series.insert(labels);
      if (got.ok()) mint = std::min(mint, entry.t);
      if (got.ok()) maxt = std::max(maxt, entry.t);
      if (got.ok() && Draw(3) != 0) ref = *got;
    }
    if (Draw(5) == 0) {
      ASSERT_TRUE(appender->Rollback().ok());
    } else {
      ASSERT_TRUE(appender->Commit().ok());
      expected_ = std::move(after);
      listed_.Store(mint, maxt);
    }
    now_ += static_cast<TimestampMs>(Draw(12));
  }

  static Columns Read(const storage::Series& series, TimestampMs mint, TimestampMs maxt) {
    storage::SampleColumns columns;
    EXPECT_TRUE(series.Read(mint, maxt, &columns).ok());
    Columns out;
    for (std::size_t i = 0; i < columns.timestamps.size(); ++i) {
      out.push_back({columns.timestamps[i], std::bit_cast<std::uint64_t>(columns.values[i]), nullptr});
    }
    for (const auto& h : columns.histograms) out.push_back({h.t, 0, h.h});
    EXPECT_TRUE(std::is_sorted(columns.timestamps.begin(), columns.timestamps.end()));
    std::sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) { return a.t < b.t; });
    return out;
  }

  static void ExpectSame(const Columns& want, const Columns& got) {
    ASSERT_EQ(want.size(), got.size());
    for (std::size_t i = 0; i < want.size(); ++i) {
      ASSERT_EQ(want[i].t, got[i].t);
      ASSERT_EQ(want[i].h == nullptr, got[i].h == nullptr);
      if (want[i].h) {
        ASSERT_TRUE(SameHistogram(*want[i].h, *got[i].h));
      } else {
        ASSERT_EQ(want[i].bits, got[i].bits);
      }
    }
  }

  // One query kept open over later changes, with what it must answer.
  struct Open {
    std::unique_ptr<storage::Querier> querier;
    Expected expected;
    TimestampMs mint = 0;
    TimestampMs maxt = 0;
    bool lists = false;  // its range and that of the head overlapped
  };

  Open DrawQuery() {
    Open out;
    out.mint = Draw(3) == 0 ? kMinTime : static_cast<TimestampMs>(Draw(static_cast<std::uint64_t>(now_ + 20)));
    out.maxt = Draw(3) == 0 ? kMaxTime : out.mint + static_cast<TimestampMs>(Draw(60));
    if (out.mint == kMinTime) out.maxt = kMaxTime;
    out.querier = head_.NewQuerier(out.mint, out.maxt);
    out.expected = expected_;
    out.lists = listed_.min_time <= listed_.max_time && out.mint <= listed_.max_time && out.maxt >= listed_.min_time;
    return out;
  }

  void Check(const Open& open) {
    std::vector<Matcher> matchers;
    for (std::uint64_t n = Draw(4); n > 0; --n) matchers.push_back(DrawMatcher());
    std::map<Labels, Columns> want;
    for (const auto& expected_series : open.expected.series) {
      const Labels& labels = expected_series.first;
      const Columns& entries = expected_series.second;
      if (!std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& m) { return m.MatchesLabels(labels); })) {
        continue;
      }
      for (const Entry& entry : entries) {
        if (entry.t >= std::max(open.mint, open.expected.min_time) && entry.t <= open.maxt) {
          want[labels].push_back(entry);
        }
      }
    }
    const auto set = open.querier->Select(true, {}, matchers);
    ASSERT_TRUE(set.ok());
    std::map<Labels, Columns> got;
    const Labels* previous = nullptr;
    for (const auto& series : set->series) {
      ASSERT_TRUE(previous == nullptr || *previous < series->labels());
      previous = &series->labels();
      Columns entries = Read(*series, open.mint, open.maxt);
      // A chunk may overlap the range without a sample in it.
      if (entries.empty()) continue;
      ASSERT_NO_FATAL_FAILURE(CheckNewest(*series, open, entries.back()));
      got[series->labels()] = std::move(entries);
    }
    ASSERT_EQ(want.size(), got.size());
    for (const auto& [labels, entries] : want) {
      ASSERT_TRUE(got.contains(labels)) << labels.ToString();
      ASSERT_NO_FATAL_FAILURE(ExpectSame(entries, got[labels])) << labels.ToString();
    }
    ASSERT_NO_FATAL_FAILURE(CheckLists(open, matchers));
  }

  static void CheckNewest(const storage::Series& series, const Open& open, const Entry& want) {
    storage::SampleColumns columns;
    ASSERT_TRUE(series.ReadNewest(open.mint, open.maxt, &columns).ok());
    if (want.h) {
      ASSERT_FALSE(columns.histograms.empty());
      ASSERT_EQ(columns.histograms.back().t, want.t);
    } else {
      ASSERT_FALSE(columns.timestamps.empty());
      ASSERT_EQ(columns.timestamps.back(), want.t);
      ASSERT_EQ(std::bit_cast<std::uint64_t>(columns.values.back()), want.bits);
    }
  }

  void CheckLists(const Open& open, const std::vector<Matcher>& matchers) {
    std::set<std::string> names;
    std::set<std::string> values;
    for (const Labels& labels : listed_.series) {
      if (!open.lists) break;
      if (!std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& m) { return m.MatchesLabels(labels); })) {
        continue;
      }
      for (const LabelView& label : labels) names.emplace(label.name);
      if (labels.Has("b")) values.emplace(labels.Get("b"));
    }
    ASSERT_EQ(*open.querier->LabelNames(matchers, 0), std::vector<std::string>(names.begin(), names.end()));
    ASSERT_EQ(*open.querier->LabelValues("b", matchers, 0), std::vector<std::string>(values.begin(), values.end()));
  }

  std::mt19937_64 random_{GetParam()};
  Head head_{Options(GetParam())};
  Expected expected_;
  Listed listed_;
  TimestampMs now_ = 30;
  std::map<Labels, storage::SeriesRef> refs_;
};

TEST_P(HeadModelTest, AgreesWithTheModel) {
  std::vector<Open> open;
  for (int step = 0; step < 400; ++step) {
    ASSERT_NO_FATAL_FAILURE(Batch()) << "step " << step;
    if (Draw(4) == 0) open.push_back(DrawQuery());
    if (!open.empty() && Draw(3) == 0) {
      ASSERT_NO_FATAL_FAILURE(Check(open[Draw(open.size())])) << "step " << step;
    }
    if (Draw(20) == 0) open.clear();
    if (Draw(25) == 0) {
      const TimestampMs kept = head_.Truncate(now_ - static_cast<TimestampMs>(Draw(80)));
      expected_.Truncate(kept);
      listed_.min_time = std::max(listed_.min_time, kept);
      std::erase_if(listed_.series, [&](const Labels& labels) { return !expected_.series.contains(labels); });
    }
    ASSERT_NO_FATAL_FAILURE(Check(DrawQuery())) << "step " << step;
  }
  EXPECT_EQ(head_.stats().series >= expected_.series.size(), true);
}

INSTANTIATE_TEST_SUITE_P(Seeds, HeadModelTest, testing::Range(1u, 13u));

}  // namespace
}  // namespace cachescope::tsdb
