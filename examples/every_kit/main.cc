// Every part of the client library in one program, at once: all kits, wrapped caches, every instrument, profiler, error
// tracker and live statistics, read by Prometheus and pushed to StatsD, DogStatsD and OTLP. Nothing it measures is
// real; everything it calls is. Each family of `cachescope catalog` is there and moves.
//
//   registries.h    which families go into which registry, and why there is more than one
//   layers.cc       kits of cache layers        surroundings.cc   two tiers, a library, a database, host, application
//   api.cc          kits of a service           caches.cc         caches that are wrapped, and statistics of them
//   instruments.cc  every type of instrument    operations.cc     profiler, error tracker
//   collectors.cc   who gets the numbers
//
//   every_kit [--listen=:9464] [--statsd=HOST:PORT] [--dogstatsd=HOST:PORT] [--otlp=URL] [--interval=SECONDS]
//             [--proc=FOLDER] [--mount=FOLDER] [--process=NAME]
//
// Runs until SIGINT or SIGTERM, then reports to standard output. --statsd, --dogstatsd and --otlp may come several
// times.
#include <signal.h>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "api.h"
#include "caches.h"
#include "collectors.h"
#include "instruments.h"
#include "layers.h"
#include "operations.h"
#include "surroundings.h"

namespace {

struct Options {
  every_kit::CollectorOptions collectors;
  every_kit::HostOptions host;
};

// False if `argument` is none of ours.
bool Read(std::string_view argument, Options* options) {
  const std::size_t equals = argument.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view name = argument.substr(0, equals);
  const std::string value(argument.substr(equals + 1));
  if (name == "--listen") {
    options->collectors.listen = value;
  } else if (name == "--statsd") {
    options->collectors.statsd.push_back(value);
  } else if (name == "--dogstatsd") {
    options->collectors.dogstatsd.push_back(value);
  } else if (name == "--otlp") {
    options->collectors.otlp.push_back(value);
  } else if (name == "--interval") {
    options->collectors.interval = std::chrono::milliseconds(std::lround(std::atof(value.c_str()) * 1000));
  } else if (name == "--proc") {
    options->host.proc = value;
  } else if (name == "--mount") {
    options->host.mount_point = value;
  } else if (name == "--process") {
    options->host.process = value;
  } else {
    return false;
  }
  return true;
}

// Works until one of the blocked signals comes.
void Work(every_kit::Registries& registries, const Options& options, const sigset_t& signals, std::string* report) {
  every_kit::Layers layers(registries);
  every_kit::Api api(registries);
  every_kit::Surroundings surroundings(registries, options.host);
  every_kit::Caches caches(registries);
  every_kit::Instruments instruments(registries);
  every_kit::Operations operations(registries);
  const timespec pause = {0, 200'000'000};
  for (every_kit::Traffic traffic; sigtimedwait(&signals, nullptr, &pause) < 0;) {
    traffic.NextTurn();
    layers.Turn(traffic);
    api.Turn(traffic);
    surroundings.Turn(traffic);
    caches.Turn(traffic);
    instruments.Turn(traffic);
    operations.Turn(traffic);
  }
  *report = caches.Report() + "\n" + operations.Report();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    if (Read(argv[i], &options)) continue;
    std::cerr << "every_kit: unknown argument " << argv[i] << "\n";
    return 2;
  }
  // Blocked before the first thread starts, so that it is ours to wait for.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  every_kit::Registries registries;
  cachescope::AddProcessMetrics(registries.layers);
  every_kit::Collectors collectors(registries, options.collectors);
  for (const std::string& problem : collectors.problems()) std::cerr << problem << "\n";
  if (!collectors.problems().empty()) return 1;
  std::cout << "metrics are at http://127.0.0.1:" << collectors.port() << "/metrics" << std::endl;

  std::string report;
  Work(registries, options, signals, &report);
  std::cout << report << collectors.Stop();

  // A registration that was refused, a series that was folded: the library says so instead of failing.
  for (const auto& [name, registry] : registries.All()) {
    for (const std::string& error : registry->Errors()) std::cerr << name << ": " << error << "\n";
    if (registry->error_count() > 0) return 1;
  }
}
