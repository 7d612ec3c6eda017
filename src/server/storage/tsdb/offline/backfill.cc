#include "server/storage/tsdb/offline/backfill.h"

#include <algorithm>
#include <numeric>

#include "server/storage/tsdb/block/block_set.h"
#include "server/storage/tsdb/block/ulid.h"

namespace cachescope::tsdb {
namespace {

// What a series costs in a range beside its samples: the map's slot, two vectors, the labels.
constexpr std::uint64_t kSeriesBytes = 160;
constexpr std::uint64_t kSampleBytes = 2 * (sizeof(TimestampMs) + sizeof(double));  // vectors grow by doubling

TimestampMs RangeBegin(TimestampMs t, DurationMs range) {
  const TimestampMs rest = t % range;
  return t - (rest < 0 ? rest + range : rest);
}

// Ascending and unique; of equal times the last stays. Returns how many went.
std::uint64_t PutInOrder(std::vector<TimestampMs>* t, std::vector<double>* v) {
  if (std::adjacent_find(t->begin(), t->end(), std::greater_equal<>()) == t->end()) return 0;
  std::vector<std::size_t> order(t->size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return (*t)[a] < (*t)[b]; });
  std::vector<TimestampMs> times;
  std::vector<double> values;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i + 1 < order.size() && (*t)[order[i]] == (*t)[order[i + 1]]) continue;
    times.push_back((*t)[order[i]]);
    values.push_back((*v)[order[i]]);
  }
  const std::uint64_t gone = t->size() - times.size();
  *t = std::move(times);
  *v = std::move(values);
  return gone;
}

class ColumnSeries final : public storage::Series {
 public:
  ColumnSeries(Labels labels, std::vector<TimestampMs> timestamps, std::vector<double> values)
      : labels_(std::move(labels)), timestamps_(std::move(timestamps)), values_(std::move(values)) {}
  const Labels& labels() const override { return labels_; }
  Status Read(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    for (std::size_t i = 0; i < timestamps_.size(); ++i) {
      if (timestamps_[i] < mint || timestamps_[i] > maxt) continue;
      out->timestamps.push_back(timestamps_[i]);
      out->values.push_back(values_[i]);
    }
    return {};
  }

 private:
  const Labels labels_;
  const std::vector<TimestampMs> timestamps_;
  const std::vector<double> values_;
};

}  // namespace

// Hands out the series of a range in order, each freed when it is done.
class Backfill::Source final : public SeriesSource {
 public:
  Source(Range* range, std::uint64_t* duplicates) : range_(range), duplicates_(duplicates) {
    for (const auto& [labels, column] : *range) order_.push_back(&labels);
    std::sort(order_.begin(), order_.end(), [](const Labels* a, const Labels* b) { return *a < *b; });
  }
  Status CollectSymbols(std::set<std::string, std::less<>>* symbols) override {
    for (const Labels* labels : order_) {
      for (const LabelView& label : *labels) {
        if (!symbols->contains(label.name)) symbols->emplace(label.name);
        if (!symbols->contains(label.value)) symbols->emplace(label.value);
      }
    }
    return {};
  }
  std::size_t size() const override { return order_.size(); }
  Result<std::unique_ptr<storage::Series>> Next() override {
    if (at_ == order_.size()) return std::unique_ptr<storage::Series>();
    const auto found = range_->find(*order_[at_++]);
    Column column = std::move(found->second);
    *duplicates_ += PutInOrder(&column.timestamps, &column.values);
    return std::unique_ptr<storage::Series>(
        std::make_unique<ColumnSeries>(found->first, std::move(column.timestamps), std::move(column.values)));
  }

 private:
  Range* const range_;
  std::uint64_t* const duplicates_;
  std::vector<const Labels*> order_;  // keys of the map, which does not change
  std::size_t at_ = 0;
};

Backfill::Backfill(Env& env, std::string directory, const BackfillOptions& options)
    : env_(env),
      directory_(std::move(directory)),
      // A start removes it should this process not come to it.
      staging_(JoinPath(directory_, NewUlid(Clock::System().NowMs()) + ".tmp-for-import")),
      options_(options) {}

