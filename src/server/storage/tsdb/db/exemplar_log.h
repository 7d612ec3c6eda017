// Exemplars in the log of a store: records of upstream's type 4, behind the labels of their series.
#pragma once

#include <span>

#include "server/storage/exemplar_store.h"
#include "server/storage/tsdb/head.h"
#include "server/storage/tsdb/head_log.h"

namespace cachescope::tsdb {

// Those of series that have no samples in `head`, or whose labels are not in the log, are left out: nobody could tell
// whose they are. Errors: those of HeadLog::LogRecord; what was written before stays.
Status WriteExemplars(std::span<const storage::StoredExemplar> exemplars, const Head& head, HeadLog* log);

}  // namespace cachescope::tsdb
