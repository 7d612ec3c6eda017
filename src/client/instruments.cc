// The parts of the instruments that are not on the hot path, and the seam between the public headers and FamilyCore.
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "cachescope/counter.h"
#include "cachescope/gauge.h"
#include "cachescope/histogram.h"
#include "client/cell_store.h"
#include "client/family_core.h"
#include "client/series.h"

namespace cachescope {
namespace {

// Integers up to here are exact as double.
constexpr double kExactIntegers = 9007199254740992.0;

// Reserves the series' second cell; threads that race agree on one.
std::uint32_t FractionCell(client::Series* series) noexcept {
  std::uint32_t cell = series->fraction_cell.load(std::memory_order_acquire);
  if (cell != 0) return cell;
  const std::uint32_t fresh = client::AllocateCells(1, true);
  if (fresh == 0) return 0;
  if (series->fraction_cell.compare_exchange_strong(cell, fresh, std::memory_order_acq_rel)) return fresh;
  client::FreeCells(fresh, 1);
  return cell;
}

}  // namespace

Counter::Counter(detail::SeriesRef series) noexcept : series_(series) {
  if (series_.get() != nullptr) cell_ = series_.get()->cell;
}

void Counter::IncrementFloat(double value) const noexcept {
  if (!(value >= 0) || value == std::numeric_limits<double>::infinity()) {
    Refuse();
    return;
  }
  if (value <= kExactIntegers && std::trunc(value) == value) {
    detail::AddCell(cell_, static_cast<std::uint64_t>(value));
    return;
  }
  if (series_.get() == nullptr) return;
  const std::uint32_t cell = FractionCell(series_.get());
  if (cell == 0) {
    Refuse();
  } else {
    detail::AddFloatCell(cell, value);
  }
}

void Counter::Refuse() const noexcept {
  if (series_.get() == nullptr) return;
  series_.get()->family->diagnostics().increments_refused.fetch_add(1, std::memory_order_relaxed);
}

double Counter::Value() const noexcept {
  if (series_.get() == nullptr) return 0;
  std::uint64_t count = 0;
  client::SumCells({&cell_, 1}, &count);
  return static_cast<double>(count) + client::CounterFraction(*series_.get());
}

Gauge::Gauge(detail::SeriesRef series) noexcept : series_(series) {
  if (series_.get() != nullptr) cell_ = &client::SharedCell(series_.get()->cell);
}

void Gauge::SetToCurrentTime() const noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  Set(static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(now).count()) / 1e6);
}

Histogram::Histogram(detail::SeriesRef series) noexcept : series_(series) {
  if (series_.get() == nullptr) return;
  const client::FamilyCore& family = *series_.get()->family;
  bounds_ = family.padded_bounds();
  bound_count_ = static_cast<std::uint32_t>(family.spec().bounds.size());
  run_ = series_.get()->cell;
}

std::uint64_t Histogram::Count() const noexcept {
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; series_.get() != nullptr && i <= bound_count_; ++i) {
    const std::uint32_t cell = run_ + 1 + i;
    std::uint64_t count = 0;
    client::SumCells({&cell, 1}, &count);
    total += count;
  }
  return total;
}

double Histogram::Sum() const noexcept { return series_.get() == nullptr ? 0 : client::SumFloatCell(run_); }

}  // namespace cachescope

namespace cachescope::detail {

SeriesRef FindSeries(client::FamilyCore* family, std::span<const std::string_view> values) noexcept {
  return family == nullptr ? SeriesRef() : family->With(values);
}

bool RemoveSeries(client::FamilyCore* family, std::span<const std::string_view> values) noexcept {
  return family != nullptr && family->Remove(values);
}

void SetSeriesFunction(client::FamilyCore* family, std::span<const std::string_view> values,
                       std::function<double()> function) noexcept {
  if (family != nullptr) family->SetFunction(values, std::move(function));
}

}  // namespace cachescope::detail
