#include "model/labels.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"
#include "base/quote.h"

namespace cachescope {
namespace {

// Lengths up to 254 take one byte; longer ones take 255 and four bytes, little endian.
constexpr unsigned char kLongLength = 255;

void AppendString(std::string* out, std::string_view text) {
  if (text.size() < kLongLength) {
    out->push_back(static_cast<char>(text.size()));
  } else {
    out->push_back(static_cast<char>(kLongLength));
    for (int shift = 0; shift < 32; shift += 8) out->push_back(static_cast<char>(text.size() >> shift));
  }
  out->append(text);
}

inline const char* ReadString(const char* at, std::string_view* out) {
  std::size_t size = static_cast<unsigned char>(*at++);
  if (size == kLongLength) {
    size = 0;
    for (int shift = 0; shift < 32; shift += 8) {
      size |= static_cast<std::size_t>(static_cast<unsigned char>(*at++)) << shift;
    }
  }
  *out = std::string_view(at, size);
  return at + size;
}

bool IsNameChar(char c, bool first, bool colon) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':') ||
         (!first && c >= '0' && c <= '9');
}

bool IsLegacyName(std::string_view name, bool colon) {
  if (name.empty()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!IsNameChar(name[i], i == 0, colon)) return false;
  }
  return true;
}

}  // namespace

void Labels::Iterator::Decode() {
  if (at_ == end_) return;
  next_ = ReadString(ReadString(at_, &label_.name), &label_.value);
}

Labels::Labels(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
  std::vector<std::pair<std::string, std::string>> copy;
  copy.reserve(pairs.size());
  for (const auto& [name, value] : pairs) copy.emplace_back(name, value);
  *this = FromPairs(std::move(copy));
}

Labels Labels::FromPairs(std::vector<std::pair<std::string, std::string>> pairs) {
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Labels out;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (i + 1 < pairs.size() && pairs[i + 1].first == pairs[i].first) continue;
    if (!pairs[i].second.empty()) AppendLabel(&out.data_, pairs[i].first, pairs[i].second);
  }
  out.data_.shrink_to_fit();
  return out;
}

Labels Labels::FromSorted(const std::vector<LabelView>& sorted) {
  Labels out;
  std::size_t bytes = 0;
  for (const LabelView& label : sorted) bytes += label.name.size() + label.value.size() + 2;
  out.data_.reserve(bytes);
  for (const LabelView& label : sorted) AppendLabel(&out.data_, label.name, label.value);
  return out;
}

void Labels::AppendLabel(std::string* out, std::string_view name, std::string_view value) {
  AppendString(out, name);
  AppendString(out, value);
}

std::size_t Labels::size() const {
  std::size_t n = 0;
  for (auto it = begin(); it != end(); ++it) ++n;
  return n;
}

std::string_view Labels::Get(std::string_view name) const noexcept {
  const char* at = data_.data();
  const char* const end = at + data_.size();
  LabelView label;
  while (at != end) {
    at = ReadString(ReadString(at, &label.name), &label.value);
    if (label.name == name) return label.value;
    if (label.name > name) break;
  }
  return {};
}

std::uint64_t Labels::Hash() const noexcept { return Hash64(data_); }

std::string Labels::ToString() const {
  std::string out;
  const std::string_view metric = metric_name();
  const bool bare = IsLegacyMetricName(metric);
  if (bare) out = metric;
  bool first = true;
  std::string inner;
  if (!metric.empty() && !bare) {
    AppendQuoted(&inner, metric);
    first = false;
  }
  for (const LabelView& label : *this) {
    if (label.name == kMetricName) continue;
    if (!first) inner += ", ";
    first = false;
    if (IsLegacyLabelName(label.name)) {
      inner += label.name;
    } else {
      AppendQuoted(&inner, label.name);
    }
    inner += '=';
    AppendQuoted(&inner, label.value);
  }
  if (!inner.empty() || !bare) out += "{" + inner + "}";
  return out;
}

int Labels::Compare(const Labels& a, const Labels& b) {
  auto x = a.begin();
  auto y = b.begin();
  for (; x != a.end() && y != b.end(); ++x, ++y) {
    if (const int c = x->name.compare(y->name); c != 0) return c < 0 ? -1 : 1;
    if (const int c = x->value.compare(y->value); c != 0) return c < 0 ? -1 : 1;
  }
  if (x == a.end()) return y == b.end() ? 0 : -1;
  return 1;
}

void LabelsBuilder::Reset(const Labels& base) {
  pairs_.clear();
  for (const LabelView& label : base) pairs_.emplace_back(label.name, label.value);
}

LabelsBuilder& LabelsBuilder::Set(std::string_view name, std::string_view value) {
  if (value.empty()) return Delete(name);
  const auto it = std::lower_bound(pairs_.begin(), pairs_.end(), name,
                                   [](const auto& pair, std::string_view key) { return pair.first < key; });
  if (it != pairs_.end() && it->first == name) {
    it->second = value;
  } else {
    pairs_.emplace(it, name, value);
  }
  return *this;
}

LabelsBuilder& LabelsBuilder::Delete(std::string_view name) {
  std::erase_if(pairs_, [&](const auto& pair) { return pair.first == name; });
  return *this;
}

LabelsBuilder& LabelsBuilder::Keep(const std::vector<std::string>& names) {
  std::erase_if(pairs_,
                [&](const auto& pair) { return std::find(names.begin(), names.end(), pair.first) == names.end(); });
  return *this;
}

LabelsBuilder& LabelsBuilder::DeleteAll(const std::vector<std::string>& names) {
  std::erase_if(pairs_,
                [&](const auto& pair) { return std::find(names.begin(), names.end(), pair.first) != names.end(); });
  return *this;
}

std::string_view LabelsBuilder::Get(std::string_view name) const {
  for (const auto& [key, value] : pairs_) {
    if (key == name) return value;
  }
  return {};
}

Labels LabelsBuilder::Build() const {
  Labels out;
  std::size_t bytes = 0;
  for (const auto& [name, value] : pairs_) bytes += name.size() + value.size() + 2;
  out.data_.reserve(bytes);
  for (const auto& [name, value] : pairs_) Labels::AppendLabel(&out.data_, name, value);
  return out;
}

bool IsLegacyLabelName(std::string_view name) noexcept { return IsLegacyName(name, false); }
bool IsLegacyMetricName(std::string_view name) noexcept { return IsLegacyName(name, true); }

bool IsValidUtf8(std::string_view text) noexcept {
  while (!text.empty()) {
    // Eight ASCII bytes at a time.
    std::uint64_t word = 0;
    if (text.size() >= sizeof word) {
      std::memcpy(&word, text.data(), sizeof word);
      if ((word & 0x8080808080808080ULL) == 0) {
        text.remove_prefix(sizeof word);
        continue;
      }
    }
    const std::size_t length = Utf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void AppendQuoted(std::string* out, std::string_view text) { AppendQuotedText(out, text, QuoteStyle::kGo); }

}  // namespace cachescope
