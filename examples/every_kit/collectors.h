// Collectors: who gets the numbers: a page for Prometheus, StatsD, DogStatsD, OTLP; any of them, several of a kind, all
// at once. What is counted does not know about them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cachescope/export/periodic_export.h"
#include "cachescope/serve.h"
#include "registries.h"

namespace every_kit {

struct CollectorOptions {
  std::string listen = ":9464";
  std::vector<std::string> statsd = {};     // HOST:PORT or unix:///path
  std::vector<std::string> dogstatsd = {};  // the same
  std::vector<std::string> otlp = {};       // http://HOST:PORT/path
  std::chrono::milliseconds interval{10000};
};

class Collectors {
 public:
  Collectors(Registries& registries, const CollectorOptions& options);

  /// What could not be started; empty if all runs.
  const std::vector<std::string>& problems() const { return problems_; }
  int port() const { return page_.port(); }
  /// Sends what is left, and says how it went.
  std::string Stop();

 private:
  void Push(cachescope::Registry& registry, std::unique_ptr<cachescope::Exporter> exporter, bool first);

  const CollectorOptions options_;
  cachescope::ScrapeServer page_;
  std::vector<cachescope::PeriodicExport> pushes_;
  std::vector<std::string> problems_;
};

}  // namespace every_kit
