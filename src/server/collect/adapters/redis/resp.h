// RESP, the protocol of Redis and Valkey: commands out, replies in. Versions 2 and 3 of the specification at redis.io
// ("Redis serialization protocol"), without streamed strings and aggregates, which no server sends.
//
// RespReader takes bytes as they come and keeps replies as a flat list of nodes over its own buffer, so that a reply of
// 60 KiB of text costs no copy. Every bound is a constant below; bytes that break one, or the format, are kCorruption
// and the reader is of no further use until Reset. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "server/collect/adapters/redis/resp_value.h"

namespace cachescope::collect::redis {

inline constexpr std::size_t kMaxRespDepth = 16;  // aggregates within aggregates; the deepest answer we ask for has 4
inline constexpr std::size_t kMaxRespBulkBytes = 4 << 20;   // INFO of a server with 400 commands has 60 KiB
inline constexpr std::size_t kMaxRespBytes = 16 << 20;      // all replies between two Resets
inline constexpr std::size_t kMaxRespNodes = 256 << 10;     // values in all replies between two Resets
inline constexpr std::size_t kMaxRespLineBytes = 64 << 10;  // errors, simple strings, numbers

// Appends one command as an array of bulk strings.
void AppendCommand(std::string* out, std::span<const std::string_view> words);
void AppendCommand(std::string* out, std::initializer_list<std::string_view> words);

class RespReader {
 public:
  // Room for the next bytes, at least 16 KiB. Commit says how many were put there.
  std::span<char> Prepare();
  void Commit(std::size_t bytes) { size_ += bytes; }

  // Takes as many replies from the bytes as are complete. kCorruption when they are not RESP or too large.
  Status Parse();

  // Complete replies so far. Pushed messages are no replies.
  std::size_t complete() const { return replies_.size(); }
  // REQUIRES: i < complete().
  RespValue reply(std::size_t i) const { return {this, replies_[i]}; }
  // Whether bytes are left that belong to no complete reply.
  bool has_rest() const { return !open_.empty() || at_ < size_; }
  // The first bytes received, up to `limit`: what a peer that is no Redis said.
  std::string_view head(std::size_t limit) const { return std::string_view(buffer_).substr(0, std::min(limit, size_)); }

  // Forgets everything; keeps a buffer of usual size.
  void Reset();

 private:
  friend class RespValue;
  friend class RespValue::Iterator;
  struct Node {
    RespKind kind;
    std::uint32_t begin = 0;   // of its text, in the buffer
    std::uint32_t length = 0;  // of its text
    std::uint32_t count = 0;   // values below an aggregate
    std::uint32_t end = 0;     // index after its last descendant
    double number = 0;
    std::int64_t integer = 0;
  };
  struct Open {
    std::uint32_t node;
    std::uint32_t remaining;
  };

  // One value or header; sets `more` when the bytes end before it does.
  Status ParseValue(bool* more);
  Status ParseHeader(char type, std::string_view line, std::size_t after, bool* more);
  Status ParseBulk(char type, std::string_view line, std::size_t after, bool* more);
  Status ParseAggregate(char type, std::string_view line);
  Status ParseScalar(char type, std::string_view line);
  void Complete(std::uint32_t node);

  std::string buffer_;
  std::size_t size_ = 0;     // bytes received
  std::size_t at_ = 0;       // bytes parsed
  std::size_t scanned_ = 0;  // no line feed between at_ and here
  std::vector<Node> nodes_;
  std::vector<Open> open_;
  std::vector<std::uint32_t> replies_;
};

}  // namespace cachescope::collect::redis
