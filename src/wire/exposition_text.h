// Reads the text of a /metrics page: Prometheus text 0.0.4 and OpenMetrics 1.0, entry by entry and without copying.
//
// Accepts what Prometheus 3 accepts: order, grouping and type-specific rules of OpenMetrics are not enforced. Unlike
// there, a NUL byte in a label or a metric name and a line beyond the limit are errors. The parser checks the outline
// of a series (name, braces, value, time); ParseSeries checks the inside of the braces. A caller that saw the same
// series text before may skip ParseSeries. Formats: https://prometheus.io/docs/instrumenting/exposition_formats and the
// OpenMetrics 1.0 specification.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/labels.h"
#include "model/sample.h"

namespace cachescope::wire {

enum class ExpositionDialect : unsigned char { kText, kOpenMetrics };

// By media type: application/openmetrics-text is OpenMetrics, text/plain, an unknown or an absent type is text.
// kInvalidArgument for the protobuf type, which is not text.
Result<ExpositionDialect> DialectOf(std::string_view content_type);

enum class EntryKind : unsigned char { kEnd, kType, kHelp, kUnit, kComment, kSeries };

// Views point into the page.
struct ExpositionEntry {
  EntryKind kind = EntryKind::kEnd;
  std::string_view family;                 // kType, kHelp, kUnit: name as written, without quotes
  std::string_view text;                   // kHelp (escaped, see UnescapeHelp) and kUnit
  MetricType type = MetricType::kUnknown;  // kType: as declared; kSeries: of the last TYPE line
  std::string_view series;                 // kSeries: name and labels as written
  double value = 0;                        // NaN is the normal NaN, never the staleness marker
  TimestampMs timestamp = 0;               // clamped to what the type holds
  bool has_timestamp = false;
  // kSeries of OpenMetrics: its exemplar, checked; ParseExemplarLabels opens the labels.
  bool has_exemplar = false;
  bool has_exemplar_timestamp = false;
  std::string_view exemplar_labels;  // with their braces
  double exemplar_value = 0;
  TimestampMs exemplar_timestamp = 0;
};

// Not thread-safe; the page must outlive it. Linear in the page; allocates only for errors.
class ExpositionParser {
 public:
  static constexpr std::size_t kMaxLineBytes = 1 << 20;

  ExpositionParser(std::string_view page, ExpositionDialect dialect, std::size_t max_line_bytes = kMaxLineBytes);

  // The next entry; kEnd after the last. kCorruption "line N: cause" ends the page: later calls repeat it.
  Status Next(ExpositionEntry* entry);
  // 1-based line of the last entry. Linear: for messages.
  std::size_t Line() const;

 private:
  Status NextText(ExpositionEntry* entry);
  Status NextOpenMetrics(ExpositionEntry* entry);
  Status ReadEof(ExpositionEntry* entry);
  Status ReadTextMeta(ExpositionEntry* entry, EntryKind kind);
  Status ReadOpenMetricsMeta(ExpositionEntry* entry, EntryKind kind);
  Status FinishMeta(ExpositionEntry* entry, EntryKind kind, std::string_view text);
  Status ReadFamily(ExpositionEntry* entry);
  Status ReadSeries(ExpositionEntry* entry);
  Status ScanBraces();
  Status ReadTextSuffix(ExpositionEntry* entry);
  Status ReadOpenMetricsSuffix(ExpositionEntry* entry);
  Status ReadExemplar(ExpositionEntry* entry);
  Status ReadNumber(std::string_view what, bool text_value, double* out);
  void SkipBlanks();
  void SkipLine();
  Status Error(std::string_view cause) const;
  Status Expected(std::string_view what) const;

  const char* const begin_;
  const char* const end_;
  const char* at_;
  const char* entry_begin_;
  const std::size_t max_line_bytes_;
  const ExpositionDialect dialect_;
  MetricType type_ = MetricType::kUnknown;
  Status failure_;
};

// Name and labels of one series text. Views point into the series text or into the scratch buffer of this object: valid
// until the next ParseSeries into it.
struct SeriesParts {
  std::string_view name;
  std::vector<LabelView> labels;  // sorted by name, unique, without empty values and without the metric name
  std::string scratch;
  std::string exemplar_text;
};

// `type` is that of the entry: buckets of a histogram and quantiles of a summary get the canonical spelling of their
// number
// ("1" becomes "1.0"), as Prometheus 3 stores them. kCorruption: malformed, name missing, label name repeated, invalid
// UTF-8.
Status ParseSeries(std::string_view series, ExpositionDialect dialect, MetricType type, SeriesParts* parts);

// The labels of an exemplar as parts without a name. The same errors; repeats what the parser checked.
Status ParseExemplarLabels(std::string_view exemplar_labels, SeriesParts* parts);

// Replaces \\ and \n, and \" in OpenMetrics; other escapes stay.
std::string UnescapeHelp(std::string_view text, ExpositionDialect dialect);

}  // namespace cachescope::wire
