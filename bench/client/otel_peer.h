// The metrics SDK of OpenTelemetry C++ with one counter and one histogram (its default bounds), behind plain loops so
// that its headers stay in one unit. Nothing reads the metrics meanwhile.
#pragma once

#include <memory>

namespace cachescope::bench {

class OtelPeer {
 public:
  OtelPeer();
  ~OtelPeer();

  /// `n` calls each; from any threads.
  void Add(int n);
  void AddWithAttribute(int n);
  void Record(int n, double (*value)(int));

 private:
  struct Instruments;
  std::unique_ptr<Instruments> instruments_;
};

}  // namespace cachescope::bench
