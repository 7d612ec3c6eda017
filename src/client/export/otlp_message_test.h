// A protobuf message, read without a schema, for tests of what is written.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cachescope::client {

/// Views into the bytes it was made of. Bytes must be a message.
class Message {
 public:
  explicit Message(std::string_view bytes) {
    const auto varint = [&bytes] {
      std::uint64_t value = 0;
      for (int shift = 0; !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes[0]);
        bytes.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if (byte < 0x80) break;
      }
      return value;
    };
    while (!bytes.empty()) {
      const std::uint64_t key = varint();
      Field field;
      std::size_t size = 0;
      if ((key & 7) == 0) field.number = varint();
      if ((key & 7) == 1) size = 8;
      if ((key & 7) == 2) size = varint();
      field.bytes = bytes.substr(0, size);
      if ((key & 7) == 1) std::memcpy(&field.number, field.bytes.data(), 8);
      bytes.remove_prefix(size);
      fields_[key >> 3].push_back(field);
    }
  }

  std::size_t Count(std::uint64_t field) const { return fields_.contains(field) ? fields_.at(field).size() : 0; }
  std::uint64_t Number(std::uint64_t field) const { return Count(field) == 0 ? 0 : fields_.at(field)[0].number; }
  double Double(std::uint64_t field) const { return std::bit_cast<double>(Number(field)); }
  std::int64_t Signed(std::uint64_t field) const {
    const std::uint64_t value = Number(field);
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  std::string Text(std::uint64_t field, std::size_t i = 0) const {
    return Count(field) <= i ? "" : std::string(fields_.at(field)[i].bytes);
  }
  Message Sub(std::uint64_t field, std::size_t i = 0) const {
    return Message(Count(field) <= i ? std::string_view() : fields_.at(field)[i].bytes);
  }
  std::vector<std::uint64_t> Packed64(std::uint64_t field) const {
    const std::string bytes = Text(field);
    std::vector<std::uint64_t> values(bytes.size() / 8);
    if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * 8);
    return values;
  }

 private:
  struct Field {
    std::uint64_t number = 0;
    std::string_view bytes = {};
  };
  std::map<std::uint64_t, std::vector<Field>> fields_;
};

}  // namespace cachescope::client
