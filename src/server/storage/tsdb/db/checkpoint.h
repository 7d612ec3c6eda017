// A checkpoint stands for the segments of the log that were dropped: the labels of the series that live on, and where
// the newest block ends that was cut. It is a log of its own in wal/checkpoint.N, N the newest segment it stands for,
// written beside and renamed when whole.
#pragma once

#include <cstdint>
#include <string>

#include "base/env.h"
#include "server/storage/tsdb/head.h"
#include "server/storage/tsdb/wal/log_writer.h"

namespace cachescope::tsdb {

// Durable when it returns; older checkpoints are gone then. The caller may drop the segments up to and including
// `upto`. Errors: the Env's; nothing has changed then but for a directory that ends in ".tmp".
Status WriteCheckpoint(Env& env, const std::string& wal_directory, std::uint64_t upto, const Head& head,
                       TimestampMs cut, const LogOptions& options);

}  // namespace cachescope::tsdb
