// Everything of the cachescope client library.
#pragma once

#include "cachescope/counter.h"          // IWYU pragma: export
#include "cachescope/exposition.h"       // IWYU pragma: export
#include "cachescope/gauge.h"            // IWYU pragma: export
#include "cachescope/histogram.h"        // IWYU pragma: export
#include "cachescope/labels.h"           // IWYU pragma: export
#include "cachescope/options.h"          // IWYU pragma: export
#include "cachescope/process_metrics.h"  // IWYU pragma: export
#include "cachescope/registry.h"         // IWYU pragma: export
#include "cachescope/serve.h"            // IWYU pragma: export
#include "cachescope/snapshot.h"         // IWYU pragma: export
