#include "server/collect/series_cache.h"

namespace cachescope::collect {

void SeriesCache::BeginRound() {
  ++round_;
  seen_ = 0;
  last_ = kNone;
  added_.clear();
}

CachedSeries* SeriesCache::Advance(std::uint32_t id) {
  (last_ == kNone ? first_ : slots_[last_].next) = id;
  last_ = id;
  return &slots_[id];
}

CachedSeries* SeriesCache::Find(std::string_view text) {
  const std::uint32_t guess = last_ == kNone ? first_ : slots_[last_].next;
  if (guess < slots_.size() && slots_[guess].text == text) {
    last_ = guess;
    return &slots_[guess];
  }
  const auto found = index_.find(text);
  return found == index_.end() ? nullptr : Advance(found->second);
}

CachedSeries* SeriesCache::Insert(std::string_view text) {
  if (const auto found = index_.find(text); found != index_.end()) return Advance(found->second);
  std::uint32_t id = 0;
  if (free_.empty()) {
    id = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  slots_[id].text = text;
  slots_[id].next = kNone;
  index_.emplace(slots_[id].text, id);
  added_.push_back(id);
  return Advance(id);
}

bool SeriesCache::MarkSeen(CachedSeries* series) {
  if (series->round == round_) return false;
  series->round = round_;
  series->live_before = series->live_round;
  ++seen_;
  return true;
}

void SeriesCache::Erase(std::uint32_t id) {
  CachedSeries& series = slots_[id];
  index_.erase(series.text);
  if (series.round == round_) --seen_;
  series = CachedSeries();
  free_.push_back(id);
  if (last_ == id) last_ = kNone;
}

void SeriesCache::RollbackRound() {
  if (added_.size() == index_.size()) {
    Clear();
    return;
  }
  for (const std::uint32_t id : added_) {
    if (!slots_[id].text.empty()) Erase(id);
  }
  added_.clear();
  ForEach([this](CachedSeries& series) {
    if (series.round == round_) series.live_round = series.live_before;
  });
}

void SeriesCache::Clear() {
  // Swapped, not cleared: the memory of a huge scrape goes back.
  decltype(index_)().swap(index_);
  decltype(slots_)().swap(slots_);
  decltype(free_)().swap(free_);
  decltype(added_)().swap(added_);
  seen_ = 0;
  first_ = kNone;
  last_ = kNone;
}

}  // namespace cachescope::collect
