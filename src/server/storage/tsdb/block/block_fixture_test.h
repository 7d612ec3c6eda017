// A naive store for the tests of blocks: samples in maps, a querier over them, and what a store holds as such a map.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "server/storage/merge_querier.h"
#include "server/storage/tsdb/block/block_set.h"
#include "server/storage/tsdb/block/block_writer.h"

namespace cachescope::tsdb {

struct ModelValue {
  double v = 0;
  std::shared_ptr<const FloatHistogram> h;  // null: a float
};
using Model = std::map<Labels, std::map<TimestampMs, ModelValue>>;
// Every bit of every sample, comparable and printable. Of hints only "gauge" is kept: the others may be refined.
using Snapshot = std::map<std::string, std::map<TimestampMs, std::string>>;

inline std::string Text(const ModelValue& value) {
  std::ostringstream out;
  out << std::hex;
  const auto put = [&](double v) { out << ' ' << std::bit_cast<std::uint64_t>(v); };
  if (value.h == nullptr) {
    put(value.v);
    return out.str();
  }
  const FloatHistogram& h = *value.h;
  out << "h" << (h.reset_hint == CounterResetHint::kGauge ? "g" : "");
  put(h.sum);
  if (IsStaleMarker(h.sum)) return out.str();
  out << " s" << h.schema;
  for (const double v : {h.zero_threshold, h.zero_count, h.count}) put(v);
  for (const auto* spans : {&h.positive_spans, &h.negative_spans}) {
    out << " |";
    for (const BucketSpan& span : *spans) out << ' ' << span.offset << '+' << span.length;
  }
  for (const auto* column : {&h.positive_buckets, &h.negative_buckets, &h.custom_values}) {
    out << " |";
    for (const double v : *column) put(v);
  }
  return out.str();
}

inline Snapshot Take(const Model& model, TimestampMs mint = INT64_MIN, TimestampMs maxt = INT64_MAX) {
  Snapshot out;
  for (const auto& [labels, samples] : model) {
    for (const auto& [t, value] : samples) {
      if (t >= mint && t <= maxt) out[labels.ToString()][t] = Text(value);
    }
  }
  return out;
}

inline void AddTo(Snapshot* out, const Labels& labels, const storage::SampleColumns& columns) {
  auto& samples = (*out)[labels.ToString()];
  EXPECT_TRUE(std::is_sorted(columns.timestamps.begin(), columns.timestamps.end()));
  for (std::size_t i = 0; i < columns.timestamps.size(); ++i) {
    EXPECT_TRUE(samples.emplace(columns.timestamps[i], Text({columns.values[i], nullptr})).second);
  }
  for (const auto& sample : columns.histograms) {
    EXPECT_TRUE(samples.emplace(sample.t, Text({0, sample.h})).second);
  }
  if (samples.empty()) out->erase(labels.ToString());
}

inline Snapshot Take(storage::Querier& querier, TimestampMs mint = INT64_MIN, TimestampMs maxt = INT64_MAX) {
  Snapshot out;
  const auto set = querier.Select(true, {}, {});
  EXPECT_TRUE(set.ok()) << set.status().ToString();
  if (!set.ok()) return out;
  for (std::size_t i = 1; i < set->series.size(); ++i) {
    EXPECT_LT(set->series[i - 1]->labels(), set->series[i]->labels());
  }
  for (const auto& series : set->series) {
    storage::SampleColumns columns;
    const Status status = series->Read(mint, maxt, &columns);
    EXPECT_TRUE(status.ok()) << status.ToString();
    AddTo(&out, series->labels(), columns);
  }
  return out;
}

inline std::unique_ptr<storage::Querier> QuerierOf(const BlockSet& set, TimestampMs mint = INT64_MIN,
                                                   TimestampMs maxt = INT64_MAX) {
  std::vector<storage::MergePart> parts;
  for (const auto& block : *set.blocks()) parts.push_back({block->NewQuerier(mint, maxt), block->meta().maxt - 1});
  return storage::MergeQueriers(std::move(parts));
}

inline Snapshot Take(const BlockSet& set) { return Take(*QuerierOf(set)); }

class ModelQuerier final : public storage::Querier {
 public:
  explicit ModelQuerier(const Model& model) : model_(model) {}
  Result<storage::SeriesSet> Select(bool, const storage::SelectHints&, const std::vector<Matcher>& matchers) override {
    storage::SeriesSet out;
    for (const auto& [labels, samples] : model_) {
      if (std::all_of(matchers.begin(), matchers.end(), [&, &l = labels](const auto& m) { return m.MatchesLabels(l); }))
        out.series.push_back(std::make_unique<ModelSeries>(labels, samples));
    }
    return out;
  }
  Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>&, std::size_t) override { return Unused(); }
  Result<std::vector<std::string>> LabelValues(const std::string&, const std::vector<Matcher>&, std::size_t) override {
    return Unused();
  }

