// LabelBound: numbers for the values of one label that callers choose: tenants, data sets, endpoints, models.
//
// The first `max_values` values get a number each; all later ones share number 0, "other", and every call that ends
// there is counted in cachescope_kits_values_folded_total{label}. An empty value is "unknown".
// Thread-safe. A known value costs a hash and one comparison without a lock, some 10 ns; a new one takes a lock and
// allocates, once; a value beyond the bound costs as much as a known one.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

#include "cachescope/counter.h"
#include "cachescope/registry.h"

namespace cachescope::kits {

class LabelBound {
 public:
  /// Most values any bound may have.
  static constexpr std::size_t kMaxValues = 60000;
  static constexpr std::uint32_t kOther = 0;

  /// `registry` is used during construction only. Without memory every value is "other".
  LabelBound(Registry& registry, std::string_view label, std::size_t max_values) noexcept;
  ~LabelBound();
  LabelBound(const LabelBound&) = delete;
  LabelBound& operator=(const LabelBound&) = delete;

  /// The number of `value`, at most kMaxValues.
  std::uint32_t Admit(std::string_view value) noexcept;
  /// The value behind a number that Admit gave; valid as long as this object.
  std::string_view Text(std::uint32_t number) const noexcept;
  /// Admit and Text in one.
  std::string_view Fold(std::string_view value) noexcept { return Text(Admit(value)); }

  /// Values that have a number of their own.
  std::size_t size() const noexcept { return size_.load(std::memory_order_acquire); }

 private:
  struct Value;
  using Slot = std::atomic<Value*>;

  const Value* Find(std::string_view value, std::size_t hash) const noexcept;
  std::uint32_t Add(std::string_view value, std::size_t hash) noexcept;

  Counter folded_;
  std::size_t max_values_ = 0;
  std::size_t mask_ = 0;
  std::unique_ptr<Slot[]> slots_;      // open addressing by hash
  std::unique_ptr<Slot[]> by_number_;  // number - 1
  std::atomic<std::size_t> size_{0};
  std::mutex mu_;  // held to add
};

}  // namespace cachescope::kits
