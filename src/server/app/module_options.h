// What the server's options mean to each module. Pure but for a warning in the log.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "server/app/server.h"
#include "server/collect/scrape_manager.h"
#include "server/promql/engine.h"
#include "server/storage/tsdb/head.h"

namespace cachescope::app {

// Warns about features it does not know.
promql::EngineOptions EngineOptionsOf(const ServerOptions& options);
collect::ScrapeManagerOptions ScrapeOptions(storage::ExemplarStore* exemplars);
tsdb::HeadOptions HeadOptionsOf(const ServerOptions& options);
// Names and values for /api/v1/status/flags, spelled as on the command line, sorted by name.
std::vector<std::pair<std::string, std::string>> FlagsOf(const ServerOptions& options);

}  // namespace cachescope::app
