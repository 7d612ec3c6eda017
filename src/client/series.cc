#include "client/series.h"

#include <chrono>
#include <cstring>
#include <new>

#include "client/cell_store.h"
#include "client/family_core.h"
#include "client/sketch/sketch.h"

namespace cachescope::client {

static_assert(detail::kMaxChunks * detail::kCellsPerChunk <= 1U << 22);
static_assert(sizeof(Series) == 32 && alignof(Series) >= alignof(Sketch*));

namespace {

// In front of the struct.
std::size_t PrefixBytes(const FamilyCore& family) noexcept { return family.has_sketches() ? sizeof(Sketch*) : 0; }

void SetCreated(Series* series) noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  series->created_seconds = static_cast<std::uint32_t>(milliseconds / 1000);
  series->created_ms = static_cast<std::uint32_t>(milliseconds % 1000) & 0x3FFU;
}

// Gives the series its numbers; false without memory or cells.
bool TakeNumbers(Series* series, const FamilyCore& family) noexcept {
  if (family.has_sketches()) {
    Sketch* sketch = Sketch::New(&family);
    std::memcpy(reinterpret_cast<char*>(series) - sizeof sketch, &sketch, sizeof sketch);
    return sketch != nullptr;
  }
  const std::uint32_t cell = AllocateCells(family.cells_per_series(), family.type() == InstrumentType::kHistogram);
  series->cell = cell & 0x3FFFFFU;
  if (cell != 0) SharedCell(cell).store(family.first_value(), std::memory_order_relaxed);
  return cell != 0;
}

}  // namespace

Series* Series::New(FamilyCore* family, std::string_view text, std::uint32_t hash) noexcept {
  const std::size_t prefix = PrefixBytes(*family);
  auto* memory = static_cast<char*>(::operator new(prefix + sizeof(Series) + text.size(), std::nothrow));
  if (memory == nullptr) return nullptr;
  auto* series = new (memory + prefix) Series;
  if (!TakeNumbers(series, *family)) {
    ::operator delete(memory);
    return nullptr;
  }
  SetCreated(series);
  series->family = family;
  series->hash = hash;
  series->text_size = static_cast<std::uint32_t>(text.size());
  if (!text.empty()) std::memcpy(memory + prefix + sizeof(Series), text.data(), text.size());
  Retain(family);
  return series;
}

void Retain(Series* series) noexcept { series->references.fetch_add(1, std::memory_order_relaxed); }

void Release(Series* series) noexcept {
  // Acquire and release: every write by a former owner comes before the cells are zeroed for their next user.
  if (series->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  FamilyCore* family = series->family;
  family->ForgetExemplars(series);
  if (family->has_sketches()) {
    delete series->sketch();
  } else {
    FreeCells(series->cell, family->cells_per_series());
  }
  const std::uint32_t fraction = series->fraction_cell.load(std::memory_order_relaxed);
  if (fraction != 0) FreeCells(fraction, 1);
  series->~Series();
  ::operator delete(reinterpret_cast<char*>(series) - PrefixBytes(*family));
  Release(family);
}

// Reserves the series' second cell; threads that race agree on one.
std::uint32_t FractionCell(Series* series) noexcept {
  std::uint32_t cell = series->fraction_cell.load(std::memory_order_acquire);
  if (cell != 0) return cell;
  const std::uint32_t fresh = AllocateCells(1, true);
  if (fresh == 0) return 0;
  if (series->fraction_cell.compare_exchange_strong(cell, fresh, std::memory_order_acq_rel)) return fresh;
  FreeCells(fresh, 1);
  return cell;
}

double CounterFraction(const Series& series) noexcept {
  const std::uint32_t cell = series.fraction_cell.load(std::memory_order_acquire);
  return cell == 0 ? 0 : SumFloatCell(cell);
}

}  // namespace cachescope::client
