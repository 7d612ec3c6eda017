// The daemon's own metrics: what each module has counted, read at scrape time, and durations of HTTP requests.
#pragma once

#include <atomic>

#include "cachescope/registry.h"
#include "server/api/write.h"
#include "server/app/store.h"
#include "server/collect/scrape_manager.h"
#include "server/http/server.h"
#include "server/notify/forward/forwarder.h"
#include "server/notify/notifier.h"
#include "server/rules/rule_manager.h"

namespace cachescope::app {

// Reload state, shown as cachescope_config_last_reload_*.
struct ReloadState {
  std::atomic<bool> ok{true};
  std::atomic<std::int64_t> at_ms{0};
};

struct SelfMetricsParts {
  const Store* store = nullptr;
  const collect::ScrapeManager* scrape = nullptr;
  const rules::RuleManager* rules = nullptr;
  const notify::Notifier* notifier = nullptr;
  const notify::Forwarder* forwarder = nullptr;
  const ReloadState* reload = nullptr;
  const api::WriteReceiver* write = nullptr;
  const storage::ExemplarStore* exemplars = nullptr;
};

// Registers collectors; the parts must outlive the registry's last scrape.
void RegisterSelfMetrics(Registry& registry, SelfMetricsParts parts);
// Measures every request by route and status class.
http::Server::Middleware MeasureRequests(Registry& registry);

}  // namespace cachescope::app
