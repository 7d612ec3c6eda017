// Info: text about the program as labels of a series that is always 1, e.g. build_info{version="1.2"} 1.
//
//   registry.Info("build_info", "What runs.", LabelNames("version", "revision")).With("1.2", "8c2f1e");
//
// A handle to one series; copies, lifetime and null as for Counter.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "cachescope/instrument_family.h"
#include "cachescope/labelled_family.h"

namespace cachescope {

namespace detail {
void KeepOnlySeries(client::FamilyCore* family, std::span<const std::string_view> values) noexcept;
}

class Info {
 public:
  Info() noexcept = default;
  explicit Info(detail::SeriesRef series) noexcept : series_(series) {}

  /// False for a null info.
  explicit operator bool() const noexcept { return series_.get() != nullptr; }

 private:
  detail::SeriesRef series_;
};

/// With() adds a series, Set() makes it the only one.
class InfoFamily : public InstrumentFamily<Info> {
 public:
  using InstrumentFamily<Info>::InstrumentFamily;

  /// Replaces all series by one of these values.
  void Set(Values values) const noexcept { detail::KeepOnlySeries(family_.get(), values); }
  void Set(std::initializer_list<std::string_view> values) const noexcept {
    Set(Values(values.begin(), values.size()));
  }
};

namespace detail {
template <>
struct FamilyOf<Info> {
  using Type = InfoFamily;
};
}  // namespace detail

}  // namespace cachescope
