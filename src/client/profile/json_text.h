// JsonText: writes one JSON document (RFC 8259) in one pass. Always valid UTF-8: bytes that are not become U+FFFD.
// Numbers that JSON has no word for (NaN, infinities) become null. Names and nesting are the caller's duty.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "client/exposition/name_escaping.h"  // ValidText

namespace cachescope::client {

/// The longest beginning of `text` of at most `limit` bytes that does not end inside a character.
std::string_view CutText(std::string_view text, std::size_t limit) noexcept;

class JsonText {
 public:
  JsonText& BeginObject() { return Open('{'); }
  JsonText& EndObject() { return Close('}'); }
  JsonText& BeginArray() { return Open('['); }
  JsonText& EndArray() { return Close(']'); }
  JsonText& Key(std::string_view name);

  JsonText& Value(std::string_view text);
  JsonText& Value(const char* text) { return Value(std::string_view(text)); }
  JsonText& Value(double number);
  JsonText& Value(std::uint64_t number);
  JsonText& Value(bool truth);
  JsonText& Null();

  template <class T>
  JsonText& Field(std::string_view name, const T& value) {
    Key(name);
    if constexpr (std::unsigned_integral<T> && !std::same_as<T, bool>) {
      return Value(std::uint64_t{value});
    } else {
      return Value(value);
    }
  }

  /// The document; REQUIRES: everything opened is closed.
  std::string Take() { return static_cast<std::string&&>(text_); }

 private:
  JsonText& Open(char bracket);
  JsonText& Close(char bracket);
  void Separate();

  std::string text_;
  bool after_value_ = false;
};

}  // namespace cachescope::client
