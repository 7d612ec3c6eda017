#include "client/series_table.h"

#include <algorithm>
#include <functional>

namespace cachescope::client {
namespace {

constexpr std::size_t kMinSlots = 8;

bool Before(const Series* a, const Series* b) noexcept { return a->text() < b->text(); }

}  // namespace

std::uint32_t SeriesTable::Hash(std::string_view text) noexcept {
  const std::size_t hash = std::hash<std::string_view>()(text);
  return static_cast<std::uint32_t>(hash ^ (static_cast<std::uint64_t>(hash) >> 32));
}

// The slot of the series, or the free slot where it would go. REQUIRES: a free slot exists.
std::size_t SeriesTable::SlotOf(std::string_view text, std::uint32_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot] != nullptr && !(slots_[slot]->hash == hash && slots_[slot]->text() == text)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

Series* SeriesTable::Find(std::string_view text, std::uint32_t hash) const noexcept {
  return slots_.empty() ? nullptr : slots_[SlotOf(text, hash)];
}

void SeriesTable::Place(Series* series) noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = series->hash & mask;
  while (slots_[slot] != nullptr) slot = (slot + 1) & mask;
  slots_[slot] = series;
}

void SeriesTable::Grow() {
  std::vector<Series*> bigger(std::max(kMinSlots, slots_.size() * 2), nullptr);
  slots_.swap(bigger);
  for (Series* series : series_) Place(series);
}

void SeriesTable::Insert(Series* series) {
  if ((series_.size() + 1) * 8 > slots_.size() * 7) Grow();
  series_.push_back(series);
  Place(series);
}

bool SeriesTable::Erase(std::string_view text, std::uint32_t hash) noexcept {
  if (slots_.empty()) return false;
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = SlotOf(text, hash);
  Series* series = slots_[hole];
  if (series == nullptr) return false;
  // Move back later entries of the probe chain whose home is at or before the hole, so that no search stops short.
  slots_[hole] = nullptr;
  for (std::size_t slot = (hole + 1) & mask; slots_[slot] != nullptr; slot = (slot + 1) & mask) {
    const std::size_t home = slots_[slot]->hash & mask;
    if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
    slots_[hole] = slots_[slot];
    slots_[slot] = nullptr;
    hole = slot;
  }
  const auto at = std::find(series_.begin(), series_.end(), series);
  if (static_cast<std::size_t>(at - series_.begin()) < sorted_count_) --sorted_count_;
  series_.erase(at);
  Release(series);
  return true;
}

void SeriesTable::Clear() noexcept {
  for (Series* series : series_) Release(series);
  series_.clear();
  slots_.clear();
  sorted_count_ = 0;
}

void SeriesTable::Sort() noexcept {
  const auto middle = series_.begin() + static_cast<std::ptrdiff_t>(sorted_count_);
  std::sort(middle, series_.end(), Before);
  std::inplace_merge(series_.begin(), middle, series_.end(), Before);
  sorted_count_ = series_.size();
}

}  // namespace cachescope::client
