// LabelledFamily: a family whose number of labels is known when the program is compiled, so that a wrong number of
// values does not compile.
//
//   const auto hits = registry.Counter("cache_hits_total", "Lookups that hit.", LabelNames("tier", "op"));
//   const cachescope::Counter get = hits.With("l1", "get");
//
// Handles, lifetimes, thread safety and costs are those of InstrumentFamily.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <string_view>
#include <utility>

#include "cachescope/counter.h"
#include "cachescope/gauge.h"
#include "cachescope/instrument_family.h"
#include "cachescope/label_names.h"

namespace cachescope {

namespace detail {
template <class Instrument>
struct FamilyOf {
  using Type = InstrumentFamily<Instrument>;
};
template <>
struct FamilyOf<Counter> {
  using Type = CounterFamily;
};
template <>
struct FamilyOf<Gauge> {
  using Type = GaugeFamily;
};
}  // namespace detail

template <class Instrument, std::size_t N>
class LabelledFamily {
 public:
  using Family = typename detail::FamilyOf<Instrument>::Type;

  /// A null family.
  LabelledFamily() noexcept = default;
  /// REQUIRES: `family` has N labels; otherwise With() gives null instruments.
  explicit LabelledFamily(const Family& family) noexcept : family_(family) {}

  /// The instrument for these label values; see InstrumentFamily::With.
  template <std::convertible_to<std::string_view>... Text>
  requires(sizeof...(Text) == N) Instrument With(const Text&... values)
  const noexcept {
    const std::array<std::string_view, N> list = {std::string_view(values)...};
    return family_.With(typename Family::Values(list));
  }

  /// See InstrumentFamily::Remove.
  template <std::convertible_to<std::string_view>... Text>
  requires(sizeof...(Text) == N) bool Remove(const Text&... values) const noexcept {
    const std::array<std::string_view, N> list = {std::string_view(values)...};
    return family_.Remove(typename Family::Values(list));
  }

  /// Infos: makes this the only series; see InfoFamily::Set.
  template <std::convertible_to<std::string_view>... Text>
  requires(sizeof...(Text) == N && requires(const Family& family) {
    family.Set(typename Family::Values());
  }) void Set(const Text&... values) const noexcept {
    const std::array<std::string_view, N> list = {std::string_view(values)...};
    family_.Set(typename Family::Values(list));
  }

  /// Counters and gauges: computes the value at each scrape; see CallbackFamily::Function.
  template <std::convertible_to<std::string_view>... Text>
  requires(sizeof...(Text) == N &&
           (std::same_as<Instrument, Counter> ||
            std::same_as<Instrument, Gauge>)) void Function(std::function<double()> function,
                                                            const Text&... values) const noexcept {
    const std::array<std::string_view, N> list = {std::string_view(values)...};
    family_.Function(typename Family::Values(list), std::move(function));
  }

  /// A family without labels is its one instrument.
  operator Instrument() const noexcept  // NOLINT(google-explicit-constructor)
      requires(N == 0) {
    return family_.With(typename Family::Values());
  }

  /// The family without the check of the number of values.
  const Family& family() const noexcept { return family_; }

  /// False for a null family.
  explicit operator bool() const noexcept { return static_cast<bool>(family_); }

 private:
  Family family_;
};

}  // namespace cachescope
