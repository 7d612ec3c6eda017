// Result<T> holds a value or the Status that explains why there is none. Thread-compatible.
#pragma once

#include <cassert>
#include <optional>
#include <utility>

#include "base/status.h"

namespace cachescope {

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                                  // NOLINT: implicit by design
  Result(Status status) : status_(std::move(status)) { assert(!status_.ok()); }  // NOLINT: implicit by design

  bool ok() const noexcept { return value_.has_value(); }
  const Status& status() const noexcept { return status_; }

  // REQUIRES: ok().
  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return std::move(*value_); }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return std::move(*value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  T value_or(T fallback) const& { return value_ ? *value_ : std::move(fallback); }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace cachescope

#define CACHESCOPE_CONCAT_INNER(a, b) a##b
#define CACHESCOPE_CONCAT(a, b) CACHESCOPE_CONCAT_INNER(a, b)

// Returns from the enclosing function when `expr` (a Status) failed.
#define CACHESCOPE_RETURN_IF_ERROR(expr)                                                              \
  do {                                                                                                \
    if (::cachescope::Status status_of_expr_ = (expr); !status_of_expr_.ok()) return status_of_expr_; \
  } while (false)

// Evaluates `expr` (a Result), returns its Status from the enclosing function on failure, else moves the value into
// `lhs`.
#define CACHESCOPE_ASSIGN_OR_RETURN(lhs, expr) \
  CACHESCOPE_ASSIGN_OR_RETURN_INNER(CACHESCOPE_CONCAT(result_, __LINE__), lhs, expr)
#define CACHESCOPE_ASSIGN_OR_RETURN_INNER(tmp, lhs, expr) \
  auto tmp = (expr);                                      \
  if (!tmp.ok()) return tmp.status();                     \
  lhs = std::move(tmp).value()
