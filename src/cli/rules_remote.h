// A store somewhere else, asked through the query API of its server. For backtests.
#pragma once

#include <memory>

#include "cli/query_answer.h"
#include "server/storage/querier.h"

namespace cachescope::cli {

// Reads samples with range selectors, which leave out staleness markers: a series that ended is seen up to the lookback
// delta longer than it was there. Series with native histograms are refused with kInvalidArgument. One thread at a
// time for each querier; `source` outlives the store.
std::unique_ptr<storage::Queryable> NewRemoteStore(QuerySource& source);

}  // namespace cachescope::cli
