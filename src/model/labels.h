// Labels is a label set: name=value pairs sorted by name, names unique, no empty values.
//
// Stored as one buffer of length-prefixed strings, so that a set costs one allocation (none up to 15 bytes) and
// equality is a memory comparison. Immutable except by assignment; const methods may be called concurrently.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cachescope {

inline constexpr std::string_view kMetricName = "__name__";
inline constexpr std::string_view kBucketLabel = "le";
inline constexpr std::string_view kQuantileLabel = "quantile";

struct LabelView {
  std::string_view name;
  std::string_view value;
  bool operator==(const LabelView&) const = default;
};

class Labels {
 public:
  class Iterator {
   public:
    using value_type = LabelView;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    Iterator() = default;
    Iterator(const char* at, const char* end) : at_(at), end_(end) { Decode(); }
    const LabelView& operator*() const { return label_; }
    const LabelView* operator->() const { return &label_; }
    Iterator& operator++() {
      at_ = next_;
      Decode();
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    void Decode();
    const char* at_ = nullptr;
    const char* next_ = nullptr;
    const char* end_ = nullptr;
    LabelView label_;
  };

  Labels() = default;
  // Sorts; of equal names the last wins; empty values are dropped.
  Labels(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs);  // NOLINT: implicit for tests
  static Labels FromPairs(std::vector<std::pair<std::string, std::string>> pairs);
  // REQUIRES: sorted by name, unique names, no empty value. The fast path for decoders that know.
  static Labels FromSorted(const std::vector<LabelView>& sorted);

  Iterator begin() const { return {data_.data(), data_.data() + data_.size()}; }
  Iterator end() const { return {data_.data() + data_.size(), data_.data() + data_.size()}; }
  bool empty() const noexcept { return data_.empty(); }
  std::size_t size() const;  // linear

  // The value of `name`, or an empty view when absent. The view lives as long as this object is not assigned to.
  std::string_view Get(std::string_view name) const noexcept;
  bool Has(std::string_view name) const noexcept { return !Get(name).empty(); }
  std::string_view metric_name() const noexcept { return Get(kMetricName); }

  std::uint64_t Hash() const noexcept;
  // The encoded form: a map key for this set within one process, not a format.
  const std::string& bytes() const noexcept { return data_; }
  std::size_t MemoryBytes() const noexcept {
    return sizeof(*this) + (data_.capacity() > 15 ? data_.capacity() + 1 : 0);
  }

  // `name{a="b", c="d"}` as PromQL prints it; `{}` when empty; names that need it are quoted.
  std::string ToString() const;

  bool operator==(const Labels& other) const noexcept { return data_ == other.data_; }
  // Label by label: names first, then values; a prefix is smaller. The order of matrix results.
  static int Compare(const Labels& a, const Labels& b);
  bool operator<(const Labels& other) const { return Compare(*this, other) < 0; }

 private:
  friend class LabelsBuilder;
  static void AppendLabel(std::string* out, std::string_view name, std::string_view value);
  std::string data_;
};

// Builds a label set from another one. Not thread-safe.
class LabelsBuilder {
 public:
  LabelsBuilder() = default;
  explicit LabelsBuilder(const Labels& base) { Reset(base); }
  void Reset(const Labels& base);
  // An empty value deletes the label.
  LabelsBuilder& Set(std::string_view name, std::string_view value);
  LabelsBuilder& Delete(std::string_view name);
  // Keeps or deletes exactly the named labels. Names may be in any order.
  LabelsBuilder& Keep(const std::vector<std::string>& names);
  LabelsBuilder& DeleteAll(const std::vector<std::string>& names);
  std::string_view Get(std::string_view name) const;
  Labels Build() const;
  const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;  // sorted by name
};

// Whether `name` is [a-zA-Z_][a-zA-Z0-9_]* (labels) or the same with ':' (metrics): names that need no quotes.
bool IsLegacyLabelName(std::string_view name) noexcept;
bool IsLegacyMetricName(std::string_view name) noexcept;
bool IsValidUtf8(std::string_view text) noexcept;
// Go-style double-quoted string with escapes, as label values are printed.
void AppendQuoted(std::string* out, std::string_view text);

}  // namespace cachescope

template <>
struct std::hash<cachescope::Labels> {
  std::size_t operator()(const cachescope::Labels& labels) const noexcept { return labels.Hash(); }
};
