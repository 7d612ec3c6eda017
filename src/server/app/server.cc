#include "server/app/server.h"

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/duration.h"
#include "base/log.h"
#include "cachescope/exposition.h"
#include "server/api/api.h"
#include "server/app/alerting.h"
#include "server/app/catalog.h"
#include "server/app/config_text.h"
#include "server/app/data_directory.h"
#include "server/app/directory_lock.h"
#include "server/app/module_options.h"
#include "server/app/self_metrics.h"
#include "server/app/self_source.h"
#include "server/app/source_targets.h"
#include "server/app/start_gate.h"
#include "server/app/store.h"
#include "server/collect/adapters/host/host_source.h"
#include "server/collect/scrape_manager.h"
#include "server/http/client.h"
#include "server/http/server.h"
#include "server/promql/engine.h"

#ifndef CACHESCOPE_VERSION
#define CACHESCOPE_VERSION "unknown"
#endif
#ifndef CACHESCOPE_REVISION
#define CACHESCOPE_REVISION ""
#endif

namespace cachescope::app {
namespace {

constexpr DurationMs kHousekeepingMs = 60'000;
constexpr DurationMs kSelfIntervalMs = 15'000;

std::string Hostname() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

class ServerImpl final : public Server {
 public:
  explicit ServerImpl(ServerOptions options)
      : options_(std::move(options)),
        exemplars_(storage::ExemplarStore::NewInMemory(options_.max_exemplars)),
        write_(&store_, exemplars_.get(), {}, StartTimesOf(options_)),
        engine_(EngineOptionsOf(options_)),
        alerting_(engine_, store_),
        client_(http::Client::New()),
        scrape_(ScrapeOptions(exemplars_.get()), &store_, client_.get()) {}
  ~ServerImpl() override { Stop(std::chrono::milliseconds(1000)); }

  Status Run();
  std::string address() const override { return http_->address(); }
  std::vector<std::string> caches() const override;
  Status Reload() override;
  void Stop(std::chrono::milliseconds grace) override;
  StartFailure failure() const noexcept { return failure_; }

 private:
  Result<Config> ReadConfig() const;
  Status Apply(const Config& config);
  Status ApplyCollecting(const Config& config);
  std::vector<collect::SourceTarget> Sources(const Config& config) const;
  std::shared_ptr<api::ApiContext> MakeContext();
  void AttachStore(api::ApiContext* context);
  Status LockDirectory();
  Status OpenStore(const StorageConfig& config, api::ApiContext* context);
  void Housekeeping();
  void StopHttp(std::chrono::milliseconds grace);
  std::string ConfigText() const;
  Status LoadAndApply();

  const ServerOptions options_;
  const TimestampMs started_at_ = Clock::System().NowMs();
  std::string external_url_;
  StartFailure failure_ = StartFailure::kOther;  // used by Run only
  DirectoryLock lock_;
  ReloadState reload_;
  StartGate gate_;
  std::unique_ptr<storage::ExemplarStore> exemplars_;  // the store writes down what is in it
  Store store_;
  api::WriteReceiver write_;
  promql::Engine engine_;
  Alerting alerting_;
  std::unique_ptr<http::Client> client_;
  Registry registry_;
  collect::ScrapeManager scrape_;
  std::unique_ptr<http::Server> http_;
  std::thread housekeeper_;

