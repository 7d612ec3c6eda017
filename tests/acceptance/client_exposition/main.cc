// A program with every instrument of the client library at known values, for the stories beside this file. Prints
// "port N", serves until its input ends, and counts a line of input as one more request.
#include <cmath>
#include <cstdio>
#include <iostream>
#include <string>

#include "cachescope/cachescope.h"
#include "cachescope/gzip.h"

namespace {

using cachescope::Registry;

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";

void FillCounters(Registry& registry) {
  const auto requests = registry.Counter({.name = "requests_total", .help = "Requests.", .labels = {"method", "path"}});
  requests.With({"get", "/a\"b\\c\nd"}).Increment(41);
  requests.With({"get", "/a\"b\\c\nd"}).Increment(1, {.trace_id = kTrace});
  requests.With({"put", "gr\xC3\xBC\xC3\x9F"}).Increment(7);
  const cachescope::Counter spent =
      registry.Counter({.name = "spent_seconds_total", .help = "Time.", .unit = "seconds"});
  spent.Increment(2);
  spent.Increment(0.125);
  registry.Counter({.name = "big_total", .help = "Above 2^53."}).With({}).Increment((1ULL << 53) + 1);
}

void FillHistograms(Registry& registry) {
  const cachescope::Histogram classic =
      registry.Histogram({.name = "classic", .help = "Classic.", .buckets = {0.5, 1, 10}, .unit = "seconds"});
  const cachescope::Histogram native =
      registry.Histogram({.name = "native", .help = "Native.", .unit = "seconds", .native = {.schema = 3}});
  const cachescope::Histogram both = registry.Histogram(
      {.name = "both", .help = "Both.", .buckets = {0.5, 1, 10}, .unit = "seconds", .native = {.schema = 3}});
  const cachescope::Summary summary =
      registry.Summary({.name = "wait", .help = "A summary.", .quantiles = {0.5, 1}, .unit = "seconds"});
  for (int i = 1; i <= 100; ++i) {
    const double value = i * 0.02;
    classic.Record(value);
    native.Record(value);
    native.Record(-value);
    both.Record(value);
    summary.Record(value);
  }
  native.Record(0);
  classic.Record(0.75, {.trace_id = kTrace, .span_id = "00f067aa0ba902b7"});
  both.Record(0.75, {.trace_id = kTrace});
}

void FillOthers(Registry& registry) {
  registry.Gauge({.name = "temperature_celsius", .help = "A gauge.", .unit = "celsius"}).With({}).Set(-3.5);
  registry.Gauge({.name = "nothing", .help = "No number."}).With({}).Set(std::nan(""));
  registry.Info({.name = "build_info", .help = "What runs.", .labels = {"version"}}).Set({"1.2.3"});
  const cachescope::StateSet breaker =
      registry.StateSet({.name = "breaker", .help = "A breaker.", .states = {"closed", "open", "half open"}});
  breaker.Set("open");
  registry.AddCollector([](std::vector<cachescope::FamilySnapshot>* out) {
    cachescope::FamilySnapshot family{
        "demo_computed_bytes", "By a collector.", "bytes", cachescope::InstrumentType::kGauge, {}};
    family.series.emplace_back();
    family.series.back().value = 1024;
    out->push_back(family);
  });
}

}  // namespace

int main() {
  Registry registry({.namespace_ = "demo", .constant_labels = {{"env", "test"}}});
  FillCounters(registry);
  FillHistograms(registry);
  FillOthers(registry);
  Registry utf8({.self_metrics = false, .name_rules = cachescope::NameRules::kUtf8});
  utf8.Counter({.name = "app.requests_total", .help = "Dots.", .labels = {"http.method"}}).With({"get"}).Increment(5);
  Registry more({.namespace_ = "demo", .constant_labels = {{"env", "more"}}});
  more.Gauge({.name = "temperature_celsius", .help = "A gauge.", .unit = "celsius"}).With({}).Set(20);

  const cachescope::Counter lines = registry.Counter({.name = "lines_total", .help = "Lines of input."});
  cachescope::ServeOptions options;
  options.created_lines = true;
  options.compress = cachescope::Gzip();
  options.compress_min_bytes = 1;
  options.more_pages = {{"/utf8", {&utf8}}, {"/joined", {&registry, &more}}};
  const cachescope::ScrapeServer server = Serve(registry, ":0", options);
  if (!server.ok()) {
    std::cerr << server.error() << "\n";
    return 1;
  }
  for (const std::string& error : registry.Errors()) std::cerr << error << "\n";
  std::cout << "port " << server.port() << std::endl;
  for (std::string line; std::getline(std::cin, line);) lines.Increment();
  return registry.error_count() == 0 ? 0 : 1;
}
