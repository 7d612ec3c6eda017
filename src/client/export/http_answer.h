// HttpAnswer: reads an HTTP/1.1 answer from bytes that come in pieces. Bounded; no bytes of any kind do harm.
// https://www.rfc-editor.org/rfc/rfc9112
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cachescope::client {

class HttpAnswer {
 public:
  static constexpr std::size_t kMaxHeadBytes = 32768;
  /// What is beyond is not kept.
  static constexpr std::size_t kMaxBodyBytes = 65536;
  static constexpr std::uint64_t kMaxReadBytes = 16U << 20;

  /// Takes bytes. False when no more are wanted: done() or error().
  bool Add(std::string_view bytes);
  /// The other side has closed. Ends a body without a length.
  void Close();

  bool done() const noexcept { return state_ == State::kDone; }
  /// Empty if there is none.
  const std::string& error() const noexcept { return error_; }
  bool empty() const noexcept { return read_bytes_ == 0; }

  int status() const noexcept { return status_; }
  const std::string& retry_after() const noexcept { return retry_after_; }
  const std::string& body() const noexcept { return body_; }
  /// Whether the connection can be used again.
  bool keep_alive() const noexcept { return done() && keep_alive_ && buffer_.empty(); }

 private:
  enum class State : std::uint8_t { kHead, kSized, kToEnd, kChunkSize, kChunk, kChunkEnd, kTrailer, kDone };

  bool Fail(std::string cause);
  bool Step();
  bool ReadHead();
  bool ReadHeader(std::string_view line);
  void BeginBody();
  bool ReadData();
  bool ReadLine();
  bool TakeLine(std::string_view line);

  State state_ = State::kHead;
  std::string error_;
  std::string buffer_;  // not consumed yet
  std::uint64_t read_bytes_ = 0;
  std::uint64_t left_ = 0;  // of a sized body or a chunk
  bool sized_ = false;
  bool chunked_ = false;
  int status_ = 0;
  bool keep_alive_ = true;
  std::string retry_after_;
  std::string body_;
};

}  // namespace cachescope::client
