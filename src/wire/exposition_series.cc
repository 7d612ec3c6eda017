// The inside of the braces: label names, values, escapes.
#include <algorithm>

#include "wire/exposition_number.h"
#include "wire/exposition_text.h"

namespace cachescope::wire {
namespace {

constexpr std::size_t kMaxBoundText = 32;  // the longest canonical number

inline bool IsLabelStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
inline bool IsLabelMore(char c) { return IsLabelStart(c) || (c >= '0' && c <= '9'); }

// Reads one series text. Escaped strings are written to the scratch buffer, which is reserved once so that views stay
// valid.
class SeriesReader {
 public:
  SeriesReader(std::string_view series, ExpositionDialect dialect, SeriesParts* parts)
      : text_(series), strict_(dialect == ExpositionDialect::kOpenMetrics), parts_(parts) {
    parts_->name = {};
    parts_->labels.clear();
    parts_->scratch.clear();
    parts_->scratch.reserve(series.size() + 2 * kMaxBoundText);
  }

  Status Read() {
    while (at_ < text_.size() && (IsLabelMore(text_[at_]) || text_[at_] == ':')) ++at_;
    parts_->name = text_.substr(0, at_);
    has_name_ = !parts_->name.empty();
    Blanks();
    if (at_ < text_.size()) {
      if (text_[at_] != '{') return Error("expected a label set");
      ++at_;
      CACHESCOPE_RETURN_IF_ERROR(ReadLabels());
    }
    if (at_ != text_.size()) return Error("text after the label set");
    if (!has_name_ || parts_->name.empty()) return Error("metric name missing");
    return {};
  }

 private:
  Status ReadLabels() {
    Blanks();
    while (true) {
      if (at_ == text_.size()) return Error("label set is not closed");
      if (text_[at_] == '}') {
        ++at_;
        return {};
      }
      CACHESCOPE_RETURN_IF_ERROR(ReadPair());
      Blanks();
      if (at_ < text_.size() && text_[at_] == ',') {
        ++at_;
        Blanks();
      } else if (strict_ && (at_ == text_.size() || text_[at_] != '}')) {
        return Error("expected a comma or a closing brace");
      }
    }
  }

  Status ReadPair() {
    LabelView label;
    const bool quoted = text_[at_] == '"';
    if (quoted) {
      CACHESCOPE_RETURN_IF_ERROR(ReadString(&label.name));
    } else {
      if (!IsLabelStart(text_[at_])) return Error("expected a label name");
      const std::size_t from = at_;
      while (at_ < text_.size() && IsLabelMore(text_[at_])) ++at_;
      label.name = text_.substr(from, at_ - from);
    }
    Blanks();
    if (quoted && at_ < text_.size() && (text_[at_] == ',' || text_[at_] == '}')) {
      if (has_name_) return Error("metric name given twice");
      has_name_ = true;
      parts_->name = label.name;
      return {};
    }
    if (at_ == text_.size() || text_[at_] != '=') return Error("expected \"=\" after a label name");
    ++at_;
    Blanks();
    if (at_ == text_.size() || text_[at_] != '"') return Error("expected a quoted label value");
    CACHESCOPE_RETURN_IF_ERROR(ReadString(&label.value));
    if (label.name.empty()) return Error("empty label name");
    if (!label.value.empty()) parts_->labels.push_back(label);
    return {};
  }

  Status ReadString(std::string_view* out) {
    const std::size_t from = ++at_;
    bool escaped = false;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\n' && strict_) return Error("new line in a string");
      if (text_[at_] == '\\') {
        escaped = true;
        if (++at_ == text_.size()) break;
      }
    }
    if (at_ >= text_.size()) return Error("unfinished string");
    const std::string_view raw = text_.substr(from, at_++ - from);
    if (!IsValidUtf8(raw)) return Error("invalid UTF-8");
    if (raw.find('\0') != std::string_view::npos) return Error("NUL byte");
    *out = escaped ? Unescape(raw) : raw;
    return {};
  }

  std::string_view Unescape(std::string_view raw) {
    std::string& scratch = parts_->scratch;
    const std::size_t start = scratch.size();
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '\\' || i + 1 == raw.size()) {
        scratch.push_back(raw[i]);
        continue;
      }
      const char next = raw[i + 1];
      if (next != 'n' && next != '"' && next != '\\') {
        scratch.push_back('\\');
        continue;
      }
      scratch.push_back(next == 'n' ? '\n' : next);
      ++i;
    }
    return std::string_view(scratch).substr(start);
  }

  void Blanks() {
    if (strict_) return;
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  static Status Error(std::string_view cause) { return Corruption("series: " + std::string(cause)); }

  const std::string_view text_;
  const bool strict_;
  SeriesParts* const parts_;
  std::size_t at_ = 0;
  bool has_name_ = false;
};

Status SortUnique(std::vector<LabelView>* labels) {
  const auto less = [](const LabelView& a, const LabelView& b) { return a.name < b.name; };
  if (!std::is_sorted(labels->begin(), labels->end(), less)) std::sort(labels->begin(), labels->end(), less);
  for (std::size_t i = 0; i < labels->size(); ++i) {
    const std::string_view name = (*labels)[i].name;
    if (name == kMetricName || (i > 0 && (*labels)[i - 1].name == name)) {
      return Corruption("series: label name \"" + std::string(name.substr(0, 64)) + "\" is not unique");
    }
  }
  return {};
}

void CanonicalizeBound(std::string_view name, SeriesParts* parts) {
  for (LabelView& label : parts->labels) {
    if (label.name != name) continue;
    const auto bound = ParseExpositionNumber(label.value);
    if (!bound) return;
    const std::size_t start = parts->scratch.size();
    AppendCanonicalBound(&parts->scratch, *bound);
    label.value = std::string_view(parts->scratch).substr(start);
  }
}

}  // namespace

Status ParseSeries(std::string_view series, ExpositionDialect dialect, MetricType type, SeriesParts* parts) {
  CACHESCOPE_RETURN_IF_ERROR(SeriesReader(series, dialect, parts).Read());
  CACHESCOPE_RETURN_IF_ERROR(SortUnique(&parts->labels));
  if (type == MetricType::kHistogram) CanonicalizeBound(kBucketLabel, parts);
  if (type == MetricType::kSummary) CanonicalizeBound(kQuantileLabel, parts);
  return {};
}

std::string UnescapeHelp(std::string_view text, ExpositionDialect dialect) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (next == 'n' || next == '\\' || (next == '"' && dialect == ExpositionDialect::kOpenMetrics)) {
      out.push_back(next == 'n' ? '\n' : next);
      ++i;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace cachescope::wire
