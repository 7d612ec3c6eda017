// InstrumentFamily: the instruments of one name that differ in label values. Obtained from a Registry.
//
// Thread-safe. A family is a small handle; copies mean the same family and may outlive the registry, after which
// With() gives null instruments. A null family (registration refused) gives null instruments: they accept everything
// and keep nothing.
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

#include "cachescope/detail/ref.h"

namespace cachescope {

namespace detail {
using FamilyRef = Ref<client::FamilyCore>;
using SeriesRef = Ref<client::Series>;
SeriesRef FindSeries(client::FamilyCore* family, std::span<const std::string_view> values) noexcept;
bool RemoveSeries(client::FamilyCore* family, std::span<const std::string_view> values) noexcept;
void SetSeriesFunction(client::FamilyCore* family, std::span<const std::string_view> values,
                       std::function<double()> function) noexcept;
}  // namespace detail

template <class Instrument>
class InstrumentFamily {
 public:
  using Values = std::span<const std::string_view>;

  /// A null family.
  InstrumentFamily() noexcept = default;
  explicit InstrumentFamily(detail::FamilyRef family) noexcept : family_(family) {}

  /// The instrument for these label values, created on first use. Takes a lock and may allocate (some 100 ns): look up
  /// once and keep the result. A wrong number of values gives a null instrument and is counted in
  /// cachescope_client_registration_errors_total; beyond max_series the overflow series is returned.
  Instrument With(Values values) const noexcept { return Instrument(detail::FindSeries(family_.get(), values)); }
  Instrument With(std::initializer_list<std::string_view> values) const noexcept {
    return With(Values(values.begin(), values.size()));
  }

  /// A family without labels is its one instrument.
  operator Instrument() const noexcept { return With(Values()); }  // NOLINT(google-explicit-constructor)

  /// Takes a series out of the exposition; false if there is none. Handles to it stay valid and write nowhere visible.
  bool Remove(Values values) const noexcept { return detail::RemoveSeries(family_.get(), values); }
  bool Remove(std::initializer_list<std::string_view> values) const noexcept {
    return Remove(Values(values.begin(), values.size()));
  }

  /// False for a null family.
  explicit operator bool() const noexcept { return family_.get() != nullptr; }

 protected:
  detail::FamilyRef family_;
};

/// A family whose values may also come from functions: counters and gauges.
template <class Instrument>
class CallbackFamily : public InstrumentFamily<Instrument> {
 public:
  using InstrumentFamily<Instrument>::InstrumentFamily;
  using typename InstrumentFamily<Instrument>::Values;

  /// Computes the series' value by a function at each scrape, replacing an earlier function. Remove() ends it and
  /// returns when no call is running, so it is safe to free afterwards what the function uses. A function that throws,
  /// or gives a counter a value that is negative, NaN or infinite, leaves the value as it was and is counted in
  /// cachescope_client_collector_errors_total. A counter's function gives the total: do not increment it, too.
  void Function(Values values, std::function<double()> function) const noexcept {
    detail::SetSeriesFunction(this->family_.get(), values, std::move(function));
  }
  void Function(std::initializer_list<std::string_view> values, std::function<double()> function) const noexcept {
    Function(Values(values.begin(), values.size()), std::move(function));
  }
  void Function(std::function<double()> function) const noexcept { Function(Values(), std::move(function)); }
};

}  // namespace cachescope
