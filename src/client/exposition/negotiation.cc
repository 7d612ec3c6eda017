#include "cachescope/negotiation.h"

#include <charconv>
#include <optional>

#include "client/exposition/header_text.h"

namespace cachescope {
namespace {

using client::EqualIgnoringCase;
using client::TakeItem;
using client::TrimBlanks;

// One entry of an Accept header: what it names and what it says about it.
struct AcceptEntry {
  std::string_view media_type;
  std::string_view version;
  std::string_view proto;
  std::string_view encoding;
  std::string_view escaping;
  int quality = 1000;  // thousandths
};

// What an entry is answered with.
struct Candidate {
  ExpositionOptions options;
  std::string_view type;  // media type and parameters without the escaping
  bool escaping_named = false;
  int rank = 0;  // higher is better
};

constexpr std::string_view kText1ContentType = "text/plain; version=1.0.0; charset=utf-8";
constexpr std::string_view kOpenMetrics0ContentType = "application/openmetrics-text; version=0.0.1; charset=utf-8";

// A quality value of RFC 9110 in thousandths: 0 to 1 with up to three digits. Anything else counts as 0.
int ReadQuality(std::string_view text) noexcept {
  double quality = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), quality, std::chars_format::fixed);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || !(quality >= 0 && quality <= 1)) return 0;
  return static_cast<int>(quality * 1000);
}

AcceptEntry ReadEntry(std::string_view text) noexcept {
  AcceptEntry entry;
  entry.media_type = TakeItem(&text, ';');
  while (!text.empty()) {
    const std::string_view parameter = TakeItem(&text, ';');
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = TrimBlanks(parameter.substr(0, equals));
    std::string_view value = TrimBlanks(parameter.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (EqualIgnoringCase(name, "version")) entry.version = value;
    if (EqualIgnoringCase(name, "proto")) entry.proto = value;
    if (EqualIgnoringCase(name, "encoding")) entry.encoding = value;
    if (EqualIgnoringCase(name, "escaping")) entry.escaping = value;
    if (EqualIgnoringCase(name, "q")) entry.quality = ReadQuality(value);
  }
  return entry;
}

std::optional<NameEscaping> ReadEscaping(std::string_view name) noexcept {
  for (const NameEscaping escaping :
       {NameEscaping::kUnderscores, NameEscaping::kDots, NameEscaping::kValues, NameEscaping::kAllowUtf8}) {
    if (name == client::EscapingName(escaping)) return escaping;
  }
  return std::nullopt;
}

// The format an entry names; empty type if none of ours.
Candidate Match(const AcceptEntry& entry) noexcept {
  Candidate candidate;
  const std::string_view version = entry.version;
  int precision = 2;
  if (EqualIgnoringCase(entry.media_type, "application/openmetrics-text")) {
    candidate.options.format = ExpositionFormat::kOpenMetrics;
    if (version.empty() || version == "1.0.0") candidate.type = kOpenMetricsContentType;
    if (version == "0.0.1") candidate.type = kOpenMetrics0ContentType;
  } else if (EqualIgnoringCase(entry.media_type, "application/vnd.google.protobuf")) {
    candidate.options.format = ExpositionFormat::kProtobuf;
    if (entry.proto == "io.prometheus.client.MetricFamily" && entry.encoding == "delimited") {
      candidate.type = kProtobufContentType;
    }
  } else if (EqualIgnoringCase(entry.media_type, "text/plain")) {
    if (version.empty() || version == "0.0.4") candidate.type = kTextContentType;
    if (version == "1.0.0") candidate.type = kText1ContentType;
  } else if (entry.media_type == "text/*" || entry.media_type == "*/*") {
    candidate.type = kTextContentType;
    precision = entry.media_type.front() == '*' ? 0 : 1;
  }
  candidate.rank = entry.quality * 3 + precision;
  if (const auto escaping = ReadEscaping(entry.escaping)) {
    candidate.options.escaping = *escaping;
    candidate.escaping_named = true;
  }
  return candidate;
}

}  // namespace

namespace client {

std::string_view EscapingName(NameEscaping escaping) noexcept {
  switch (escaping) {
    case NameEscaping::kDots:
      return "dots";
    case NameEscaping::kValues:
      return "values";
    case NameEscaping::kAllowUtf8:
      return "allow-utf-8";
    case NameEscaping::kUnderscores:
      break;
  }
  return "underscores";
}

}  // namespace client

NegotiatedExposition NegotiateExposition(std::string_view accept) {
  Candidate best{{}, kTextContentType, false, -1};
  while (!accept.empty()) {
    const AcceptEntry entry = ReadEntry(TakeItem(&accept, ','));
    const Candidate candidate = Match(entry);
    if (entry.quality > 0 && !candidate.type.empty() && candidate.rank > best.rank) best = candidate;
  }
  NegotiatedExposition result{best.options, std::string(best.type)};
  if (best.escaping_named)
    result.content_type.append("; escaping=").append(client::EscapingName(best.options.escaping));
  return result;
}

bool AcceptsGzip(std::string_view accept_encoding) noexcept {
  int named = -1;
  int any = 0;
  while (!accept_encoding.empty()) {
    // The grammar is that of Accept, with a coding for the media type.
    const AcceptEntry entry = ReadEntry(TakeItem(&accept_encoding, ','));
    const std::string_view coding = entry.media_type;
    if (EqualIgnoringCase(coding, "gzip") || EqualIgnoringCase(coding, "x-gzip")) named = entry.quality;
    if (coding == "*") any = entry.quality;
  }
  return (named >= 0 ? named : any) > 0;
}

}  // namespace cachescope
