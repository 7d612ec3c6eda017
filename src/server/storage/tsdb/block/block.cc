#include "server/storage/tsdb/block/block.h"

#include <algorithm>

namespace cachescope::tsdb {
namespace {

BlockMeta MetaNow(BlockMeta meta, const Tombstones& tombstones, bool failed) {
  meta.tombstones = 0;
  for (const auto& [ref, set] : tombstones) meta.tombstones += set.ranges().size();
  meta.failed = failed;
  return meta;
}

}  // namespace

Result<std::shared_ptr<Block>> Block::Open(Env& env, const std::string& directory) {
  std::shared_ptr<Block> block(new Block(env, directory));
  CACHESCOPE_ASSIGN_OR_RETURN(block->meta_, ReadBlockMeta(env, directory));
  CACHESCOPE_ASSIGN_OR_RETURN(block->index_, IndexReader::Open(env, JoinPath(directory, "index")));
  CACHESCOPE_ASSIGN_OR_RETURN(block->chunks_, ChunkFileReader::Open(env, JoinPath(directory, "chunks")));
  CACHESCOPE_ASSIGN_OR_RETURN(Tombstones tombstones, ReadTombstones(env, directory));
  block->tombstones_ = std::make_shared<const Tombstones>(std::move(tombstones));
  block->failed_ = block->meta_.failed;
  return block;
}

std::uint64_t Block::size_bytes() const noexcept { return index_->size_bytes() + chunks_->size_bytes(); }

std::shared_ptr<const Tombstones> Block::tombstones() const {
  const std::lock_guard lock(mu_);
  return tombstones_;
}

Status Block::ReadChunks(SeriesRef ref, const std::vector<ChunkMeta>& chunks, const Tombstones& tombstones,
                         TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const {
  const auto found = tombstones.find(ref);
  const RangeSet* deleted = found == tombstones.end() ? nullptr : &found->second;
  const std::size_t first_float = out->timestamps.size();
  const std::size_t first_histogram = out->histograms.size();
  Status first_error;
  for (const ChunkMeta& meta : chunks) {
    if (meta.maxt < mint || meta.mint > maxt) continue;
    if (deleted != nullptr && deleted->Covers(meta.mint, meta.maxt)) continue;
    Status status = ReadStoredChunk(*chunks_, meta.ref, mint, maxt, out);
    if (status.ok()) continue;
    damage_count_.fetch_add(1, std::memory_order_relaxed);
    if (first_error.ok()) first_error = std::move(status);
  }
  if (deleted != nullptr) deleted->Erase(first_float, first_histogram, out);
  return first_error;
}

Result<std::size_t> Block::Delete(TimestampMs mint, TimestampMs maxt, const std::vector<Matcher>& matchers) {
  mint = std::max(mint, meta_.mint);
  maxt = std::min(maxt, meta_.maxt - 1);
  if (mint > maxt) return std::size_t{0};
  CACHESCOPE_ASSIGN_OR_RETURN(const RefList refs, index_->Find(matchers));
  const std::lock_guard lock(mu_);
  auto changed = std::make_shared<Tombstones>(*tombstones_);
  std::size_t touched = 0;
  std::vector<ChunkMeta> chunks;
  for (const SeriesRef ref : refs) {
    CACHESCOPE_RETURN_IF_ERROR(index_->ReadSeries(ref, nullptr, &chunks));
    const auto overlaps = [&](const ChunkMeta& chunk) { return chunk.mint <= maxt && chunk.maxt >= mint; };
    if (std::none_of(chunks.begin(), chunks.end(), overlaps)) continue;
    (*changed)[ref].Add({std::max(mint, chunks.front().mint), std::min(maxt, chunks.back().maxt)});
    ++touched;
  }
  if (touched == 0) return touched;
  CACHESCOPE_RETURN_IF_ERROR(WriteTombstones(env_, directory_, *changed));
  tombstones_ = std::move(changed);
  CACHESCOPE_RETURN_IF_ERROR(WriteBlockMeta(env_, directory_, MetaNow(meta_, *tombstones_, failed_)));
  return touched;
}

BlockMeta Block::CurrentMeta() const {
  const std::lock_guard lock(mu_);
  return MetaNow(meta_, *tombstones_, failed_);
}

Status Block::MarkFailed() {
  const std::lock_guard lock(mu_);
  failed_ = true;
  return WriteBlockMeta(env_, directory_, MetaNow(meta_, *tombstones_, failed_));
}

std::vector<Status> Block::Verify() const {
  std::vector<Status> damage;
  if (Status status = index_->Verify(); !status.ok()) damage.push_back(std::move(status));
  const auto all = index_->Find({});
  if (!all.ok()) return damage;
  std::vector<ChunkMeta> chunks;
  storage::SampleColumns columns;
  for (const SeriesRef ref : *all) {
    if (!index_->ReadSeries(ref, nullptr, &chunks).ok()) continue;  // found by the index above
    for (const ChunkMeta& meta : chunks) {
      columns.clear();
      Status status = ReadStoredChunk(*chunks_, meta.ref, INT64_MIN, INT64_MAX, &columns);
      if (!status.ok()) damage.push_back(std::move(status));
    }
  }
  return damage;
}

}  // namespace cachescope::tsdb
