#include "server/storage/tsdb/db/head_chunk_load.h"

#include <algorithm>
#include <bit>

namespace cachescope::tsdb {

Result<std::unique_ptr<HeadChunkLoad>> HeadChunkLoad::Open(Env& env, const std::string& directory) {
  auto out = std::make_unique<HeadChunkLoad>();
  out->directory_ = JoinPath(directory, kHeadChunkDirectory);
  CACHESCOPE_ASSIGN_OR_RETURN(out->reader_, HeadChunkReader::Open(env, out->directory_));
  HeadChunk chunk;
  while (out->reader_->Next(&chunk)) out->chunks_[chunk.series].push_back(chunk);
  out->damage_ = out->reader_->damage();
  return out;
}

void HeadChunkLoad::ReserveRefs(HeadLoader* loader) const {
  for (const auto& [ref, chunks] : chunks_) loader->Reserve(ref);
}

void HeadChunkLoad::LoadChunk(const HeadChunk& chunk, MemorySeries* series, HeadLoader* loader, LoadCounts* counts) {
  storage::SampleColumns columns;
  const Status status = DecodeChunk(chunk.chunk, kMinTime, kMaxTime, &columns);
  if (!status.ok()) damage_.push_back({directory_, chunk.ref, std::string(status.message())});
  columns.starts.resize(columns.timestamps.size());
  for (std::size_t i = 0; i < columns.timestamps.size(); ++i) {
    const SampleValue value{std::bit_cast<std::uint64_t>(columns.values[i]), nullptr, columns.starts[i]};
    loader->Append(series, columns.timestamps[i], value, counts);
  }
  for (const storage::HistogramSample& sample : columns.histograms) {
    loader->Append(series, sample.t, {0, &sample.h, sample.start}, counts);
  }
}

void HeadChunkLoad::Load(SeriesRef ref, MemorySeries* series, HeadLoader* loader, LoadCounts* counts) {
  const auto found = chunks_.find(ref);
  if (found == chunks_.end() || series == nullptr) return;
  const std::vector<HeadChunk> chunks = std::move(found->second);
  chunks_.erase(found);
  for (const HeadChunk& chunk : chunks) {
    if (chunk.out_of_order) {
      late_.emplace_back(series, chunk);
    } else {
      LoadChunk(chunk, series, loader, counts);
    }
  }
  loader->NoteRepeated(series);
}

void HeadChunkLoad::LoadLate(HeadLoader* loader, LoadCounts* counts) {
  for (const auto& [series, chunk] : late_) LoadChunk(chunk, series, loader, counts);
  late_.clear();
}

std::uint64_t HeadChunkLoad::OrphanedSamples() const {
  std::uint64_t samples = 0;
  for (const auto& [ref, chunks] : chunks_) {
    for (const HeadChunk& chunk : chunks) samples += ChunkSampleCount(chunk.chunk);
  }
  return samples;
}

}  // namespace cachescope::tsdb
