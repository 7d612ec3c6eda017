#include "server/storage/tsdb/block/series_source.h"

#include "server/storage/merge_querier.h"

namespace cachescope::tsdb {
namespace {

class QuerierSource final : public SeriesSource {
 public:
  explicit QuerierSource(std::vector<std::unique_ptr<storage::Series>> series) : series_(std::move(series)) {}

  Status CollectSymbols(std::set<std::string, std::less<>>* symbols) override {
    for (std::size_t i = at_; i < series_.size(); ++i) {
      for (const LabelView& label : series_[i]->labels()) {
        if (!symbols->contains(label.name)) symbols->emplace(label.name);
        if (!symbols->contains(label.value)) symbols->emplace(label.value);
      }
    }
    return {};
  }
  std::size_t size() const override { return series_.size(); }
  Result<std::unique_ptr<storage::Series>> Next() override {
    if (at_ == series_.size()) return std::unique_ptr<storage::Series>();
    return std::move(series_[at_++]);
  }

 private:
  std::vector<std::unique_ptr<storage::Series>> series_;
  std::size_t at_ = 0;
};

class SeriesOfBlock final : public storage::Series {
 public:
  SeriesOfBlock(std::shared_ptr<Block> block, std::shared_ptr<const Tombstones> tombstones, SeriesRef ref)
      : block_(std::move(block)), tombstones_(std::move(tombstones)), ref_(ref) {}

  Status Load() { return block_->index().ReadSeries(ref_, &labels_, &chunks_); }
  const Labels& labels() const override { return labels_; }
  Status Read(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    return block_->ReadChunks(ref_, chunks_, *tombstones_, mint, maxt, out);
  }

 private:
  const std::shared_ptr<Block> block_;
  const std::shared_ptr<const Tombstones> tombstones_;
  const SeriesRef ref_;
  Labels labels_;
  std::vector<ChunkMeta> chunks_;
};

class BlockSource final : public SeriesSource {
 public:
  BlockSource(std::shared_ptr<Block> block, RefList refs)
      : block_(std::move(block)), tombstones_(block_->tombstones()), refs_(std::move(refs)) {}

  Status CollectSymbols(std::set<std::string, std::less<>>* symbols) override {
    for (std::uint32_t i = 0; i < block_->index().symbol_count(); ++i) {
      if (const std::string_view symbol = block_->index().symbol(i); !symbols->contains(symbol))
        symbols->emplace(symbol);
    }
    return {};
  }
  std::size_t size() const override { return refs_.size(); }
  Result<std::unique_ptr<storage::Series>> Next() override {
    if (at_ == refs_.size()) return std::unique_ptr<storage::Series>();
    auto series = std::make_unique<SeriesOfBlock>(block_, tombstones_, refs_[at_++]);
    CACHESCOPE_RETURN_IF_ERROR(series->Load());
    return std::unique_ptr<storage::Series>(std::move(series));
  }

 private:
  const std::shared_ptr<Block> block_;
  const std::shared_ptr<const Tombstones> tombstones_;
  const RefList refs_;
  std::size_t at_ = 0;
};

class MergedSource final : public SeriesSource {
 public:
  explicit MergedSource(std::vector<std::unique_ptr<SeriesSource>> parts)
      : parts_(std::move(parts)), waiting_(parts_.size()) {}

  Status CollectSymbols(std::set<std::string, std::less<>>* symbols) override {
    for (const auto& part : parts_) CACHESCOPE_RETURN_IF_ERROR(part->CollectSymbols(symbols));
    return {};
  }
  // The largest part's: the others mostly have the same series.
  std::size_t size() const override {
    std::size_t size = 0;
    for (const auto& part : parts_) size = std::max(size, part->size());
    return size;
  }
  Result<std::unique_ptr<storage::Series>> Next() override {
    if (!started_) {
      for (std::size_t i = 0; i < parts_.size(); ++i) CACHESCOPE_RETURN_IF_ERROR(Advance(i));
      started_ = true;
    }
    smallest_.clear();
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (waiting_[i] == nullptr) continue;
      const int order =
          smallest_.empty() ? 0 : Labels::Compare(waiting_[i]->labels(), waiting_[smallest_.front()]->labels());
      if (order < 0) smallest_.clear();
      if (order <= 0) smallest_.push_back(i);
    }
    if (smallest_.empty()) return std::unique_ptr<storage::Series>();
    std::vector<std::unique_ptr<storage::Series>> same;
    for (const std::size_t i : smallest_) {
      same.push_back(std::move(waiting_[i]));
      CACHESCOPE_RETURN_IF_ERROR(Advance(i));
    }
    return storage::MergeSeries(std::move(same));
  }

 private:
  Status Advance(std::size_t part) {
    CACHESCOPE_ASSIGN_OR_RETURN(waiting_[part], parts_[part]->Next());
    return {};
  }

  const std::vector<std::unique_ptr<SeriesSource>> parts_;
  std::vector<std::unique_ptr<storage::Series>> waiting_;  // one of each part; null: no more
  std::vector<std::size_t> smallest_;
  bool started_ = false;
};

}  // namespace

Result<std::unique_ptr<SeriesSource>> SourceOfQuerier(storage::Querier& querier) {
  CACHESCOPE_ASSIGN_OR_RETURN(storage::SeriesSet set, querier.Select(true, {}, {}));
  if (!set.warnings.empty()) return Corruption("cannot read every series: " + set.warnings.front());
  return std::unique_ptr<SeriesSource>(std::make_unique<QuerierSource>(std::move(set.series)));
}

Result<std::unique_ptr<SeriesSource>> SourceOfBlock(std::shared_ptr<Block> block) {
  CACHESCOPE_ASSIGN_OR_RETURN(RefList refs, block->index().Find({}));
  return std::unique_ptr<SeriesSource>(std::make_unique<BlockSource>(std::move(block), std::move(refs)));
}

std::unique_ptr<SeriesSource> MergeSources(std::vector<std::unique_ptr<SeriesSource>> parts) {
  return std::make_unique<MergedSource>(std::move(parts));
}

}  // namespace cachescope::tsdb