Result<std::unique_ptr<Backfill>> Backfill::Open(Env& env, const std::string& directory,
                                                 const BackfillOptions& options) {
  std::unique_ptr<Backfill> out(new Backfill(env, directory, options));
  CACHESCOPE_RETURN_IF_ERROR(env.MakeDirectories(out->staging_));
  return out;
}

// What cannot be removed now goes with the next start.
Backfill::~Backfill() { (void)env_.RemoveAll(staging_); }

Status Backfill::Add(const Labels& labels, TimestampMs t, double v) {
  Range& range = ranges_[RangeBegin(t, options_.block_range)];
  auto [found, fresh] = range.try_emplace(labels);
  if (fresh) bytes_ += kSeriesBytes + labels.MemoryBytes();
  found->second.timestamps.push_back(t);
  found->second.values.push_back(v);
  bytes_ += kSampleBytes;
  ++added_;
  return bytes_ < options_.memory_bytes ? Status() : Spill();
}

BlockWriteOptions Backfill::WriteOptions(TimestampMs begin) const {
  BlockWriteOptions out;
  out.mint = begin;
  out.maxt = begin > INT64_MAX - options_.block_range ? INT64_MAX : begin + options_.block_range;
  out.encoding = options_.encoding;
  out.chunk_range = options_.block_range;
  out.hints = {kImportedHint};
  return out;
}

Status Backfill::Spill() {
  for (auto& [begin, range] : ranges_) {
    Source source(&range, &duplicates_);
    CACHESCOPE_ASSIGN_OR_RETURN(const std::optional<BlockMeta> written,
                                WriteBlock(env_, staging_, source, WriteOptions(begin)));
    if (written.has_value()) written_[begin].push_back(written->ulid);
    range = Range();
  }
  ranges_.clear();
  bytes_ = 0;
  return {};
}

// Ranges that were written more than once become one block each, in which the sample given last wins.
Status Backfill::Merge() {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<BlockSet> set, BlockSet::Open(env_, staging_));
  for (auto& [begin, ulids] : written_) {
    if (ulids.size() < 2) continue;
    std::vector<std::unique_ptr<SeriesSource>> parts;
    std::uint64_t before = 0;
    for (const std::string& ulid : ulids) {
      CACHESCOPE_ASSIGN_OR_RETURN(const std::shared_ptr<Block> block, Block::Open(env_, JoinPath(staging_, ulid)));
      before += block->meta().samples;
      CACHESCOPE_ASSIGN_OR_RETURN(std::unique_ptr<SeriesSource> part, SourceOfBlock(block));
      parts.push_back(std::move(part));
    }
    const std::unique_ptr<SeriesSource> merged = MergeSources(std::move(parts));
    CACHESCOPE_ASSIGN_OR_RETURN(const std::optional<BlockMeta> written,
                                WriteBlock(env_, staging_, *merged, WriteOptions(begin)));
    if (!written.has_value()) return Internal("cannot put imported blocks together: nothing was left");
    duplicates_ += before - written->samples;
    CACHESCOPE_RETURN_IF_ERROR(set->Replace(ulids, written->ulid));
    ulids = {written->ulid};
  }
  return {};
}

Result<BackfillReport> Backfill::Finish() {
  CACHESCOPE_RETURN_IF_ERROR(Spill());
  CACHESCOPE_RETURN_IF_ERROR(Merge());
  BackfillReport out;
  for (const auto& [begin, ulids] : written_) {
    const std::string from = JoinPath(staging_, ulids.front());
    CACHESCOPE_ASSIGN_OR_RETURN(BlockMeta meta, ReadBlockMeta(env_, from));
    CACHESCOPE_RETURN_IF_ERROR(env_.Rename(from, JoinPath(directory_, ulids.front())));
    out.blocks.push_back(std::move(meta));
  }
  CACHESCOPE_RETURN_IF_ERROR(env_.SyncDirectory(directory_));
  out.duplicates = duplicates_;
  out.samples = added_ - duplicates_;
  return out;
}

}  // namespace cachescope::tsdb
