#include "client/export/otlp_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "client/export/otlp_metrics.h"
#include "client/name.h"

namespace cachescope::client {
namespace {

constexpr std::size_t kMostPrintable = 200;
constexpr std::uint64_t kMostRejected = 1000000000;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The bytes of an id of that many hexadecimal digits; "" if it is none.
std::string IdBytes(std::string_view hex, std::size_t digits) {
  if (hex.size() != digits) return "";
  std::string bytes;
  for (std::size_t i = 0; i < digits; i += 2) {
    const int high = HexDigit(hex[i]);
    const int low = HexDigit(hex[i + 1]);
    if (high < 0 || low < 0) return "";
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::optional<std::uint64_t> TakeVarint(std::string_view* in) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !in->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in->front());
    in->remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

struct ProtoField {
  std::uint64_t number = 0;
  std::uint64_t value = 0;      // of a varint
  std::string_view bytes = {};  // of a length-delimited field
};

// The next field; fixed-size ones are passed over. Nothing at the end or at bytes that are no message.
std::optional<ProtoField> TakeField(std::string_view* in) {
  const std::optional<std::uint64_t> key = TakeVarint(in);
  if (!key) return std::nullopt;
  ProtoField field{*key >> 3, 0, {}};
  const std::uint64_t type = *key & 7;
  if (type == 0 || type == 2) {
    const std::optional<std::uint64_t> value = TakeVarint(in);
    if (!value) return std::nullopt;
    field.value = *value;
  }
  const std::uint64_t size = type == 2 ? field.value : type == 1 ? 8 : type == 5 ? 4 : 0;
  if ((type != 0 && type != 1 && type != 2 && type != 5) || size > in->size()) return std::nullopt;
  field.bytes = in->substr(0, size);
  in->remove_prefix(size);
  return field;
}

}  // namespace

std::string ValidUtf8(std::string_view text) {
  if (IsAscii(text)) return std::string(text);
  std::string escaped;
  AppendEscapedHelp(text, &escaped);
  return Unescape(escaped);
}

void AddOtlpAttribute(std::uint32_t field, const LabelPair& label, ProtoWriter* writer) {
  const ProtoWriter::Open pair = writer->Begin(field);
  writer->Bytes(1, ValidUtf8(label.name));
  const ProtoWriter::Open value = writer->Begin(2);
  writer->Bytes(1, ValidUtf8(label.value));
  writer->End(value);
  writer->End(pair);
}

void AddOtlpExemplar(std::uint32_t field, const ExemplarSnapshot& exemplar, std::uint64_t nanoseconds,
                     ProtoWriter* writer) {
  const ProtoWriter::Open open = writer->Begin(field);
  writer->Fixed64(2, nanoseconds);
  writer->Double(3, exemplar.value);
  for (const LabelPair& label : exemplar.labels) {
    const std::string trace = label.name == "trace_id" ? IdBytes(label.value, 32) : "";
    const std::string span = label.name == "span_id" ? IdBytes(label.value, 16) : "";
    if (!trace.empty()) {
      writer->Bytes(5, trace);
    } else if (!span.empty()) {
      writer->Bytes(4, span);
    } else {
      AddOtlpAttribute(7, label, writer);
    }
  }
  writer->End(open);
}

std::string OtlpResource(const LabelPairs& attributes) {
  std::string bytes;
  ProtoWriter writer(&bytes);
  for (const LabelPair& attribute : attributes) AddOtlpAttribute(1, attribute, &writer);
  return bytes;
}

std::string OtlpUnit(std::string_view unit) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 21> kUnits{{
      {"seconds", "s"}, {"milliseconds", "ms"}, {"microseconds", "us"}, {"nanoseconds", "ns"}, {"minutes", "min"},
      {"hours", "h"},   {"days", "d"},          {"bytes", "By"},        {"kibibytes", "KiBy"}, {"mebibytes", "MiBy"},
      {"bits", "bit"},  {"ratio", "1"},         {"percent", "%"},       {"celsius", "Cel"},    {"meters", "m"},
      {"volts", "V"},   {"amperes", "A"},       {"joules", "J"},        {"watts", "W"},        {"grams", "g"},
      {"hertz", "Hz"},
  }};
  for (const auto& [name, code] : kUnits) {
    if (name == unit) return std::string(code);
  }
  return unit.empty() ? "" : "{" + std::string(unit) + "}";
}

OtlpPartialSuccess ReadPartialSuccess(std::string_view body) {
  OtlpPartialSuccess result;
  while (const std::optional<ProtoField> outer = TakeField(&body)) {
    if (outer->number != 1) continue;
    std::string_view inner = outer->bytes;
    while (const std::optional<ProtoField> field = TakeField(&inner)) {
      if (field->number == 1 && field->value <= kMostRejected) result.rejected = field->value;
      if (field->number == 2) result.message = Printable(field->bytes);
    }
  }
  return result;
}

std::string Printable(std::string_view body) {
  std::string text;
  for (const char c : body) {
    if (text.size() >= kMostPrintable) break;
    if (c >= ' ' && c <= '~') text.push_back(c);
  }
  return text;
}

}  // namespace cachescope::client
