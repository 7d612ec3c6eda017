// GaugePart: what one object contributes to a gauge series that several objects may share, computed at scrape.
// Instances of a cache with the same name then add up, instead of the last one hiding the others.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cachescope/registry.h"

namespace cachescope::client {

class SharedGauge;

struct GaugePartSpec {
  std::string name = {};
  std::string help = {};
  std::vector<std::string> labels = {};
  std::vector<std::string> values = {};
  std::string subsystem = {};
  /// The series is the sum of the parts' values, or with `percent` 100 · sum of values / sum of wholes (NaN if that is
  /// 0).
  bool percent = false;
};

class GaugePart {
 public:
  struct Amount {
    double value = 0;
    double whole = 0;
  };
  using Function = std::function<Amount()>;

  /// Does nothing if the gauge cannot be registered or there is no memory.
  GaugePart(Registry& registry, const GaugePartSpec& spec, Function function) noexcept;
  /// The function does not run any more when this returns. The last part takes the series out of the exposition.
  ~GaugePart();
  GaugePart(const GaugePart&) = delete;
  GaugePart& operator=(const GaugePart&) = delete;

 private:
  SharedGauge* gauge_ = nullptr;
};

}  // namespace cachescope::client
