// The HTTP API in the Prometheus form, the page's own endpoints and the page itself. One file per endpoint family.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/sample.h"
#include "server/api/write.h"
#include "server/collect/scrape_manager.h"
#include "server/http/server.h"
#include "server/notify/notifier.h"
#include "server/promql/engine.h"
#include "server/rules/rule_manager.h"
#include "server/rules/threshold_store.h"
#include "server/storage/exemplar_store.h"
#include "server/storage/querier.h"
#include "server/storage/state_store.h"
#include "server/storage/tsdb/head.h"

namespace cachescope::api {

// A dashboard in Grafana's JSON, as it is.
struct Dashboard {
  std::string uid;
  std::string title;
  std::vector<std::string> tags;
  std::string json;
};

// A file of the page, compressed when `gzip`.
struct Asset {
  std::string_view path;  // "/index.html"
  std::string_view content_type;
  std::string_view bytes;
  bool gzip = false;
};

struct BuildInfo {
  std::string version;
  std::string revision;
  std::string build_date;
  std::string compiler;
};

// What the endpoints use. Pointers outlive the server; functions are thread-safe.
struct ApiContext {
  const promql::Engine* engine = nullptr;
  storage::Queryable* storage = nullptr;
  const tsdb::Head* head = nullptr;
  const storage::ExemplarStore* exemplars = nullptr;  // null: none are kept
  WriteReceiver* write = nullptr;                     // null: /api/v1/write is not served
  const rules::RuleManager* rules = nullptr;
  notify::Notifier* notifier = nullptr;                     // null: /api/v2 and what acts on alerts are not served
  storage::StateStore* state = nullptr;                     // null: no history
  rules::ThresholdStore* thresholds = nullptr;              // null: none can be set
  std::function<std::vector<std::string>()> alertmanagers;  // that hear of alerts too; may be empty
  std::function<std::string()> alerting_config;             // the `alerts` section with secrets replaced
  const collect::ScrapeManager* scrape = nullptr;
  const Clock* clock = nullptr;
  const std::atomic<bool>* cancel_queries = nullptr;  // set when the program ends: running queries give up
  BuildInfo build;
  TimestampMs started_at = 0;
  std::string hostname;
  std::vector<std::pair<std::string, std::string>> flags;  // as given or defaulted, secrets left out
  std::function<std::string()> config_text;                // the loaded configuration with secrets replaced
  std::function<Status()> reload;                          // loads the configuration again
  std::function<bool()> ready;                             // queries work
  std::function<std::string()> metrics_text;               // our own exposition
  std::function<bool()> last_reload_ok;
  std::function<TimestampMs()> last_reload_at;  // of the last successful one
  std::vector<Dashboard> dashboards;
  std::vector<std::pair<std::string, std::string>> advice;  // kind → markdown
  std::vector<Asset> assets;
  DurationMs retention = 0;
  bool lifecycle = true;                    // POST /-/reload allowed
  bool admin = false;                       // /api/v1/admin/* allowed
  std::function<Labels()> external_labels;  // of the loaded configuration; federation and remote read add them
  // What the store offers for /api/v1/admin; empty where it cannot. Times are inclusive; a snapshot returns its name.
  std::function<Status(TimestampMs mint, TimestampMs maxt, const std::vector<Matcher>& matchers)> delete_series;
  std::function<Status()> clean_tombstones;
  std::function<Result<std::string>(bool skip_head)> snapshot;
};

void RegisterQuery(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterSeries(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterTargets(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterRules(http::Server& server, std::shared_ptr<const ApiContext> api);
// Adds the CORS headers of upstream to answers under /api/ when a request names its origin; pages of origins that match
// `origin_pattern` (whole) may read them. kInvalidArgument: not a regular expression.
Result<http::Server::Middleware> Cors(const std::string& origin_pattern);

// Refuses with 403 what changes something when a page of another origin asks for it.
http::Server::Middleware OwnOriginOnly();

void RegisterWrite(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterRead(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterFederate(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterExemplars(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterParse(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterAdmin(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterAlertsV2(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterSilencesV2(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterAlerting(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterAlertingHistory(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterAlertingExplain(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterAlertingThresholds(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterStatus(http::Server& server, std::shared_ptr<const ApiContext> api);
void RegisterPage(http::Server& server, std::shared_ptr<const ApiContext> api);

// All of the above.
void RegisterAll(http::Server& server, std::shared_ptr<const ApiContext> api);

}  // namespace cachescope::api