 private:
  class ModelSeries final : public storage::Series {
   public:
    ModelSeries(const Labels& labels, const std::map<TimestampMs, ModelValue>& samples)
        : labels_(labels), samples_(samples) {}
    const Labels& labels() const override { return labels_; }
    Status Read(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
      for (auto at = samples_.lower_bound(mint); at != samples_.end() && at->first <= maxt; ++at) {
        if (at->second.h != nullptr) {
          out->histograms.push_back({at->first, at->second.h});
        } else {
          out->timestamps.push_back(at->first);
          out->values.push_back(at->second.v);
        }
      }
      return {};
    }

   private:
    const Labels& labels_;
    const std::map<TimestampMs, ModelValue>& samples_;
  };
  static Status Unused() { return Internal("not used by these tests"); }
  const Model& model_;
};

class BlockFixture : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/cachescope-blocks-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
    directory_ = root_ + "/metrics";
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  static BlockWriteOptions Range(TimestampMs mint, TimestampMs maxt) {
    BlockWriteOptions options;
    options.mint = mint;
    options.maxt = maxt;
    return options;
  }
  // Writes the model's samples of [mint, maxt) as a block; its ULID, "" when there are none.
  std::string Write(const Model& model, TimestampMs mint, TimestampMs maxt) {
    ModelQuerier source(model);
    const auto meta = WriteBlock(Env::Posix(), directory_, source, Range(mint, maxt));
    EXPECT_TRUE(meta.ok()) << meta.status().ToString();
    return meta.ok() && meta->has_value() ? (*meta)->ulid : "";
  }
  std::vector<std::string> Entries() const {
    std::vector<std::string> out;
    if (!std::filesystem::exists(directory_)) return out;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      out.push_back(entry.path().filename().string());
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  std::unique_ptr<BlockSet> OpenSet(Env& env = Env::Posix()) {
    auto set = BlockSet::Open(env, directory_);
    EXPECT_TRUE(set.ok()) << set.status().ToString();
    return set.ok() ? std::move(set).value() : nullptr;
  }

  std::string root_;
  std::string directory_;
};

inline double Below(std::mt19937& random, unsigned end) { return static_cast<double>(random() % end); }

// Histograms and floats as a hostile but legal source has them: resets, layouts that change, markers, gauges.
inline std::shared_ptr<const FloatHistogram> RandomHistogram(std::mt19937& random, const FloatHistogram* previous) {
  auto h = std::make_shared<FloatHistogram>();
  if (random() % 12 == 0) {
    h->sum = StaleMarker();
    return h;
  }
  const bool keeps = previous != nullptr && !IsStaleMarker(previous->sum) && random() % 8 != 0;
  if (keeps) {
    *h = *previous;
    h->reset_hint =
        previous->reset_hint == CounterResetHint::kGauge ? CounterResetHint::kGauge : CounterResetHint::kUnknown;
    const bool shrinks = random() % 10 == 0;
    for (auto* buckets : {&h->positive_buckets, &h->negative_buckets}) {
      for (double& bucket : *buckets) bucket = shrinks ? std::floor(bucket / 2) : bucket + Below(random, 5);
    }
  } else {
    h->schema = static_cast<std::int32_t>(random() % 3);
    h->zero_threshold = random() % 2 == 0 ? 0.001 : 0;
    h->reset_hint = random() % 4 == 0 ? CounterResetHint::kGauge : CounterResetHint::kUnknown;
    h->positive_spans = {{static_cast<std::int32_t>(random() % 7) - 3, 1 + static_cast<std::uint32_t>(random() % 3)},
                         {2, 1}};
    h->positive_buckets.resize(h->positive_spans[0].length + 1);
    for (double& bucket : h->positive_buckets) bucket = Below(random, 100);
    if (random() % 5 == 0) h->positive_buckets[0] += 0.5;  // float counts
  }
  h->count = h->zero_count;
  for (const double bucket : h->positive_buckets) h->count += bucket;
  h->sum = Below(random, 1000) / 8;
  return h;
}

inline Model RandomModel(std::mt19937& random, std::size_t series, TimestampMs mint, TimestampMs maxt,
                         bool histograms = true) {
  Model model;
  for (std::size_t i = 0; i < series; ++i) {
    const Labels labels = {{"__name__", i % 3 == 0 ? "hits_total" : "bytes"},
                           {"Zone", i % 5 == 0 ? "" : std::string(1, static_cast<char>('a' + i % 4))},
                           {"instance", "h" + std::to_string(random() % (2 * series))}};
    auto& samples = model[labels];
    const std::size_t kind = histograms ? random() % 4 : 0;  // 2: histograms, 3: both
    const FloatHistogram* previous = nullptr;
    double value = Below(random, 1000);
    const auto step = static_cast<TimestampMs>(1 + random() % static_cast<unsigned long>((maxt - mint) / 50));
    for (TimestampMs t = mint + static_cast<TimestampMs>(random() % 100); t < maxt;
         t += step + static_cast<TimestampMs>(random() % 10)) {
      if (kind == 2 || (kind == 3 && random() % 16 != 0)) {
        const auto h = RandomHistogram(random, previous);
        previous = h.get();
        samples[t] = {0, h};
      } else {
        value += random() % 3 == 0 ? 0 : Below(random, 100) / 4;
        samples[t] = {random() % 40 == 0 ? StaleMarker() : value, nullptr};
      }
    }
  }
  return model;
}

}  // namespace cachescope::tsdb