  std::mutex apply_mu_;  // one reload at a time; taken before mu_
  mutable std::mutex mu_;
  std::condition_variable wake_;
  std::string config_text_;          // guarded by mu_
  std::string alerts_text_;          // guarded by mu_
  Labels external_labels_;           // guarded by mu_
  std::vector<std::string> caches_;  // guarded by mu_
  bool stopping_ = false;            // guarded by mu_
  bool http_stopped_ = false;        // guarded by mu_
  std::atomic<bool> cancel_queries_{false};
  bool stopped_ = false;  // used by Stop only
};

Result<Config> ServerImpl::ReadConfig() const {
  Config config = DefaultConfig();
  if (!options_.config_file.empty()) {
    CACHESCOPE_ASSIGN_OR_RETURN(config, LoadConfig(options_.config_file, engine_.options().parser));
  }
  std::vector<std::string> urls = options_.cache_urls;
  if (urls.empty() && options_.config_file.empty() && options_.discover_local && !options_.read_only)
    urls = DiscoverLocalCaches();
  for (const std::string& url : urls) {
    CACHESCOPE_ASSIGN_OR_RETURN(CacheConfig cache, CacheFromUrl(url));
    if (options_.cache_interval > 0) cache.interval = options_.cache_interval;
    cache.timeout = std::min(cache.timeout, cache.interval);
    for (const CacheConfig& other : config.caches) {
      if (other.name == cache.name) return InvalidArgument("cache " + cache.name + " is named twice");
    }
    config.caches.push_back(std::move(cache));
  }
  if (options_.evaluation_interval > 0) config.evaluation_interval = options_.evaluation_interval;
  // With nothing else said, rules keep up with how often caches are read.
  if (options_.config_file.empty() && options_.evaluation_interval == 0) config.evaluation_interval = 15'000;
  return config;
}

std::vector<collect::SourceTarget> ServerImpl::Sources(const Config& config) const {
  std::vector<collect::SourceTarget> out;
  for (const CacheConfig& cache : config.caches) out.push_back(CacheTarget(cache));
  const std::string host = Hostname();
  if (config.host_metrics) {
    collect::SourceTarget target;
    target.job = "host";
    target.url = "host://" + host;
    target.labels = Labels{{"instance", host.empty() ? "localhost" : host}};
    target.source = std::make_shared<collect::HostSource>();
    target.fingerprint = "host";
    out.push_back(std::move(target));
  }
  collect::SourceTarget self;
  self.job = "cachescope";
  self.url = external_url_ + "/metrics";
  self.labels = Labels{{"instance", http_->address()}};
  self.source = NewSelfSource(registry_);
  self.interval = kSelfIntervalMs;
  self.fingerprint = "self";
  out.push_back(std::move(self));
  return out;
}

// What fills the store or tells about it.
Status ServerImpl::ApplyCollecting(const Config& config) {
  CACHESCOPE_RETURN_IF_ERROR(alerting_.Apply(config, external_url_));
  return scrape_.Apply(config.scrape_configs, Sources(config));
}

Status ServerImpl::Apply(const Config& config) {
  if (!options_.read_only) CACHESCOPE_RETURN_IF_ERROR(ApplyCollecting(config));
  for (const std::string& warning : config.warnings) LogWarn(warning);
  const std::lock_guard lock(mu_);
  config_text_ = config.text;
  alerts_text_ = RedactedYaml(config.alerts);
  external_labels_ = config.scrape_defaults.external_labels;
  caches_.clear();
  for (const CacheConfig& cache : config.caches) caches_.push_back(cache.name);
  return {};
}

Status ServerImpl::LoadAndApply() {
  const std::lock_guard applying(apply_mu_);
  CACHESCOPE_ASSIGN_OR_RETURN(const Config config, ReadConfig());
  CACHESCOPE_RETURN_IF_ERROR(Apply(config));
  reload_.at_ms = Clock::System().NowMs();
  return {};
}

Status ServerImpl::Reload() {
  const Status status = LoadAndApply();
  reload_.ok = status.ok();
  if (status.ok()) {
    LogInfo("configuration read again", {{"file", options_.config_file.empty() ? "none" : options_.config_file}});
  } else {
    LogError("cannot reload the configuration; the old one stays", {{"error", std::string(status.message())}});
  }
  return status;
}

std::vector<std::string> ServerImpl::caches() const {
  const std::lock_guard lock(mu_);
  return caches_;
}

std::string ServerImpl::ConfigText() const {
  const std::lock_guard lock(mu_);
  return config_text_;
}

// All but what needs the open store: AttachStore adds that.
std::shared_ptr<api::ApiContext> ServerImpl::MakeContext() {
  const Version version = ProgramVersion();
  auto context = std::make_shared<api::ApiContext>();
  context->engine = &engine_;
  context->storage = &store_;
  context->exemplars = exemplars_.get();
  context->write = options_.remote_write ? &write_ : nullptr;
  context->admin = options_.admin_api;
  context->external_labels = [this] {
    const std::lock_guard lock(mu_);
    return external_labels_;
  };
  context->rules = &alerting_.rules();
  if (!options_.read_only) {
    context->notifier = &alerting_.notifier();
    context->state = &alerting_.state();
    context->thresholds = &alerting_.thresholds();
  }
  context->alertmanagers = [this] {
    std::vector<std::string> out;
    for (const notify::ForwardStats& peer : alerting_.forwarder().Stats()) out.push_back(peer.url);
    return out;
  };
  context->alerting_config = [this] {
    const std::lock_guard lock(mu_);
    return alerts_text_;
  };
  context->scrape = &scrape_;
  context->clock = &Clock::System();
  context->cancel_queries = &cancel_queries_;
  context->build = {version.version, version.revision, version.build_date, "g++ " __VERSION__};
  context->started_at = started_at_;
  context->hostname = Hostname();
  context->flags = FlagsOf(options_);
  context->config_text = [this] { return ConfigText(); };
  context->reload = [this] { return Reload(); };
  context->ready = [this] {
    const std::lock_guard lock(mu_);
    return !stopping_;
  };
  context->metrics_text = [this] { return Text(registry_); };
  context->last_reload_ok = [this] { return reload_.ok.load(); };
  context->last_reload_at = [this] { return reload_.at_ms.load(); };
  context->dashboards = ShippedDashboards();
  for (const CatalogFile& file : CatalogFiles()) {
    if (file.name == "advice.md") context->advice.emplace_back(file.kind, file.text);
  }
  context->assets = PageAssets();
  context->retention = RetentionOf(options_);
  context->lifecycle = options_.lifecycle;
  return context;
}

void ServerImpl::AttachStore(api::ApiContext* context) {
  context->head = &store_.head();
  tsdb::Db* const db = store_.db();
  if (db == nullptr) return;
  if (options_.read_only) {
    const Status refusal = Unavailable("the store is read only (--read-only)");
    context->delete_series = [refusal](TimestampMs, TimestampMs, const std::vector<Matcher>&) { return refusal; };
    context->clean_tombstones = [refusal] { return refusal; };
    context->snapshot = [refusal](bool) -> Result<std::string> { return refusal; };
    return;
  }
  context->delete_series = [db](TimestampMs mint, TimestampMs maxt, const std::vector<Matcher>& matchers) {
    return db->DeleteSeries(mint, maxt, matchers).status();
  };
  context->clean_tombstones = [db] { return db->CleanTombstones().status(); };
  context->snapshot = [this](bool skip_head) { return store_.Snapshot(skip_head); };
}

// Requests are answered meanwhile: that the store is not open yet.
Status ServerImpl::OpenStore(const StorageConfig& config, api::ApiContext* context) {
  StoreOptions store = StoreOptionsOf(options_, config, exemplars_.get());
  store.report = [this](const tsdb::ReplayProgress& progress) { gate_.Report(progress); };
  if (const Status status = store_.Open(store); !status.ok()) {
    const bool unusable = status.code() == Code::kIoError || status.code() == Code::kNotFound;
    if (unusable) failure_ = StartFailure::kDirectory;
    return status;
  }
  AttachStore(context);
  return {};
}

Status ServerImpl::LockDirectory() {
  if (options_.storage_path.empty()) return {};
  auto lock =
      options_.read_only ? DirectoryLock::Share(options_.storage_path) : DirectoryLock::Acquire(options_.storage_path);
  if (!lock.ok()) {
    failure_ = lock.status().code() == Code::kUnavailable ? StartFailure::kLocked : StartFailure::kDirectory;
    return lock.status();
  }
  lock_ = std::move(*lock);
  if (OthersMayEnter(options_.storage_path)) {
    LogWarn("every user of this machine may read the data directory; chmod 700 keeps it to its owner",
            {{"path", options_.storage_path}});
  }
  return {};
}

Status ServerImpl::Run() {
  // The configuration is read first: its mistakes must show before a port or a directory is taken.
  CACHESCOPE_ASSIGN_OR_RETURN(const Config config, ReadConfig());
  if (const Status status = CheckExposure(options_); !status.ok()) {
    failure_ = StartFailure::kExposed;
    return status;
  }
  CACHESCOPE_RETURN_IF_ERROR(LockDirectory());
  CACHESCOPE_RETURN_IF_ERROR(alerting_.Open(options_.read_only ? "" : options_.storage_path));
  http::ServerOptions http_options;
  http_options.listen_address = options_.listen_address;
  http_options.worker_threads = options_.query_concurrency;
  http_ = http::Server::New(http_options);
  RegisterSelfMetrics(registry_, {&store_, &scrape_, &alerting_.rules(), &alerting_.notifier(), &alerting_.forwarder(),
                                  &reload_, &write_, exemplars_.get()});
  CACHESCOPE_ASSIGN_OR_RETURN(http::Server::Middleware cors, api::Cors(options_.cors_origin));
  http_->Use(gate_.Middleware());
  http_->Use(std::move(cors));
  http_->Use(api::OwnOriginOnly());
  http_->Use(MeasureRequests(registry_));
  const std::shared_ptr<api::ApiContext> context = MakeContext();
  api::RegisterAll(*http_, context);
  CACHESCOPE_RETURN_IF_ERROR(http_->Start());
  external_url_ = options_.external_url.empty() ? "http://" + http_->address() : options_.external_url;
  while (!external_url_.empty() && external_url_.back() == '/') external_url_.pop_back();
  CACHESCOPE_RETURN_IF_ERROR(OpenStore(config.storage, context.get()));
  CACHESCOPE_RETURN_IF_ERROR(LoadAndApply());
  gate_.Open();
  if (!options_.read_only) alerting_.Start();
  housekeeper_ = std::thread([this] { Housekeeping(); });
  return {};
}

void ServerImpl::Housekeeping() {
  std::unique_lock lock(mu_);
  while (!wake_.wait_for(lock, std::chrono::milliseconds(kHousekeepingMs), [this] { return stopping_; })) {
    lock.unlock();
    store_.Forget(Clock::System().NowMs());
    alerting_.Maintain();
    lock.lock();
  }
}

void ServerImpl::Stop(std::chrono::milliseconds grace) {
  if (stopped_) return;
  stopped_ = true;
  {
    const std::lock_guard lock(mu_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (housekeeper_.joinable()) housekeeper_.join();
  alerting_.StopRules();
  scrape_.Stop();
  alerting_.Stop(grace / 2);
  if (http_ != nullptr) StopHttp(grace / 2);
}

// Requests have half of the time to end by themselves; then their queries are told to give up.
void ServerImpl::StopHttp(std::chrono::milliseconds grace) {
  std::thread canceller([this, grace] {
    std::unique_lock lock(mu_);
    wake_.wait_for(lock, grace / 2, [this] { return http_stopped_; });
    cancel_queries_ = true;
  });
  http_->Stop(grace);
  {
    const std::lock_guard lock(mu_);
    http_stopped_ = true;
  }
  wake_.notify_all();
  canceller.join();
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(ServerOptions options, StartFailure* failure) {
  auto server = std::make_unique<ServerImpl>(std::move(options));
  if (const Status status = server->Run(); !status.ok()) {
    if (failure != nullptr) *failure = server->failure();
    return status;
  }
  return std::unique_ptr<Server>(std::move(server));
}

Version ProgramVersion() { return {CACHESCOPE_VERSION, CACHESCOPE_REVISION, __DATE__}; }

}  // namespace cachescope::app
