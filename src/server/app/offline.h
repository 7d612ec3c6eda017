// OfflineApi answers queries in the Prometheus API's form from a data directory, without a server: read only, also
// while a daemon runs on it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "server/http/message.h"
#include "server/storage/tsdb/db/replay.h"

namespace cachescope::app {

class OfflineApi {
 public:
  virtual ~OfflineApi() = default;

  // `path` as --storage.tsdb.path. kNotFound: it holds no metrics. Reads the log into memory; `report` says how far it
  // is. Nothing on disk changes, and what is written from now on is not seen.
  static Result<std::unique_ptr<OfflineApi>> Open(const std::string& path,
                                                  std::function<void(const tsdb::ReplayProgress&)> report);

  // /api/v1/{query,query_range,format_query,series,labels,label/NAME/values}: what a server would answer. `form` is the
  // body of a POST. One thread at a time.
  virtual http::Response Handle(const std::string& method, const std::string& target, const std::string& form) = 0;
};

}  // namespace cachescope::app
