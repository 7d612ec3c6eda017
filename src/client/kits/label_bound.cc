#include "cachescope/kits/label_bound.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <new>
#include <string>

#include "cachescope/catalogue/service.h"
#include "cachescope/kits/options.h"
#include "cachescope/labels.h"

namespace cachescope::kits {

struct LabelBound::Value {
  std::size_t hash;
  std::uint32_t number;
  std::string text;
};

LabelBound::LabelBound(Registry& registry, std::string_view label, std::size_t max_values) noexcept
    : max_values_(std::clamp<std::size_t>(max_values, 1, kMaxValues)) {
  using catalogue::kServiceRows;
  const catalogue::FamilySet set(registry);
  folded_ = catalogue::Family<kServiceRows, "cachescope_kits_values_folded_total">(set).With(label);
  const std::size_t slots = std::bit_ceil(max_values_ * 2);
  slots_.reset(new (std::nothrow) Slot[slots]());
  by_number_.reset(new (std::nothrow) Slot[max_values_]());
  mask_ = slots - 1;
  if (slots_ == nullptr || by_number_ == nullptr) max_values_ = 0;
}

LabelBound::~LabelBound() {
  for (std::size_t i = 0; i < size(); ++i) delete by_number_[i].load(std::memory_order_relaxed);
}

const LabelBound::Value* LabelBound::Find(std::string_view value, std::size_t hash) const noexcept {
  for (std::size_t i = hash;; ++i) {
    const Value* there = slots_[i & mask_].load(std::memory_order_acquire);
    if (there == nullptr || (there->hash == hash && there->text == value)) return there;
  }
}

std::uint32_t LabelBound::Admit(std::string_view value) noexcept {
  if (value.empty()) value = kUnknownValue;
  if (value == kOtherValue) return kOther;
  value = value.substr(0, kMaxLabelValueBytes);
  if (max_values_ != 0) [[likely]] {
    const std::size_t hash = std::hash<std::string_view>()(value);
    const bool full = size() >= max_values_;  // before Find: what was there when it filled up is then found
    if (const Value* known = Find(value, hash)) return known->number;
    if (!full) return Add(value, hash);
  }
  folded_.Increment();
  return kOther;
}

std::uint32_t LabelBound::Add(std::string_view value, std::size_t hash) noexcept {
  try {
    const std::lock_guard lock(mu_);
    if (const Value* known = Find(value, hash)) return known->number;
    const std::size_t size = size_.load(std::memory_order_relaxed);
    if (size < max_values_) {
      auto* added = new Value{hash, static_cast<std::uint32_t>(size + 1), std::string(value)};
      by_number_[size].store(added, std::memory_order_release);
      std::size_t i = hash & mask_;
      while (slots_[i].load(std::memory_order_relaxed) != nullptr) i = (i + 1) & mask_;
      slots_[i].store(added, std::memory_order_release);
      size_.store(size + 1, std::memory_order_release);
      return added->number;
    }
  } catch (...) {
    // No memory: folded, as beyond the bound.
  }
  folded_.Increment();
  return kOther;
}

std::string_view LabelBound::Text(std::uint32_t number) const noexcept {
  if (number == kOther || number > max_values_) return kOtherValue;
  const Value* value = by_number_[number - 1].load(std::memory_order_acquire);
  return value == nullptr ? kOtherValue : std::string_view(value->text);
}

}  // namespace cachescope::kits
