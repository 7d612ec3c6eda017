// Counter: a number that only grows. A handle to one series.
//
// Small, copyable, may outlive its registry. A default-constructed Counter is null: it accepts everything and keeps
// nothing. Any number of threads may use one counter. Increment by integers: about 0.5 ns, no lock, no allocation,
// whatever the number of threads (cell.h says how, and what the first touch by a thread does).
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "cachescope/detail/cell.h"
#include "cachescope/exemplar.h"
#include "cachescope/instrument_family.h"

namespace cachescope {

class Counter {
 public:
  Counter() noexcept = default;
  explicit Counter(detail::SeriesRef series) noexcept;

  void Increment() const noexcept { detail::AddCell(cell_, 1); }

  /// Adds n; a negative n is refused and counted in cachescope_client_increments_refused_total.
  template <std::integral T>
  void Increment(T n) const noexcept {
    if constexpr (std::is_signed_v<T>) {
      if (n < 0) [[unlikely]] {
        Refuse();
        return;
      }
    }
    detail::AddCell(cell_, static_cast<std::uint64_t>(n));
  }

  /// Adds a value that may have a fraction (seconds, cost). Negative, NaN and infinite values are refused and counted.
  /// The first fractional value of a series takes a lock to reserve a second cell; later ones cost some 3 ns.
  template <std::floating_point T>
  void Increment(T value) const noexcept {
    IncrementFloat(static_cast<double>(value));
  }

  /// As above, and remembers what the increment belongs to; see exemplar.h. A refused increment leaves no exemplar.
  template <class Number>
  void Increment(Number n, const Exemplar& exemplar) const noexcept {
    const auto value = static_cast<double>(n);
    if (!(value >= 0 && value <= std::numeric_limits<double>::max())) [[unlikely]] {
      Refuse();
      return;
    }
    Increment(n);
    detail::KeepExemplar(series_, 0, value, exemplar);
  }

  /// The sum over all threads. Takes a lock: for tests and summaries, not for hot paths. 0 for a null counter.
  double Value() const noexcept;

  /// False for a null counter.
  explicit operator bool() const noexcept { return series_.get() != nullptr; }

 private:
  void IncrementFloat(double value) const noexcept;
  void Refuse() const noexcept;

  detail::SeriesRef series_;
  std::uint32_t cell_ = detail::kNullCell;
};

using CounterFamily = CallbackFamily<Counter>;

}  // namespace cachescope
