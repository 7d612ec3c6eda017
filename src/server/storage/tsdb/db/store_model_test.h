// What a store should hold, kept naively, and the comparison with what it answers. For tests.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "server/storage/querier.h"

namespace cachescope::tsdb {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "cachescope-store-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Series → time → bits of the value. Floats only.
using FloatModel = std::map<Labels, std::map<TimestampMs, std::uint64_t>>;

inline std::vector<Matcher> EverySeries() { return {*Matcher::New(MatchType::kRegex, "__name__", ".+")}; }

// What the store answers for all series in [mint, maxt]; errors fail the test.
inline FloatModel ReadAll(storage::Queryable& store, TimestampMs mint, TimestampMs maxt) {
  FloatModel out;
  const auto querier = store.NewQuerier(mint, maxt);
  auto set = querier->Select(true, {}, EverySeries());
  EXPECT_TRUE(set.ok()) << set.status().message();
  if (!set.ok()) return out;
  EXPECT_TRUE(set->warnings.empty()) << set->warnings.front();
  for (const auto& series : set->series) {
    storage::SampleColumns columns;
    const Status status = series->Read(mint, maxt, &columns);
    EXPECT_TRUE(status.ok()) << status.message();
    auto& samples = out[series->labels()];
    for (std::size_t i = 0; i < columns.timestamps.size(); ++i) {
      EXPECT_TRUE(i == 0 || columns.timestamps[i - 1] < columns.timestamps[i]) << series->labels().ToString();
      samples[columns.timestamps[i]] = std::bit_cast<std::uint64_t>(columns.values[i]);
    }
    if (samples.empty()) out.erase(series->labels());
  }
  return out;
}

// The part of the model in [mint, maxt].
inline FloatModel Slice(const FloatModel& model, TimestampMs mint, TimestampMs maxt) {
  FloatModel out;
  for (const auto& [labels, samples] : model) {
    const auto from = samples.lower_bound(mint);
    const auto to = samples.upper_bound(maxt);
    if (from != to) out[labels] = {from, to};
  }
  return out;
}

// Equal, with a message that names the first difference instead of printing both.
inline testing::AssertionResult SameSamples(const FloatModel& want, const FloatModel& got) {
  for (const auto& [labels, samples] : want) {
    const auto found = got.find(labels);
    if (found == got.end()) return testing::AssertionFailure() << labels.ToString() << " is missing";
    for (const auto& [t, bits] : samples) {
      const auto at = found->second.find(t);
      if (at == found->second.end()) return testing::AssertionFailure() << labels.ToString() << " lacks " << t;
      if (at->second != bits) return testing::AssertionFailure() << labels.ToString() << " is wrong at " << t;
    }
    for (const auto& [t, bits] : found->second) {
      if (!samples.contains(t)) return testing::AssertionFailure() << labels.ToString() << " has too much: " << t;
    }
  }
  for (const auto& [labels, samples] : got) {
    if (!want.contains(labels)) return testing::AssertionFailure() << labels.ToString() << " is too much";
  }
  return testing::AssertionSuccess();
}

}  // namespace cachescope::tsdb
