#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cachescope/live_statistics_options.h"
#include "client/profile/json_text.h"

namespace cachescope {
namespace {

constexpr double kBytesPerMb = 1024.0 * 1024;
constexpr const char* kWarningName = "CACHE_MEMORY_WARNING_THRESHOLD_MB";
constexpr const char* kCriticalName = "CACHE_MEMORY_CRITICAL_THRESHOLD_MB";

void Report(const char* name, const std::string& cause, std::vector<std::string>* errors) {
  if (errors != nullptr) errors->push_back("cannot use " + std::string(name) + ": " + cause);
}

void Read(const char* name, double* bytes, std::vector<std::string>* errors) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') return;
  const std::string_view value(text);
  double megabytes = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), megabytes);
  if (error != std::errc() || end != value.data() + value.size() || !std::isfinite(megabytes) || megabytes <= 0) {
    Report(name, "\"" + client::ValidText(client::CutText(value, 64)) + "\" is not a number above 0", errors);
    return;
  }
  *bytes = megabytes * kBytesPerMb;
}

}  // namespace

MemoryThresholds MemoryThresholdsFromEnvironment(std::vector<std::string>* errors) {
  MemoryThresholds thresholds;
  Read(kWarningName, &thresholds.warning_bytes, errors);
  Read(kCriticalName, &thresholds.critical_bytes, errors);
  if (thresholds.warning_bytes <= thresholds.critical_bytes) return thresholds;
  Report(kWarningName, "it is above the critical threshold", errors);
  return {};
}

}  // namespace cachescope
