// Status says whether an operation succeeded and, if not, why.
//
// A successful Status is one null pointer; copying a failed one shares nothing and allocates. Const methods may be
// called concurrently. Messages read "cannot <verb> <what>: <cause>" and never contain a secret.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace cachescope {

enum class Code : unsigned char {
  kOk,
  kInvalidArgument,  // the caller's input is wrong; repeating it cannot help
  kNotFound,
  kCorruption,        // bytes do not decode
  kIoError,           // the operating system or the peer failed
  kOutOfOrder,        // sample older than the newest of its series
  kOutOfBounds,       // timestamp outside what the store accepts
  kTooOld,            // older than the out-of-order window
  kDuplicateSample,   // same series and timestamp, other value
  kLimitExceeded,     // a configured bound was reached
  kUnavailable,       // try again later
  kDeadlineExceeded,  // time ran out
  kCancelled,         // the caller or a shutdown ended it
  kInternal,          // a broken invariant of ours
};

// Stable lower-case name, for example "invalid_argument"; used in logs and as a metric label.
std::string_view CodeName(Code code) noexcept;

class [[nodiscard]] Status {
 public:
  Status() noexcept = default;
  Status(Code code, std::string message);
  Status(const Status& other);
  Status& operator=(const Status& other);
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;

  bool ok() const noexcept { return rep_ == nullptr; }
  Code code() const noexcept { return rep_ ? rep_->code : Code::kOk; }
  // Empty when ok. The view lives as long as this object.
  std::string_view message() const noexcept { return rep_ ? std::string_view(rep_->message) : std::string_view(); }
  // "ok" or "<code name>: <message>".
  std::string ToString() const;
  // The same status with `prefix` and ": " before its message; ok stays ok.
  Status WithPrefix(std::string_view prefix) const;

 private:
  struct Rep {
    Code code;
    std::string message;
  };
  std::unique_ptr<const Rep> rep_;
};

inline Status InvalidArgument(std::string m) { return {Code::kInvalidArgument, std::move(m)}; }
inline Status NotFound(std::string m) { return {Code::kNotFound, std::move(m)}; }
inline Status Corruption(std::string m) { return {Code::kCorruption, std::move(m)}; }
inline Status IoError(std::string m) { return {Code::kIoError, std::move(m)}; }
inline Status LimitExceeded(std::string m) { return {Code::kLimitExceeded, std::move(m)}; }
inline Status Unavailable(std::string m) { return {Code::kUnavailable, std::move(m)}; }
inline Status DeadlineExceeded(std::string m) { return {Code::kDeadlineExceeded, std::move(m)}; }
inline Status Cancelled(std::string m) { return {Code::kCancelled, std::move(m)}; }
inline Status Internal(std::string m) { return {Code::kInternal, std::move(m)}; }

}  // namespace cachescope
