// BoundedHandles and BoundedTable: instruments by label values that callers choose, made at first use.
//
// Thread-safe. Finding instruments that were made before costs LabelBound::Admit for each label and HandleTable::Find,
// without lock or allocation; making them takes locks and allocates.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "cachescope/kits/handle_table.h"
#include "cachescope/kits/label_bound.h"

namespace cachescope::kits {

/// By one label, with a bound of its own.
template <class Handles>
class BoundedHandles {
 public:
  BoundedHandles(Registry& registry, std::string_view label, std::size_t max_values) noexcept
      : values_(registry, label, max_values), handles_(max_values + 1) {}

  /// `make(text)` gives the handles for a label value, which may be "other"; it may throw std::bad_alloc only.
  template <class Make>
  const Handles& For(std::string_view value, const Make& make) noexcept {
    const std::uint32_t number = values_.Admit(value);
    return handles_.Find(number, [&](bool full) { return make(values_.Text(full ? LabelBound::kOther : number)); });
  }

 private:
  LabelBound values_;
  HandleTable<Handles> handles_;
};

/// By `kLabels` labels, one to four, whose bounds may be shared with other tables and must outlive it.
template <class Handles, std::size_t kLabels>
class BoundedTable {
 public:
  template <class... Bound>
  requires(sizeof...(Bound) == kLabels && kLabels >= 1 && kLabels <= 4) explicit BoundedTable(std::size_t max_entries,
                                                                                              Bound&... bounds) noexcept
      : bounds_{&bounds...}, handles_(max_entries) {}

  /// `make(text, …)` as above, with one text for each label.
  template <class Make, class... Text>
  requires(sizeof...(Text) == kLabels) const Handles& For(const Make& make, const Text&... values) noexcept {
    return Find(make, std::array<std::string_view, kLabels>{values...}, std::make_index_sequence<kLabels>());
  }

 private:
  template <class Make, std::size_t... kIndex>
  const Handles& Find(const Make& make, const std::array<std::string_view, kLabels>& values,
                      std::index_sequence<kIndex...>) noexcept {
    const std::array<std::uint32_t, kLabels> numbers = {bounds_[kIndex]->Admit(values[kIndex])...};
    return handles_.Find(HandleKey(numbers[kIndex]...), [&](bool full) {
      return make(bounds_[kIndex]->Text(full ? LabelBound::kOther : numbers[kIndex])...);
    });
  }

  std::array<LabelBound*, kLabels> bounds_;
  HandleTable<Handles> handles_;
};

}  // namespace cachescope::kits
