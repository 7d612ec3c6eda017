// The parts of the instruments that are not on the hot path, and the seam between the public headers and FamilyCore.
#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "cachescope/counter.h"
#include "cachescope/gauge.h"
#include "cachescope/histogram.h"
#include "cachescope/info.h"
#include "cachescope/state_set.h"
#include "cachescope/summary.h"
#include "client/cell_store.h"
#include "client/family_core.h"
#include "client/series.h"
#include "client/sketch/sketch.h"

namespace cachescope {
namespace {

// Integers up to here are exact as double.
constexpr double kExactIntegers = 9007199254740992.0;

// Exemplars of a histogram without classic buckets.
constexpr std::uint32_t kNativeExemplars = 10;

// Empty without memory.
client::SketchReading ReadSketch(client::Series* series) noexcept {
  try {
    return series->sketch()->Read();
  } catch (...) {
    return {};
  }
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
  const std::uint32_t cell = client::FractionCell(series_.get());
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
  if (family.has_sketches()) {
    bound_count_ = detail::kNativeBounds;
  } else {
    run_ = series_.get()->cell;
  }
}

void Histogram::RecordOther(double value) const noexcept {
  if (bound_count_ == detail::kNativeBounds) {
    series_.get()->sketch()->Record(value);
  } else {
    detail::RecordRun(run_, detail::FindBucket(bounds_, bound_count_, value), value);
  }
}

void Histogram::Record(double value, const Exemplar& exemplar) const noexcept {
  Record(value);
  if (series_.get() == nullptr) return;
  client::FamilyCore& family = *series_.get()->family;
  const auto bounds = static_cast<std::uint32_t>(family.spec().bounds.size());
  // Without classic buckets, values of one power of two share a place.
  const std::uint32_t bucket =
      bounds > 0 || !family.has_sketches()
          ? detail::FindBucket(bounds_, bounds, value)
          : static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(value) >> 52) % kNativeExemplars;
  family.KeepExemplar(series_.get(), bucket, value, exemplar);
}

std::uint64_t Histogram::Count() const noexcept {
  if (series_.get() == nullptr) return 0;
  if (bound_count_ == detail::kNativeBounds) return ReadSketch(series_.get()).count;
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i <= bound_count_; ++i) {
    const std::uint32_t cell = run_ + 1 + i;
    std::uint64_t count = 0;
    client::SumCells({&cell, 1}, &count);
    total += count;
  }
  return total;
}

double Histogram::Sum() const noexcept {
  if (series_.get() == nullptr) return 0;
  return bound_count_ == detail::kNativeBounds ? ReadSketch(series_.get()).sum : client::SumFloatCell(run_);
}

Summary::Summary(detail::SeriesRef series) noexcept : series_(series) {
  if (series_.get() != nullptr) sketch_ = series_.get()->sketch();
}

std::uint64_t Summary::Count() const noexcept { return series_.get() == nullptr ? 0 : ReadSketch(series_.get()).count; }

double Summary::Sum() const noexcept { return series_.get() == nullptr ? 0 : ReadSketch(series_.get()).sum; }

QuantileSketch Summary::Sketch() const noexcept {
  try {
    if (sketch_ != nullptr) return sketch_->Window();
  } catch (...) {
  }
  return QuantileSketch();
}

double Summary::Quantile(double quantile) const noexcept { return Sketch().Quantile(quantile); }

StateSet::StateSet(detail::SeriesRef series) noexcept : series_(series) {
  if (series_.get() == nullptr) return;
  cell_ = &client::SharedCell(series_.get()->cell);
  count_ = series_.get()->family->spec().states.size();
}

std::size_t StateSet::Find(std::string_view state) const noexcept {
  if (series_.get() == nullptr) return kMaxStates;
  const std::vector<std::string>& states = series_.get()->family->spec().states;
  const auto found = std::find(states.begin(), states.end(), state);
  return found == states.end() ? kMaxStates : static_cast<std::size_t>(found - states.begin());
}

void StateSet::Switch(std::size_t state, bool on) const noexcept {
  if (state >= count_) {
    Refuse();
  } else if (on) {
    cell_->fetch_or(std::uint64_t{1} << state, std::memory_order_relaxed);
  } else {
    cell_->fetch_and(~(std::uint64_t{1} << state), std::memory_order_relaxed);
  }
}

bool StateSet::IsOn(std::size_t state) const noexcept {
  return state < count_ && (cell_->load(std::memory_order_relaxed) >> state & 1U) != 0;
}

void StateSet::Refuse() const noexcept {
  if (series_.get() == nullptr) return;
  series_.get()->family->diagnostics().states_refused.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace cachescope

namespace cachescope::detail {

void RecordSketch(client::Sketch* sketch, double value) noexcept { sketch->RecordAged(value); }

void KeepExemplar(const SeriesRef& series, std::uint32_t bucket, double value, const Exemplar& exemplar) noexcept {
  if (series.get() != nullptr) series.get()->family->KeepExemplar(series.get(), bucket, value, exemplar);
}

void KeepOnlySeries(client::FamilyCore* family, std::span<const std::string_view> values) noexcept {
  if (family != nullptr) family->KeepOnly(values);
}

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
