// SampleLines: the lines of one family in a text page, in either dialect. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cachescope/exposition.h"
#include "client/exposition/name_escaping.h"

namespace cachescope::client {

class SampleLines {
 public:
  /// `name` is what the lines are called before suffixes. Appends to `out`, which must outlive the object.
  SampleLines(ShownName name, NameEscaping escaping, std::string* out);

  /// "# WORD name " without the end of the line.
  void BeginMeta(std::string_view word);

  /// Name, suffix, labels, one more label if `last_name` is not empty, and the blank before the value.
  void Begin(std::string_view suffix, const LabelPairs& labels, std::string_view last_name = "",
             std::string_view last_value = "");
  /// The value; further parts and End() follow.
  void Value(double value);
  void Value(std::uint64_t value);
  /// " # {labels} value timestamp", nothing if the labels are longer than OpenMetrics allows.
  void Exemplar(const ExemplarSnapshot& exemplar);
  void End() { out_->push_back('\n'); }

  void Line(std::string_view suffix, const LabelPairs& labels, double value);
  void Line(std::string_view suffix, const LabelPairs& labels, std::uint64_t value);

 private:
  void AppendName(std::string_view suffix);

  const ShownName name_;
  const NameEscaping escaping_;
  std::string* const out_;
};

/// False if the labels are longer than kMaxExemplarCharacters.
bool FitsExemplar(const LabelPairs& labels) noexcept;

/// The text of a bucket bound or a quantile in OpenMetrics: as BoundText, but "1.0" instead of "1".
std::string CanonicalBoundText(double bound);

/// A help text as OpenMetrics wants it: quotation marks escaped too.
void AppendOpenMetricsHelp(std::string_view help, std::string* out);

}  // namespace cachescope::client
