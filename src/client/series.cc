#include "client/series.h"

#include <cstring>
#include <new>

#include "client/cell_store.h"
#include "client/family_core.h"

namespace cachescope::client {

Series* Series::New(FamilyCore* family, std::string_view text, std::uint32_t hash) noexcept {
  const std::uint32_t cell = AllocateCells(family->cells_per_series(), family->type() == InstrumentType::kHistogram);
  if (cell == 0) return nullptr;
  void* memory = ::operator new(sizeof(Series) + text.size(), std::nothrow);
  if (memory == nullptr) {
    FreeCells(cell, family->cells_per_series());
    return nullptr;
  }
  auto* series = new (memory) Series;
  series->cell = cell;
  series->family = family;
  series->hash = hash;
  series->text_size = static_cast<std::uint32_t>(text.size());
  if (!text.empty()) std::memcpy(static_cast<char*>(memory) + sizeof(Series), text.data(), text.size());
  Retain(family);
  return series;
}

void Retain(Series* series) noexcept { series->references.fetch_add(1, std::memory_order_relaxed); }

void Release(Series* series) noexcept {
  // Acquire and release: every write by a former owner comes before the cells are zeroed for their next user.
  if (series->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  FamilyCore* family = series->family;
  FreeCells(series->cell, family->cells_per_series());
  const std::uint32_t fraction = series->fraction_cell.load(std::memory_order_relaxed);
  if (fraction != 0) FreeCells(fraction, 1);
  series->~Series();
  ::operator delete(series);
  Release(family);
}

double CounterFraction(const Series& series) noexcept {
  const std::uint32_t cell = series.fraction_cell.load(std::memory_order_acquire);
  return cell == 0 ? 0 : SumFloatCell(cell);
}

}  // namespace cachescope::client
