// Options and words that all kits share.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cachescope::kits {

/// How a request ended; the label "status".
enum class Outcome : std::uint8_t {
  kSuccess,  // "success"; a lookup that finds nothing is one too
  kError,    // "error": it broke
  kFailed,   // "failed": it gave up: timeout, refusal, nobody there
};
inline constexpr std::size_t kOutcomeCount = 3;
constexpr std::string_view OutcomeName(Outcome outcome) noexcept {
  constexpr std::string_view kNames[] = {"success", "error", "failed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

/// What is done with a cache layer; the label "operation".
enum class Operation : std::uint8_t {
  kGet,
  kSet,
  kDelete,
  kSearch,
  kStore,
  kAdd,
  kUpdate,
  kSync,
  kValidate,
  kPredict,
  kAnalyse,
  kArchive,
};
inline constexpr std::size_t kOperationCount = 12;
constexpr std::string_view OperationName(Operation operation) noexcept {
  constexpr std::string_view kNames[] = {"get",    "set",  "delete",   "search",  "store",   "add",
                                         "update", "sync", "validate", "predict", "analyse", "archive"};
  return kNames[static_cast<std::size_t>(operation)];
}

/// What stands for label values beyond a bound, and for no value.
inline constexpr std::string_view kOtherValue = "other";
inline constexpr std::string_view kUnknownValue = "unknown";

struct KitOptions {
  /// Rates and ratios are computed over this long, from the counters, when somebody scrapes. 1 s to 1 day.
  std::chrono::milliseconds window = std::chrono::minutes(5);
  /// Most values of each label whose values come from callers (model, reason, tenant, …); further ones become "other"
  /// and are counted in cachescope_kits_values_folded_total. 1 to 60,000.
  std::size_t max_values = 200;
  /// Seconds on a clock that never goes back; null takes the steady clock.
  double (*now)() noexcept = nullptr;
};

/// Seconds of the steady clock.
double SteadySeconds() noexcept;

}  // namespace cachescope::kits
