// What the server's options mean to each module. Pure but for a warning in the log.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "server/api/write.h"
#include "server/app/server.h"
#include "server/app/store.h"
#include "server/collect/scrape_manager.h"
#include "server/promql/engine.h"

namespace cachescope::app {

// kInvalidArgument: the address can be reached by other machines, and `insecure_listen` does not say that this is
// meant.
Status CheckExposure(const ServerOptions& options);
// Warns about features it does not know.
promql::EngineOptions EngineOptionsOf(const ServerOptions& options);
api::StartTimes StartTimesOf(const ServerOptions& options);
collect::ScrapeManagerOptions ScrapeOptions(storage::ExemplarStore* exemplars);
// History kept in fact.
DurationMs RetentionOf(const ServerOptions& options);
StoreOptions StoreOptionsOf(const ServerOptions& options, const StorageConfig& config,
                            storage::ExemplarStore* exemplars);
// Names and values for /api/v1/status/flags, spelled as on the command line, sorted by name.
std::vector<std::pair<std::string, std::string>> FlagsOf(const ServerOptions& options);

}  // namespace cachescope::app
