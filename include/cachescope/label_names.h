// Names known when the program is compiled: a metric name or label name that is not valid does not compile.
//
//   registry.Counter("cache_hits_total", "Lookups that hit.", LabelNames("tier", "op"))
//
// Rules as in options.h and labels.h. LabelNames also refuses a name that appears twice, and "le" and "quantile", which
// belong to histograms and summaries.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>

namespace cachescope {

namespace detail {

/// Not constexpr on purpose: reached while a constant is computed, they stop the compiler at the name that is wrong.
inline void MetricNameIsNotValid() {}
inline void LabelNameIsNotValid() {}
inline void LabelNameAppearsTwice() {}

constexpr bool IsLegacyName(std::string_view name, bool colon) noexcept {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && !(c >= '0' && c <= '9') && !(colon && c == ':')) return false;
  }
  return true;
}

constexpr bool IsFreeLabelName(std::string_view name) noexcept {
  return IsLegacyName(name, false) && !name.starts_with("__") && name != "le" && name != "quantile";
}

}  // namespace detail

/// A metric name; made of a literal, or of a std::string_view that is a constant.
class MetricName {
 public:
  consteval MetricName(const char* name) : MetricName(std::string_view(name)) {}  // NOLINT(google-explicit-constructor)
  consteval MetricName(std::string_view name) : text_(name) {                     // NOLINT(google-explicit-constructor)
    if (!detail::IsLegacyName(name, true)) detail::MetricNameIsNotValid();
  }

  constexpr std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
};

/// The names of N labels, in the order in which their values are given; N comes from how many are named.
template <std::size_t N>
struct LabelNames {
  constexpr LabelNames() noexcept = default;
  template <std::convertible_to<std::string_view>... Name>
  requires(sizeof...(Name) == N && N > 0) consteval LabelNames(const Name&... list)
      : names{std::string_view(list)...} {  // NOLINT(google-explicit-constructor)
    for (std::size_t i = 0; i < N; ++i) {
      if (!detail::IsFreeLabelName(names[i])) detail::LabelNameIsNotValid();
      for (std::size_t j = 0; j < i; ++j) {
        if (names[i] == names[j]) detail::LabelNameAppearsTwice();
      }
    }
  }

  std::array<std::string_view, N> names = {};
};

template <class... Name>
LabelNames(const Name&...) -> LabelNames<sizeof...(Name)>;

}  // namespace cachescope
