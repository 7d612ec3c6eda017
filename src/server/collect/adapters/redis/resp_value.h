// RespValue is one value of a reply: a string, a number, or an aggregate of values.
//
// It is two words that point into the RespReader that read it, valid until the reader's next Prepare or Reset. Const
// methods only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cachescope::collect::redis {

// kMap holds keys and values in turn, so that it reads like the array older versions send. kPush and kAttribute are
// never seen by callers.
enum class RespKind : std::uint8_t {
  kNull,
  kString,
  kError,
  kInteger,
  kDouble,
  kBoolean,
  kArray,
  kMap,
  kSet,
  kPush,
  kAttribute
};

class RespReader;

class RespValue {
 public:
  RespValue(const RespReader* reader, std::uint32_t at) : reader_(reader), at_(at) {}
  RespKind kind() const;
  bool is_error() const { return kind() == RespKind::kError; }
  bool is_aggregate() const;
  // The bytes of a string, error or number; empty for the rest.
  std::string_view text() const;
  // The value of an integer or boolean; 0 for the rest.
  std::int64_t integer() const;
  // The value of an integer, double or boolean, or of a string that is a decimal number; NaN for the rest.
  double number() const;
  // How many values an aggregate holds (a map of 3 pairs: 6); 0 for the rest.
  std::size_t size() const;

  class Iterator {
   public:
    Iterator(const RespReader* reader, std::uint32_t at, std::uint32_t end) : reader_(reader), at_(at), end_(end) {
      SkipAttributes();
    }
    RespValue operator*() const { return {reader_, at_}; }
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    void SkipAttributes();
    const RespReader* reader_;
    std::uint32_t at_;
    std::uint32_t end_;
  };
  Iterator begin() const;
  Iterator end() const;

 private:
  const RespReader* reader_;
  std::uint32_t at_;
};

}  // namespace cachescope::collect::redis
