// Appending to series known by reference only, for writers that remember references and would have to build the labels
// anew for every sample.
#pragma once

#include "base/status.h"
#include "model/sample.h"
#include "server/storage/appender.h"

namespace cachescope::storage {

// An appender may offer this beside Appender; ask with dynamic_cast, once for a batch.
class KnownSeriesAppender {
 public:
  virtual ~KnownSeriesAppender() = default;
  // As Appender::Append, part of the same batch. kNotFound: `ref` means nothing any more; append with the labels then.
  virtual Status AppendKnown(SeriesRef ref, TimestampMs t, double v) = 0;
  // Begins to fetch what AppendKnown will need of this series; for callers that know a few references ahead.
  virtual void Prefetch(SeriesRef ref) const { static_cast<void>(ref); }
};

}  // namespace cachescope::storage
