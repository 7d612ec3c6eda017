#include "client/exposition/sample_lines.h"

#include <utility>

#include "cachescope/exemplar.h"
#include "client/name.h"
#include "client/number_text.h"

namespace cachescope::client {
namespace {

std::size_t CountCharacters(std::string_view text) noexcept {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

}  // namespace

SampleLines::SampleLines(ShownName name, NameEscaping escaping, std::string* out)
    : name_(std::move(name)), escaping_(escaping), out_(out) {}

void SampleLines::AppendName(std::string_view suffix) {
  if (!name_.quoted) {
    out_->append(name_.text).append(suffix);
    return;
  }
  out_->push_back('"');
  AppendEscapedValue(name_.text, out_);
  out_->append(suffix).push_back('"');
}

void SampleLines::BeginMeta(std::string_view word) {
  out_->append("# ").append(word).push_back(' ');
  AppendName("");
  out_->push_back(' ');
}

void SampleLines::Begin(std::string_view suffix, const LabelPairs& labels, std::string_view last_name,
                        std::string_view last_value) {
  char separator = '{';
  if (name_.quoted) {
    out_->push_back('{');
    separator = ',';
  }
  AppendName(suffix);
  for (const LabelPair& label : labels) {
    out_->push_back(separator);
    AppendLabelName(label.name, escaping_, out_);
    out_->append("=\"");
    AppendEscapedValue(label.value, out_);
    out_->push_back('"');
    separator = ',';
  }
  if (!last_name.empty()) {
    out_->push_back(separator);
    out_->append(last_name).append("=\"").append(last_value).push_back('"');
    separator = ',';
  }
  out_->append(separator == ',' ? "} " : " ");
}

void SampleLines::Value(double value) {
  char text[kMaxNumberText];
  out_->append(text, WriteDouble(text, value));
}

void SampleLines::Value(std::uint64_t value) {
  char text[kMaxNumberText];
  out_->append(text, WriteInteger(text, value));
}

void SampleLines::Exemplar(const ExemplarSnapshot& exemplar) {
  if (!FitsExemplar(exemplar.labels)) return;
  out_->append(" # {");
  bool first = true;
  for (const LabelPair& label : exemplar.labels) {
    if (!first) out_->push_back(',');
    first = false;
    AppendLabelName(label.name, escaping_, out_);
    out_->append("=\"");
    AppendEscapedValue(label.value, out_);
    out_->push_back('"');
  }
  out_->append("} ");
  Value(exemplar.value);
  if (exemplar.timestamp == 0) return;
  out_->push_back(' ');
  Value(exemplar.timestamp);
}

void SampleLines::Line(std::string_view suffix, const LabelPairs& labels, double value) {
  Begin(suffix, labels);
  Value(value);
  End();
}

void SampleLines::Line(std::string_view suffix, const LabelPairs& labels, std::uint64_t value) {
  Begin(suffix, labels);
  Value(value);
  End();
}

bool FitsExemplar(const LabelPairs& labels) noexcept {
  std::size_t characters = 0;
  for (const LabelPair& label : labels) characters += CountCharacters(label.name) + CountCharacters(label.value);
  return characters <= kMaxExemplarCharacters;
}

std::string CanonicalBoundText(double bound) {
  std::string text = BoundText(bound);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text.append(".0");
  return text;
}

void AppendOpenMetricsHelp(std::string_view help, std::string* out) {
  std::string escaped;
  AppendEscapedHelp(help, &escaped);
  for (const char c : escaped) {
    if (c == '"') out->push_back('\\');
    out->push_back(c);
  }
}

}  // namespace cachescope::client
