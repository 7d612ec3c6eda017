// Instruments: every type of instrument, used directly, for what no kit has a name for.
#pragma once

#include "cachescope/cachescope.h"
#include "registries.h"
#include "traffic.h"

namespace every_kit {

class Instruments {
 public:
  explicit Instruments(Registries& registries);
  void Turn(Traffic& traffic);

 private:
  // Taken once; using them costs a few nanoseconds.
  cachescope::Counter orders_, returns_;
  cachescope::Gauge basket_;
  cachescope::Histogram delivery_;    // classic buckets
  cachescope::Histogram wait_;        // native buckets: no bounds to choose
  cachescope::Histogram both_;        // both, for readers that know only one kind
  cachescope::Summary price_;         // quantiles of the last minutes
  cachescope::InfoFamily release_;    // text as labels
  cachescope::StateSet breaker_;      // one of a few states
  cachescope::TimerSet timers_;       // begun here, stopped there
  cachescope::TimerId checkout_;      // one of them
  cachescope::CustomMetrics custom_;  // by name, for what nobody declared
};

}  // namespace every_kit
