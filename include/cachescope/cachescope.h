// Everything of the cachescope client library.
#pragma once

#include "cachescope/counter.h"          // IWYU pragma: export
#include "cachescope/custom_metrics.h"   // IWYU pragma: export
#include "cachescope/exemplar.h"         // IWYU pragma: export
#include "cachescope/exposition.h"       // IWYU pragma: export
#include "cachescope/gauge.h"            // IWYU pragma: export
#include "cachescope/histogram.h"        // IWYU pragma: export
#include "cachescope/info.h"             // IWYU pragma: export
#include "cachescope/labelled_family.h"  // IWYU pragma: export
#include "cachescope/labels.h"           // IWYU pragma: export
#include "cachescope/negotiation.h"      // IWYU pragma: export
#include "cachescope/options.h"          // IWYU pragma: export
#include "cachescope/process_metrics.h"  // IWYU pragma: export
#include "cachescope/quantile_sketch.h"  // IWYU pragma: export
#include "cachescope/registry.h"         // IWYU pragma: export
#include "cachescope/serve.h"            // IWYU pragma: export
#include "cachescope/snapshot.h"         // IWYU pragma: export
#include "cachescope/state_set.h"        // IWYU pragma: export
#include "cachescope/summary.h"          // IWYU pragma: export
#include "cachescope/timer.h"            // IWYU pragma: export
#include "cachescope/timer_set.h"        // IWYU pragma: export
