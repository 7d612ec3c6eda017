#include "base/status.h"

namespace cachescope {

std::string_view CodeName(Code code) noexcept {
  switch (code) {
    case Code::kOk:
      return "ok";
    case Code::kInvalidArgument:
      return "invalid_argument";
    case Code::kNotFound:
      return "not_found";
    case Code::kCorruption:
      return "corruption";
    case Code::kIoError:
      return "io_error";
    case Code::kOutOfOrder:
      return "out_of_order";
    case Code::kOutOfBounds:
      return "out_of_bounds";
    case Code::kTooOld:
      return "too_old";
    case Code::kDuplicateSample:
      return "duplicate_sample";
    case Code::kLimitExceeded:
      return "limit_exceeded";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kDeadlineExceeded:
      return "deadline_exceeded";
    case Code::kCancelled:
      return "cancelled";
    case Code::kInternal:
      return "internal";
  }
  return "unknown";
}

Status::Status(Code code, std::string message)
    : rep_(code == Code::kOk ? nullptr : std::make_unique<const Rep>(Rep{code, std::move(message)})) {}

Status::Status(const Status& other) : rep_(other.rep_ ? std::make_unique<const Rep>(*other.rep_) : nullptr) {}

Status& Status::operator=(const Status& other) {
  if (this != &other) rep_ = other.rep_ ? std::make_unique<const Rep>(*other.rep_) : nullptr;
  return *this;
}

std::string Status::ToString() const {
  if (ok()) return "ok";
  return std::string(CodeName(rep_->code)) + ": " + rep_->message;
}

Status Status::WithPrefix(std::string_view prefix) const {
  if (ok()) return {};
  return {rep_->code, std::string(prefix) + ": " + rep_->message};
}

}  // namespace cachescope
