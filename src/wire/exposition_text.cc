#include "wire/exposition_text.h"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "wire/exposition_number.h"

namespace cachescope::wire {
namespace {

constexpr std::size_t kMaxQuotedInError = 32;

enum CharClass : unsigned char { kNameStart = 1, kNameMore = 2 };

constexpr std::array<unsigned char, 256> MakeClasses() {
  std::array<unsigned char, 256> classes{};
  for (int c = 'a'; c <= 'z'; ++c) classes[static_cast<std::size_t>(c)] = kNameStart | kNameMore;
  for (int c = 'A'; c <= 'Z'; ++c) classes[static_cast<std::size_t>(c)] = kNameStart | kNameMore;
  for (int c = '0'; c <= '9'; ++c) classes[static_cast<std::size_t>(c)] = kNameMore;
  classes['_'] = kNameStart | kNameMore;
  classes[':'] = kNameStart | kNameMore;
  return classes;
}
constexpr auto kClasses = MakeClasses();

inline bool IsNameStart(char c) { return (kClasses[static_cast<unsigned char>(c)] & kNameStart) != 0; }
inline bool IsNameMore(char c) { return (kClasses[static_cast<unsigned char>(c)] & kNameMore) != 0; }

inline std::string_view View(const char* from, const char* to) { return {from, static_cast<std::size_t>(to - from)}; }

// The closing quote of the string that opens at `at`, or `end`.
inline const char* FindQuote(const char* at, const char* end) {
  for (++at; at < end; ++at) {
    if (*at == '"') return at;
    if (*at == '\\') ++at;
  }
  return end;
}

bool TextType(std::string_view text, MetricType* type) {
  constexpr std::pair<std::string_view, MetricType> kTypes[] = {{"counter", MetricType::kCounter},
                                                                {"gauge", MetricType::kGauge},
                                                                {"histogram", MetricType::kHistogram},
                                                                {"summary", MetricType::kSummary},
                                                                {"untyped", MetricType::kUnknown}};
  for (const auto& [name, value] : kTypes) {
    if (name == text) {
      *type = value;
      return true;
    }
  }
  return false;
}

bool OpenMetricsType(std::string_view text, MetricType* type) {
  for (int i = 0; i <= static_cast<int>(MetricType::kStateset); ++i) {
    if (text == MetricTypeName(static_cast<MetricType>(i))) {
      *type = static_cast<MetricType>(i);
      return true;
    }
  }
  return false;
}

TimestampMs SecondsToMs(double seconds) {
  const double ms = seconds * 1000;
  constexpr auto kMax = std::numeric_limits<TimestampMs>::max();
  if (ms >= static_cast<double>(kMax)) return kMax;
  if (ms <= static_cast<double>(std::numeric_limits<TimestampMs>::min()))
    return std::numeric_limits<TimestampMs>::min();
  return static_cast<TimestampMs>(ms);
}

}  // namespace

Result<ExpositionDialect> DialectOf(std::string_view content_type) {
  const std::string_view media = content_type.substr(0, content_type.find(';'));
  if (media == "application/openmetrics-text") return ExpositionDialect::kOpenMetrics;
  if (media == "application/vnd.google.protobuf") {
    return InvalidArgument("cannot read the page: the protobuf exposition format was not asked for");
  }
  return ExpositionDialect::kText;
}

ExpositionParser::ExpositionParser(std::string_view page, ExpositionDialect dialect, std::size_t max_line_bytes)
    : begin_(page.data()),
      end_(page.data() + page.size()),
      at_(begin_),
      entry_begin_(begin_),
      max_line_bytes_(max_line_bytes),
      dialect_(dialect) {}

Status ExpositionParser::Next(ExpositionEntry* entry) {
  if (!failure_.ok()) return failure_;
  *entry = ExpositionEntry();
  Status status = dialect_ == ExpositionDialect::kText ? NextText(entry) : NextOpenMetrics(entry);
  if (status.ok() && entry->kind != EntryKind::kEnd) {
    if (static_cast<std::size_t>(at_ - entry_begin_) > max_line_bytes_) {
      status = Error("line longer than " + std::to_string(max_line_bytes_) + " bytes");
    }
  }
  if (!status.ok()) failure_ = status;
  return status;
}

Status ExpositionParser::NextText(ExpositionEntry* entry) {
  while (at_ < end_ && (*at_ == '\n' || *at_ == ' ' || *at_ == '\t')) ++at_;
  entry_begin_ = at_;
  if (at_ == end_) return {};
  if (*at_ != '#') return ReadSeries(entry);
  ++at_;
  const bool spaced = at_ < end_ && (*at_ == ' ' || *at_ == '\t');
  SkipBlanks();
  const std::string_view rest = View(at_, end_);
  const bool keyword = spaced && rest.size() > 4 && (rest[4] == ' ' || rest[4] == '\t');
  if (keyword && rest.starts_with("HELP")) return ReadTextMeta(entry, EntryKind::kHelp);
  if (keyword && rest.starts_with("TYPE")) return ReadTextMeta(entry, EntryKind::kType);
  SkipLine();
  entry->kind = EntryKind::kComment;
  return {};
}

Status ExpositionParser::NextOpenMetrics(ExpositionEntry* entry) {
  entry_begin_ = at_;
  if (begin_ == end_) return {};  // an empty page is an empty scrape
  if (at_ == end_) return Error("page does not end with # EOF");
  if (*at_ != '#') return ReadSeries(entry);
  const std::string_view rest = View(at_, end_);
  if (rest.starts_with("# EOF")) return ReadEof(entry);
  constexpr std::size_t kKeyword = 7;  // "# HELP "
  EntryKind kind = EntryKind::kEnd;
  if (rest.starts_with("# HELP ")) kind = EntryKind::kHelp;
  if (rest.starts_with("# TYPE ")) kind = EntryKind::kType;
  if (rest.starts_with("# UNIT ")) kind = EntryKind::kUnit;
  if (kind == EntryKind::kEnd) return Expected("HELP, TYPE, UNIT or EOF after #");
  at_ += kKeyword;
  return ReadOpenMetricsMeta(entry, kind);
}

Status ExpositionParser::ReadEof(ExpositionEntry* entry) {
  at_ += std::strlen("# EOF");
  if (at_ < end_ && *at_ == '\n') ++at_;
  if (at_ != end_) return Error("text after # EOF");
  at_ = entry_begin_;  // so that later calls end here too
  entry->kind = EntryKind::kEnd;
  return {};
}

Status ExpositionParser::ReadTextMeta(ExpositionEntry* entry, EntryKind kind) {
  at_ += 4;
  SkipBlanks();
  CACHESCOPE_RETURN_IF_ERROR(ReadFamily(entry));
  const char* const text = at_;
  SkipLine();
  // One character after the name is the separator, whatever it is; a rest of blanks only is no text.
  const std::string_view rest = View(text, at_);
  if (rest.find_first_not_of(" \t") == std::string_view::npos) return FinishMeta(entry, kind, {});
  return FinishMeta(entry, kind, rest.substr(1));
}

Status ExpositionParser::ReadOpenMetricsMeta(ExpositionEntry* entry, EntryKind kind) {
  CACHESCOPE_RETURN_IF_ERROR(ReadFamily(entry));
  if (at_ == end_ || *at_ != ' ') return Expected("a blank and text after the name");
  const char* const text = ++at_;
  SkipLine();
  if (at_ == end_) return Error("page does not end with # EOF");
  const std::string_view rest = View(text, at_);
  ++at_;
  if (kind == EntryKind::kUnit && !rest.empty()) {
    const std::string_view family = entry->family;
    if (family.size() <= rest.size() || !family.ends_with(rest) || family[family.size() - rest.size() - 1] != '_') {
      return Error("unit \"" + std::string(rest.substr(0, kMaxQuotedInError)) + "\" is not a suffix of the metric");
    }
  }
  return FinishMeta(entry, kind, rest);
}

Status ExpositionParser::FinishMeta(ExpositionEntry* entry, EntryKind kind, std::string_view text) {
  entry->kind = kind;
  entry->text = text;
  if (kind == EntryKind::kType) {
    const bool known = dialect_ == ExpositionDialect::kText ? TextType(text, &type_) : OpenMetricsType(text, &type_);
    if (!known) return Error("invalid metric type \"" + std::string(text.substr(0, kMaxQuotedInError)) + "\"");
    entry->type = type_;
  }
  if (!IsValidUtf8(text) || !IsValidUtf8(entry->family)) return Error("invalid UTF-8");
  return {};
}

Status ExpositionParser::ReadFamily(ExpositionEntry* entry) {
  const char* const from = at_;
  if (at_ < end_ && *at_ == '"') {
    at_ = FindQuote(at_, end_);
    if (at_ == end_) return Error("unfinished quoted metric name");
    entry->family = View(from + 1, at_);
    ++at_;
    return {};
  }
  if (at_ == end_ || !IsNameStart(*at_)) return Expected("a metric name");
  while (at_ < end_ && IsNameMore(*at_)) ++at_;
  entry->family = View(from, at_);
  return {};
}

Status ExpositionParser::ReadSeries(ExpositionEntry* entry) {
  const char* const from = at_;
  if (*at_ != '{') {
    if (!IsNameStart(*at_)) return Expected("a metric name or a comment");
    while (at_ < end_ && IsNameMore(*at_)) ++at_;
  }
  const char* name_end = at_;
  if (dialect_ == ExpositionDialect::kText) SkipBlanks();
  if (at_ < end_ && *at_ == '{') {
    CACHESCOPE_RETURN_IF_ERROR(ScanBraces());
    name_end = at_;
  }
  entry->kind = EntryKind::kSeries;
  entry->series = View(from, name_end);
  entry->type = type_;
  return dialect_ == ExpositionDialect::kText ? ReadTextSuffix(entry) : ReadOpenMetricsSuffix(entry);
}

Status ExpositionParser::ScanBraces() {
  for (++at_; at_ < end_; ++at_) {
    if (*at_ == '"') {
      at_ = FindQuote(at_, end_);
      if (at_ >= end_) break;
    } else if (*at_ == '}') {
      ++at_;
      return {};
    } else if (*at_ == '\n' || *at_ == '{') {
      return Error("label set is not closed");
    }
  }
  at_ = end_;
  return Error("label set is not closed");
}

Status ExpositionParser::ReadTextSuffix(ExpositionEntry* entry) {
  SkipBlanks();
  CACHESCOPE_RETURN_IF_ERROR(ReadNumber("a value after the metric", true, &entry->value));
  SkipBlanks();
  if (at_ == end_ || *at_ == '\n') return {};
  TimestampMs t = 0;
  const char* const from = at_;
  for (; at_ < end_ && *at_ >= '0' && *at_ <= '9'; ++at_) {
    const int digit = *at_ - '0';
    if (t > (std::numeric_limits<TimestampMs>::max() - digit) / 10) return Error("time stamp out of range");
    t = t * 10 + digit;
  }
  if (at_ == from) return Expected("a time stamp in milliseconds or a new line");
  SkipBlanks();
  if (at_ < end_ && *at_ != '\n') return Expected("a new line after the time stamp");
  entry->timestamp = t;
  entry->has_timestamp = true;
  return {};
}

Status ExpositionParser::ReadOpenMetricsSuffix(ExpositionEntry* entry) {
  if (at_ == end_ || *at_ != ' ') return Expected("one blank and a value after the metric");
  ++at_;
  CACHESCOPE_RETURN_IF_ERROR(ReadNumber("a value after the metric", false, &entry->value));
  if (View(at_, end_).substr(0, 4) != " # {" && at_ < end_ && *at_ == ' ') {
    ++at_;
    double seconds = 0;
    CACHESCOPE_RETURN_IF_ERROR(ReadNumber("a time stamp", false, &seconds));
    if (!std::isfinite(seconds)) return Error("invalid time stamp");
    entry->timestamp = SecondsToMs(seconds);
    entry->has_timestamp = true;
  }
  if (View(at_, end_).starts_with(" # {")) CACHESCOPE_RETURN_IF_ERROR(ReadExemplar(entry));
  if (at_ == end_) return Error("page does not end with # EOF");
  if (*at_ != '\n') return Expected("a new line");
  ++at_;
  return {};
}

Status ExpositionParser::ReadExemplar(ExpositionEntry* entry) {
  at_ += std::strlen(" # ");
  const char* const from = at_;
  CACHESCOPE_RETURN_IF_ERROR(ScanBraces());
  entry->exemplar_labels = View(from, at_);
  SeriesParts parts;
  if (Status status = ParseExemplarLabels(entry->exemplar_labels, &parts); !status.ok()) {
    return Error("exemplar: " + std::string(status.message()));
  }
  if (at_ == end_ || *at_ != ' ') return Expected("a value after exemplar labels");
  ++at_;
  CACHESCOPE_RETURN_IF_ERROR(ReadNumber("a value after exemplar labels", false, &entry->exemplar_value));
  entry->has_exemplar = true;
  if (at_ == end_ || *at_ != ' ') return {};
  ++at_;
  double seconds = 0;
  CACHESCOPE_RETURN_IF_ERROR(ReadNumber("an exemplar time stamp", false, &seconds));
  if (!std::isfinite(seconds)) return Error("invalid exemplar time stamp");
  entry->exemplar_timestamp = SecondsToMs(seconds);
  entry->has_exemplar_timestamp = true;
  return {};
}

Status ParseExemplarLabels(std::string_view exemplar_labels, SeriesParts* parts) {
  // They follow the grammar of a series that needs no name, so they are read as those of one. Views point into the
  // text, so it lives in the parts.
  parts->exemplar_text.assign("x").append(exemplar_labels);
  return ParseSeries(parts->exemplar_text, ExpositionDialect::kOpenMetrics, MetricType::kUnknown, parts);
}

// A value of the text format also ends at a tab or an opening brace.
Status ExpositionParser::ReadNumber(std::string_view what, bool text_value, double* out) {
  const char* const from = at_;
  while (at_ < end_ && *at_ != ' ' && *at_ != '\n' && !(text_value && (*at_ == '\t' || *at_ == '{'))) ++at_;
  if (at_ == from) return Expected(what);
  const auto value = ParseExpositionNumber(View(from, at_));
  if (!value) {
    const std::string_view shown = View(from, at_).substr(0, kMaxQuotedInError);
    return Error("\"" + (IsValidUtf8(shown) ? std::string(shown) : std::string("?")) + "\" is not a number");
  }
  *out = *value;
  return {};
}

void ExpositionParser::SkipBlanks() {
  while (at_ < end_ && (*at_ == ' ' || *at_ == '\t')) ++at_;
}

void ExpositionParser::SkipLine() {
  const void* const found = at_ < end_ ? std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_)) : nullptr;
  at_ = found == nullptr ? end_ : static_cast<const char*>(found);
}

std::size_t ExpositionParser::Line() const {
  std::size_t line = 1;
  for (const char* p = begin_; p < entry_begin_; ++p) line += *p == '\n' ? 1 : 0;
  return line;
}

Status ExpositionParser::Error(std::string_view cause) const {
  return Corruption("line " + std::to_string(Line()) + ": " + std::string(cause));
}

Status ExpositionParser::Expected(std::string_view what) const {
  std::string got = "the end of the page";
  if (at_ < end_) {
    got.clear();
    const auto byte = static_cast<unsigned char>(*at_);
    AppendQuoted(&got, byte < 0x80 ? std::string_view(at_, 1) : std::string_view("?"));
  }
  return Error("expected " + std::string(what) + ", got " + got);
}

}  // namespace cachescope::wire
