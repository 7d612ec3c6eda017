// SeriesTable: the series of a family, found by label text and kept in order of it. Not thread-safe. Holds one
// reference of each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "client/series.h"

namespace cachescope::client {

class SeriesTable {
 public:
  SeriesTable() = default;
  SeriesTable(const SeriesTable&) = delete;
  SeriesTable& operator=(const SeriesTable&) = delete;
  ~SeriesTable() { Clear(); }

  static std::uint32_t Hash(std::string_view text) noexcept;

  /// Null if absent.
  Series* Find(std::string_view text, std::uint32_t hash) const noexcept;
  /// Takes over the caller's reference. REQUIRES: not present. May throw std::bad_alloc and is unchanged then.
  void Insert(Series* series);
  /// False if absent.
  bool Erase(std::string_view text, std::uint32_t hash) noexcept;
  void Clear() noexcept;

  /// False when series were added since the last Sort().
  bool sorted() const noexcept { return sorted_count_ == series_.size(); }
  void Sort() noexcept;
  const std::vector<Series*>& series() const noexcept { return series_; }

 private:
  void Grow();
  void Place(Series* series) noexcept;
  std::size_t SlotOf(std::string_view text, std::uint32_t hash) const noexcept;

  std::vector<Series*> series_;
  std::size_t sorted_count_ = 0;
  std::vector<Series*> slots_;  // open addressing, linear probing, at most 7/8 full; null is free
};

}  // namespace cachescope::client
