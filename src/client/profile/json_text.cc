#include "client/profile/json_text.h"

#include <cmath>

#include "client/number_text.h"

namespace cachescope::client {
namespace {

bool Continues(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

void AppendJsonString(std::string_view valid, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  for (const char c : valid) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (byte < 0x20 || byte == 0x7F) {
      out->append("\\u00");
      out->push_back(kHex[byte >> 4U]);
      out->push_back(kHex[byte & 15U]);
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

}  // namespace

std::string_view CutText(std::string_view text, std::size_t limit) noexcept {
  if (text.size() <= limit) return text;
  std::size_t size = limit;
  for (int steps = 0; steps < 3 && size > 0 && Continues(text[size]); ++steps) --size;
  return text.substr(0, Continues(text[size]) ? limit : size);
}

void JsonText::Separate() {
  if (after_value_) text_.push_back(',');
  after_value_ = true;
}

JsonText& JsonText::Open(char bracket) {
  Separate();
  text_.push_back(bracket);
  after_value_ = false;
  return *this;
}

JsonText& JsonText::Close(char bracket) {
  text_.push_back(bracket);
  after_value_ = true;
  return *this;
}

JsonText& JsonText::Key(std::string_view name) {
  Value(name);
  text_.push_back(':');
  after_value_ = false;
  return *this;
}

JsonText& JsonText::Value(std::string_view text) {
  Separate();
  AppendJsonString(ValidText(text), &text_);
  return *this;
}

JsonText& JsonText::Value(double number) {
  if (!std::isfinite(number)) return Null();
  Separate();
  char buffer[kMaxNumberText];
  text_.append(buffer, WriteDouble(buffer, number));
  return *this;
}

JsonText& JsonText::Value(std::uint64_t number) {
  Separate();
  char buffer[kMaxNumberText];
  text_.append(buffer, WriteInteger(buffer, number));
  return *this;
}

JsonText& JsonText::Value(bool truth) {
  Separate();
  text_.append(truth ? "true" : "false");
  return *this;
}

JsonText& JsonText::Null() {
  Separate();
  text_.append("null");
  return *this;
}

}  // namespace cachescope::client
