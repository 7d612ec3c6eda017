// What most programs use of the client library: registries and instruments, the page and its formats, exporters,
// timers, profiler, error tracker, live statistics.
//
// Left out, because they take a third of a second more to compile and a program wants few of them:
// cachescope/caches/*.h (wrapped caches), cachescope/kits/*.h and cachescope/catalogue/*.h (families by name). And
// because they need a library to link: gzip.h (zlib), cpu_profile.h (gperftools), caches/hiredis_cache.h,
// caches/rocksdb_cache.h. Files that only count do well with registry.h alone.
#pragma once

#include "cachescope/buckets.h"                 // IWYU pragma: export
#include "cachescope/counter.h"                 // IWYU pragma: export
#include "cachescope/custom_metrics.h"          // IWYU pragma: export
#include "cachescope/error_tracker.h"           // IWYU pragma: export
#include "cachescope/exemplar.h"                // IWYU pragma: export
#include "cachescope/export/metric_sink.h"      // IWYU pragma: export
#include "cachescope/export/otlp.h"             // IWYU pragma: export
#include "cachescope/export/periodic_export.h"  // IWYU pragma: export
#include "cachescope/export/statsd.h"           // IWYU pragma: export
#include "cachescope/exposition.h"              // IWYU pragma: export
#include "cachescope/gauge.h"                   // IWYU pragma: export
#include "cachescope/histogram.h"               // IWYU pragma: export
#include "cachescope/info.h"                    // IWYU pragma: export
#include "cachescope/labelled_family.h"         // IWYU pragma: export
#include "cachescope/labels.h"                  // IWYU pragma: export
#include "cachescope/live_statistics.h"         // IWYU pragma: export
#include "cachescope/negotiation.h"             // IWYU pragma: export
#include "cachescope/operation_tracker.h"       // IWYU pragma: export
#include "cachescope/options.h"                 // IWYU pragma: export
#include "cachescope/process_metrics.h"         // IWYU pragma: export
#include "cachescope/profiler.h"                // IWYU pragma: export
#include "cachescope/quantile_sketch.h"         // IWYU pragma: export
#include "cachescope/registry.h"                // IWYU pragma: export
#include "cachescope/serve.h"                   // IWYU pragma: export
#include "cachescope/snapshot.h"                // IWYU pragma: export
#include "cachescope/state_set.h"               // IWYU pragma: export
#include "cachescope/summary.h"                 // IWYU pragma: export
#include "cachescope/timer.h"                   // IWYU pragma: export
#include "cachescope/timer_set.h"               // IWYU pragma: export
