#include "operations.h"

#include <stdexcept>

namespace every_kit {
namespace {

double Search(Traffic& traffic) {
  if (traffic.Chance(0.1)) throw std::runtime_error("the index is being rebuilt");
  double sum = 0;
  for (int i = 0; i < 1000; ++i) sum += traffic.Between(0, 1);
  return sum;
}

}  // namespace

Operations::Operations(Registries& registries)
    : errors_({.window = std::chrono::minutes(1), .registry = &registries.own}),
      tracker_(profiler_, errors_),
      lookup_(profiler_.Operation("lookup")) {
  cachescope::AddProfileMetrics(registries.own, profiler_);
}

void Operations::Turn(Traffic& traffic) {
  {
    auto scope = lookup_.Measure();
    if (traffic.Chance(0.05)) scope.Fail();
  }
  try {
    tracker_.Track("search", [&] { return Search(traffic); });  // what it throws is counted and goes on
  } catch (const std::runtime_error&) {
  }
  // What ends somewhere else is started by id.
  if (traffic.turn() % 5 == 0) {
    if (!tracker_.Stop(rebuild_)) errors_.RecordError("rebuild", "lost", "nothing was being rebuilt");
    rebuild_ = tracker_.Start("rebuild");
  }
}

std::string Operations::Report() const { return cachescope::Text(tracker_.Summary()); }

}  // namespace every_kit
