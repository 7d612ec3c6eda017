// The querier of a block.
#include <algorithm>
#include <set>

#include "server/storage/tsdb/block/block.h"

namespace cachescope::tsdb {
namespace {

struct View {
  std::shared_ptr<const Block> block;
  std::shared_ptr<const Tombstones> tombstones;
  TimestampMs mint = 0;
  TimestampMs maxt = 0;
};

class BlockSeries final : public storage::Series {
 public:
  BlockSeries(std::shared_ptr<const View> view, SeriesRef ref, Labels labels, std::vector<ChunkMeta> chunks)
      : view_(std::move(view)), ref_(ref), labels_(std::move(labels)), chunks_(std::move(chunks)) {}

  const Labels& labels() const override { return labels_; }
  Status Read(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    mint = std::max(mint, view_->mint);
    maxt = std::min(maxt, view_->maxt);
    if (mint > maxt) return {};
    return view_->block->ReadChunks(ref_, chunks_, *view_->tombstones, mint, maxt, out);
  }

 private:
  const std::shared_ptr<const View> view_;
  const SeriesRef ref_;
  const Labels labels_;
  const std::vector<ChunkMeta> chunks_;  // those that overlap the view
};

class BlockQuerier final : public storage::Querier {
 public:
  explicit BlockQuerier(View view) : view_(std::make_shared<const View>(std::move(view))) {}

  Result<storage::SeriesSet> Select(bool, const storage::SelectHints& hints,
                                    const std::vector<Matcher>& matchers) override {
    storage::SeriesSet out;
    CACHESCOPE_RETURN_IF_ERROR(Visit(
        matchers,
        [&](SeriesRef ref, Labels& labels, std::vector<ChunkMeta>& chunks) {
          out.series.push_back(std::make_unique<BlockSeries>(view_, ref, std::move(labels), std::move(chunks)));
          return hints.limit == 0 || out.series.size() < hints.limit;
        },
        &out.warnings));
    if (view_->block->damage_count() > 0) {
      out.warnings.push_back("block " + view_->block->meta().ulid + " is damaged: some samples cannot be read");
    }
    return out;
  }

  Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>& matchers, std::size_t limit) override {
    std::set<std::string, std::less<>> names;
    if (matchers.empty()) {
      for (const std::string_view name : view_->block->index().LabelNames()) names.emplace(name);
    } else {
      CACHESCOPE_RETURN_IF_ERROR(Visit(
          matchers,
          [&](SeriesRef, const Labels& labels, std::vector<ChunkMeta>&) {
            for (const LabelView& label : labels) names.emplace(label.name);
            return true;
          },
          nullptr));
    }
    return Limited(names, limit);
  }

  Result<std::vector<std::string>> LabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                               std::size_t limit) override {
    if (matchers.empty()) {
      const std::vector<std::string_view> all = view_->block->index().LabelValues(name);
      const std::size_t count = limit == 0 ? all.size() : std::min(all.size(), limit);
      return std::vector<std::string>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
    }
    std::set<std::string, std::less<>> values;
    CACHESCOPE_RETURN_IF_ERROR(Visit(
        matchers,
        [&](SeriesRef, const Labels& labels, std::vector<ChunkMeta>&) {
          if (const std::string_view value = labels.Get(name); !value.empty()) values.emplace(value);
          return true;
        },
        nullptr));
    return Limited(values, limit);
  }
  std::optional<std::vector<std::string_view>> LabelValueViews(const std::string& name,
                                                               const std::vector<Matcher>& matchers) override {
    if (!matchers.empty()) return std::nullopt;
    return view_->block->index().LabelValues(name);
  }

 private:
  static std::vector<std::string> Limited(const std::set<std::string, std::less<>>& texts, std::size_t limit) {
    std::vector<std::string> out;
    for (const std::string& text : texts) {
      if (limit != 0 && out.size() == limit) break;
      out.push_back(text);
    }
    return out;
  }

  // Series that match and have a chunk in the view, in the order of their labels, until `visit` returns false. A series
  // whose entry is damaged is left out and named in `warnings`.
  template <typename Visitor>
  Status Visit(const std::vector<Matcher>& matchers, Visitor visit, std::vector<std::string>* warnings) {
    const IndexReader& index = view_->block->index();
    CACHESCOPE_ASSIGN_OR_RETURN(const RefList refs, index.Find(matchers));
    Labels labels;
    std::vector<ChunkMeta> chunks;
    for (const SeriesRef ref : refs) {
      if (const Status status = index.ReadSeries(ref, &labels, &chunks); !status.ok()) {
        if (warnings != nullptr && warnings->size() < 8) warnings->emplace_back(status.message());
        continue;
      }
      std::erase_if(chunks, [&](const ChunkMeta& c) { return c.maxt < view_->mint || c.mint > view_->maxt; });
      if (chunks.empty()) continue;
      const auto deleted = view_->tombstones->find(ref);
      if (deleted != view_->tombstones->end() && deleted->second.Covers(chunks.front().mint, chunks.back().maxt))
        continue;
      if (!visit(ref, labels, chunks)) break;
      chunks = {};
    }
    return {};
  }

  const std::shared_ptr<const View> view_;
};

}  // namespace

std::unique_ptr<storage::Querier> Block::NewQuerier(TimestampMs mint, TimestampMs maxt) {
  return std::make_unique<BlockQuerier>(
      View{shared_from_this(), tombstones(), std::max(mint, meta_.mint), std::min(maxt, meta_.maxt - 1)});
}

}  // namespace cachescope::tsdb
