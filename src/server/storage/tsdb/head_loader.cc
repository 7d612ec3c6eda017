#include "server/storage/tsdb/head_loader.h"

#include <algorithm>
#include <mutex>

#include "server/storage/tsdb/head_state.h"
#include "server/storage/tsdb/series_image.h"

namespace cachescope::tsdb {

HeadLoader::HeadLoader(Head& head) : state_(head.state_) {
  context_.samples_per_chunk = state_->options.samples_per_chunk;
  context_.chunk_range = state_->options.chunk_range;
}

MemorySeries* HeadLoader::AddSeries(SeriesRef ref, const Labels& labels, std::uint32_t mark) {
  if (ref == 0 || ref > SeriesTable::kMaxRef || labels.empty()) return nullptr;
  if (MemorySeries* there = state_->table.Get(ref); there != nullptr) {
    there->labels_mark = mark;
    return there;
  }
  newest_ = std::max(newest_, ref);
  SeriesShards::Shard& shard = state_->shards.ForLabels(labels);
  if (const auto same = shard.series.find(labels); same != shard.series.end()) {
    (*same)->labels_mark = mark;
    aliases_[ref] = (*same)->ref();
    return *same;
  }
  auto owned = std::make_unique<MemorySeries>(ref, labels);
  MemorySeries* series = owned.get();
  series->labels_mark = mark;
  state_->table.Set(std::move(owned));
  shard.series.insert(series);
  series_.push_back(series);
  return series;
}

void HeadLoader::Reserve(SeriesRef ref) {
  if (ref <= SeriesTable::kMaxRef) newest_ = std::max(newest_, ref);
}

MemorySeries* HeadLoader::Find(SeriesRef ref) const { return state_->table.Get(ref); }

Status HeadLoader::AddImage(SeriesRef ref, const Labels& labels, std::uint32_t mark, ByteReader* image,
                            LoadCounts* counts) {
  MemorySeries* series = AddSeries(ref, labels, mark);
  if (series == nullptr || series->newest().exists) return Corruption("cannot load a snapshot: a series stands twice");
  CACHESCOPE_RETURN_IF_ERROR(SeriesImage::Read(image, series, &counts->change));
  const NewestSample newest = series->newest();
  if (!newest.exists) return {};
  imaged_[series] = newest.t;
  counts->mint = std::min(counts->mint, series->OldestTime());
  counts->maxt = std::max(counts->maxt, newest.t);
  return {};
}

void HeadLoader::NoteRepeated(const MemorySeries* series) {
  if (const NewestSample newest = series->newest(); newest.exists) imaged_[series] = newest.t;
}

bool HeadLoader::IsInImage(const MemorySeries& series, TimestampMs t) const {
  if (imaged_.empty()) return false;
  const auto image = imaged_.find(&series);
  return image != imaged_.end() && t <= image->second && SeriesImage::HasSampleAt(series, t);
}

SeriesRef HeadLoader::Resolve(SeriesRef ref) const {
  const auto alias = aliases_.find(ref);
  return alias == aliases_.end() ? ref : alias->second;
}

void HeadLoader::Append(MemorySeries* series, TimestampMs t, const SampleValue& value, LoadCounts* counts) const {
  switch (Admit(series->newest(), t, value)) {
    case Admission::kAppend:
      series->Append(context_, t, value, &counts->change);
      break;
    case Admission::kOutOfOrder:
      if (IsInImage(*series, t)) {
        ++counts->repeated;
        ++counts->dropped;
        return;
      }
      if (!series->AppendLate(context_, t, value, &counts->change)) {
        ++counts->dropped;
        return;
      }
      ++counts->late;
      break;
    default:
      if (imaged_.contains(series)) ++counts->repeated;
      ++counts->dropped;
      return;
  }
  ++counts->samples;
  counts->mint = std::min(counts->mint, t);
  counts->maxt = std::max(counts->maxt, t);
}

void HeadLoader::DropBefore(TimestampMs cut) {
  SeriesChange change;
  for (MemorySeries* series : series_) (void)series->Truncate(cut, &change);
  state_->ApplyChange(change);
}

void HeadLoader::DropLateBefore(TimestampMs cut) {
  SeriesChange change;
  for (MemorySeries* series : series_) series->TruncateLate(cut, &change);
  state_->ApplyChange(change);
}

void HeadLoader::Delete(MemorySeries* series, TimeRange range) const { series->Delete(range); }

void HeadLoader::Finish(const std::vector<LoadCounts>& counts, TimestampMs cut) {
  std::sort(series_.begin(), series_.end(),
            [](const MemorySeries* a, const MemorySeries* b) { return a->ref() < b->ref(); });
  for (MemorySeries* series : series_) {
    state_->index.Load(series->labels(), series->ref());
    state_->counters.series_bytes.fetch_add(SeriesMemory(series->labels()), std::memory_order_relaxed);
  }
  state_->index.SkipTo(newest_);
  state_->series_count = series_.size();
  state_->counters.series_created = series_.size();
  TimestampMs mint = kMaxTime;
  TimestampMs maxt = kMinTime;
  for (const LoadCounts& one : counts) {
    state_->ApplyChange(one.change);
    mint = std::min(mint, one.mint);
    maxt = std::max(maxt, one.maxt);
  }
  state_->min_time = mint;
  state_->max_time = maxt;
  TruncateHead(state_.get(), cut);
  if (state_->options.past_reopens) state_->sessions.Reopen();
}

}  // namespace cachescope::tsdb
