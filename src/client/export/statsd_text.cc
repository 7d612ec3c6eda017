#include "client/export/statsd_text.h"

#include <charconv>
#include <cmath>

namespace cachescope::client {
namespace {

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

void AppendName(std::string_view name, std::string* out) {
  for (const char c : name) out->push_back(IsWordCharacter(c) || c == '.' ? c : '_');
}

// One part of a dotted name.
void AppendPart(std::string_view part, std::string* out) {
  out->push_back('.');
  if (part.empty()) out->push_back('_');
  for (const char c : part) out->push_back(IsWordCharacter(c) ? c : '_');
}

void AppendTagText(std::string_view text, std::string* out) {
  std::size_t size = text.size();
  if (size > kMaxTagBytes) {
    size = kMaxTagBytes;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  }
  for (const char c : text.substr(0, size)) {
    const bool separates = c == ':' || c == '|' || c == '@' || c == '#' || c == ',';
    out->push_back(separates || static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '_' : c);
  }
}

void AppendTags(const LabelPairs& labels, std::string* out) {
  for (const LabelPair& label : labels) {
    if (label.value.empty()) continue;
    out->append(out->empty() ? "|#" : ",");
    AppendTagText(label.name, out);
    out->push_back(':');
    AppendTagText(label.value, out);
  }
}

void AppendLabelParts(const LabelPairs& labels, StatsdLabels how, std::string* out) {
  for (const LabelPair& label : labels) {
    if (how == StatsdLabels::kNamesAndValues) AppendPart(label.name, out);
    AppendPart(label.value, out);
  }
}

}  // namespace

void MakeStatsdFrame(const StatsdOptions& options, const SeriesName& name, StatsdFrame* out) {
  out->name.clear();
  out->tags.clear();
  if (!options.prefix.empty()) {
    AppendName(options.prefix, &out->name);
    if (!out->name.ends_with('.')) out->name.push_back('.');
  }
  const std::string renamed = options.rename ? options.rename(name.family) : std::string();
  AppendName(renamed.empty() ? name.family : renamed, &out->name);
  if (!name.part.empty() && name.part != "quantile") out->name.append(".").append(name.part);
  if (options.dialect == StatsdDialect::kDogStatsd) {
    AppendTags(options.tags, &out->tags);
    AppendTags(*name.labels, &out->tags);
  } else {
    AppendLabelParts(options.tags, options.labels, &out->name);
    AppendLabelParts(*name.labels, options.labels, &out->name);
  }
}

void AppendStatsdNumber(double value, std::string* out) {
  if (value == 0) value = 0;  // of -0 a sign would stay, which means "change by"
  char text[64];
  const double size = std::abs(value);
  const bool plain = size == 0 || (size >= 1e-12 && size < 1e18);
  const auto written = plain ? std::to_chars(text, text + sizeof text, value, std::chars_format::fixed)
                             : std::to_chars(text, text + sizeof text, value);
  out->append(text, written.ptr);
}

double StatsdRate(std::uint64_t lines, std::uint64_t count) noexcept {
  const double each = static_cast<double>(count) / static_cast<double>(lines);
  double rate = 1 / each;
  while (1 / rate < each) rate = std::nextafter(rate, 0);
  return rate;
}

void AppendStatsdRate(double rate, std::string* out) {
  char text[64];
  const auto written = std::to_chars(text, text + sizeof text, rate, std::chars_format::fixed);
  out->append(text, written.ptr);
}

}  // namespace cachescope::client
