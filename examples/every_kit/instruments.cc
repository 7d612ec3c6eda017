#include "instruments.h"

#include <cstdio>
#include <string>

namespace every_kit {

Instruments::Instruments(Registries& registries) : timers_(registries.own), custom_(registries.own) {
  cachescope::Registry& registry = registries.own;
  // Names that are constants are checked by the compiler, and so is the number of values of With().
  const auto orders = registry.Counter("orders_total", "Orders by channel.", cachescope::LabelNames("channel"));
  orders_ = orders.With("web");
  returns_ = registry.Counter({.name = "returns_total", .help = "Orders sent back."});
  basket_ = registry.Gauge({.name = "basket_bytes", .help = "Bytes of the baskets in memory."});
  delivery_ = registry.Histogram({.name = "delivery_seconds",
                                  .help = "Time of a delivery request.",
                                  .buckets = cachescope::ExponentialBuckets(0.001, 4, 8)});
  wait_ = registry.Histogram({.name = "wait_seconds", .help = "Time in the queue.", .native = {.schema = 3}});
  both_ = registry.Histogram({.name = "checkout_seconds",
                              .help = "Time of a checkout.",
                              .buckets = cachescope::DefaultBuckets(),
                              .native = {.growth_factor = 1.1}});
  price_ = registry.Summary({.name = "price", .help = "Prices of what is sold."});
  release_ = registry.Info({.name = "release_info", .help = "What runs.", .labels = {"version"}});
  breaker_ = registry.StateSet(
      {.name = "breaker", .help = "State of the breaker.", .states = {"closed", "open", "half_open"}});
}

void Instruments::Turn(Traffic& traffic) {
  // A trace to follow from the number to the request.
  char trace[33];
  std::snprintf(trace, sizeof trace, "%032x", static_cast<unsigned>(traffic.turn()) + 1);
  orders_.Increment(1, {.trace_id = trace});
  delivery_.Record(traffic.Seconds(0.05), {.trace_id = trace, .span_id = "00f067aa0ba902b7"});
  if (traffic.Chance(0.2)) returns_.Increment();
  basket_.Set(traffic.Between(1e4, 1e5));
  for (int i = 0; i < 10; ++i) {
    wait_.Record(traffic.Seconds(0.01));
    price_.Record(traffic.Between(1, 100));
  }
  // A checkout begins in one turn and ends in the next.
  timers_.Stop(checkout_, both_);
  checkout_ = timers_.Start();
  release_.Set({"2." + std::to_string(traffic.turn() / 10)});
  breaker_.Set(traffic.Chance(0.8) ? "closed" : traffic.Chance(0.5) ? "open" : "half_open");
  custom_.Increment("user.login", {{"source", "api"}});
  custom_.Record("upload_seconds", traffic.Seconds(0.4), {{"kind", "image"}});
  custom_.SetGauge("open_carts", traffic.UpTo(30));
}

}  // namespace every_kit
