#include "server/collect/scrape_manager.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <map>
#include <optional>
#include <thread>
#include <unordered_set>

#include "base/log.h"
#include "server/collect/page_source.h"
#include "server/collect/scrape_loop.h"

namespace cachescope::collect {
namespace {

namespace asio = boost::asio;

// Stands in for the page of every target of a job that has too many of them.
class RefusedSource final : public Source {
 public:
  explicit RefusedSource(std::string reason) : reason_(std::move(reason)) {}
  asio::awaitable<Status> Collect(std::chrono::milliseconds, SampleSink&) override { co_return LimitExceeded(reason_); }

 private:
  const std::string reason_;
};

// One loop to be: its key names everything that would make it a different one.
struct Planned {
  std::string key;
  TargetSpec spec;
  SampleSettings settings;
  std::function<std::shared_ptr<Source>()> make_source;
};

std::string KeyOf(const TargetSpec& spec, const std::string& settings) {
  std::string key;
  for (const std::string& part : {spec.job, spec.url, spec.labels.bytes(), spec.discovered.bytes(),
                                  std::to_string(spec.interval), std::to_string(spec.timeout), settings}) {
    key += std::to_string(part.size()) + ":" + part;
  }
  return key;
}

// "redis://127.0.0.1:6379/0" → "127.0.0.1:6379"; a path stays whole.
std::string InstanceOf(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const std::string rest = url.substr(scheme + 3);
  if (rest.empty() || rest.front() == '/') return rest.empty() ? url : rest;
  return rest.substr(0, rest.find_first_of("/?"));
}

Result<Planned> PlanSource(SourceTarget source) {
  if (source.source == nullptr || source.job.empty() || source.url.empty())
    return InvalidArgument("cannot collect: source without job or url");
  if (source.interval <= 0 || source.timeout <= 0 || source.timeout > source.interval) {
    return InvalidArgument("cannot collect " + source.url + ": timeout must be above 0 and at most the interval");
  }
  Planned out;
  LabelsBuilder labels(source.labels);
  labels.Set("job", source.job);
  if (labels.Get("instance").empty()) labels.Set("instance", InstanceOf(source.url));
  out.spec.job = source.job;
  out.spec.url = source.url;
  out.spec.labels = labels.Build();
  out.spec.discovered = labels.Set("__address__", InstanceOf(source.url)).Build();
  out.spec.interval = source.interval;
  out.spec.timeout = source.timeout;
  out.key = KeyOf(out.spec, FingerprintOf(source.settings) + source.fingerprint);
  out.settings = std::move(source.settings);
  out.make_source = [made = std::move(source.source)] { return made; };
  return out;
}

}  // namespace

struct ScrapeManager::Impl {
  Impl(ScrapeManagerOptions o, storage::Appendable* s, http::Client* c)
      : options(std::move(o)), store(s), client(c), work(asio::make_work_guard(context)) {
    for (int i = 0; i < std::max(1, options.threads); ++i) {
      threads.emplace_back([this] { RunThread(); });
    }
  }

  void RunThread() {
    while (!context.stopped()) {
      try {
        context.run();
      } catch (const std::exception& error) {
        LogError("unexpected exception while scraping", {{"error", error.what()}});
      }
    }
  }

  void PlanPages(const ScrapeConfig& config, std::vector<Planned>* out, std::vector<DroppedTarget>* dropped_out) {
    BuiltTargets built = BuildTargets(config);
    for (const std::string& error : built.errors) LogWarn(error);
    dropped_out->insert(dropped_out->end(), built.dropped.begin(), built.dropped.end());
    const auto count = static_cast<std::int64_t>(built.active.size());
    const std::int64_t limit = config.samples.limits.targets;
    std::string refused;
    if (limit > 0 && count > limit) {
      refused = "target_limit exceeded: " + std::to_string(count) + " targets, limit " + std::to_string(limit);
    }
    const auto configured = std::make_shared<http::ConfiguredClient>(client, config.http);
    for (TargetSpec& spec : built.active) {
      Planned planned;
      planned.key = KeyOf(spec, FingerprintOf(config.samples) + http::FingerprintOf(config.http) + refused);
      planned.settings = config.samples;
      PageSource::Options page{spec.url, config.http.enable_compression, config.samples.limits.body_bytes,
                               options.user_agent};
      planned.make_source = [configured, page = std::move(page), refused]() -> std::shared_ptr<Source> {
        if (!refused.empty()) return std::make_shared<RefusedSource>(refused);
        return std::make_shared<PageSource>(page, configured);
      };
      planned.spec = std::move(spec);
      out->push_back(std::move(planned));
    }
  }

  // REQUIRES: mutex held.
  void StartLoop(const Planned& planned) {
    ScrapeLoopParts parts;
    parts.target = std::make_shared<Target>(planned.spec);
    parts.source = planned.make_source();
    parts.settings = planned.settings;
    parts.store = store;
    parts.clock = options.clock;
    parts.counters = &counters;
    parts.exemplars = options.exemplars;
    parts.scrape_at_once = options.scrape_at_once;
    auto loop = std::make_shared<ScrapeLoop>(std::move(parts), context);
    loops.emplace(planned.key, loop);
    {
      const std::lock_guard lock(running_mutex);
      ++running;
    }
    loop->Start([this] {
      const std::lock_guard lock(running_mutex);
      --running;
      all_done.notify_all();
    });
  }

  void Replace(const std::vector<Planned>& planned) {
    std::unordered_set<std::string> keys;
    std::unordered_set<std::string> series;  // label sets that live on, under whichever loop
    for (const Planned& p : planned) {
      keys.insert(p.key);
      series.insert(p.spec.labels.bytes());
    }
    for (auto it = loops.begin(); it != loops.end();) {
      if (keys.contains(it->first)) {
        ++it;
        continue;
      }
      it->second->Stop(!series.contains(it->second->target().spec().labels.bytes()));
      it = loops.erase(it);
    }
    for (const Planned& p : planned) {
      if (!loops.contains(p.key)) StartLoop(p);
    }
  }

  const ScrapeManagerOptions options;
  storage::Appendable* const store;
  http::Client* const client;
  CollectCounters counters;

  mutable std::mutex mutex;
  bool stopped = false;
  std::map<std::string, std::shared_ptr<ScrapeLoop>> loops;
  std::vector<Planned> pinned;
  std::vector<DroppedTarget> dropped;

  std::mutex running_mutex;
  std::condition_variable all_done;
  int running = 0;

  // Last, so that coroutine frames die before what they use.
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::vector<std::thread> threads;
};

ScrapeManager::ScrapeManager(ScrapeManagerOptions options, storage::Appendable* store, http::Client* client)
    : impl_(std::make_unique<Impl>(std::move(options), store, client)) {}

ScrapeManager::~ScrapeManager() {
  Stop();
  impl_->loops.clear();  // their strands refer to the context
}

Status ScrapeManager::Apply(const std::vector<ScrapeConfig>& configs, std::vector<SourceTarget> sources) {
  std::vector<Planned> planned;
  std::vector<DroppedTarget> dropped;
  for (SourceTarget& source : sources) {
    CACHESCOPE_ASSIGN_OR_RETURN(Planned plan, PlanSource(std::move(source)));
    planned.push_back(std::move(plan));
  }
  for (const ScrapeConfig& config : configs) impl_->PlanPages(config, &planned, &dropped);
  const std::lock_guard lock(impl_->mutex);
  if (impl_->stopped) return {Code::kCancelled, "cannot apply the scrape configuration: stopped"};
  planned.insert(planned.end(), impl_->pinned.begin(), impl_->pinned.end());
  impl_->Replace(planned);
  impl_->dropped = std::move(dropped);
  return {};
}

Status ScrapeManager::AddSource(SourceTarget source) {
  CACHESCOPE_ASSIGN_OR_RETURN(Planned plan, PlanSource(std::move(source)));
  const std::lock_guard lock(impl_->mutex);
  if (impl_->stopped) return {Code::kCancelled, "cannot add a source: stopped"};
  for (const auto& [key, loop] : impl_->loops) {
    const TargetSpec& spec = loop->target().spec();
    if (spec.job == plan.spec.job && spec.url == plan.spec.url) {
      return InvalidArgument("cannot add source " + spec.url + ": job " + spec.job + " has it already");
    }
  }
  impl_->StartLoop(plan);
  impl_->pinned.push_back(std::move(plan));
  return {};
}

void ScrapeManager::Stop() {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->stopped) return;
    impl_->stopped = true;
    for (const auto& [key, loop] : impl_->loops) loop->Stop(false);
  }
  {
    std::unique_lock lock(impl_->running_mutex);
    impl_->all_done.wait_for(lock, impl_->options.stop_grace, [this] { return impl_->running == 0; });
  }
  impl_->work.reset();
  impl_->context.stop();
  for (std::thread& thread : impl_->threads) thread.join();
}

std::vector<TargetSnapshot> ScrapeManager::ActiveTargets() const {
  std::vector<TargetSnapshot> out;
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [key, loop] : impl_->loops) out.push_back(loop->target().Snapshot());
  }
  std::sort(out.begin(), out.end(), [](const TargetSnapshot& a, const TargetSnapshot& b) {
    return std::tie(a.spec.job, a.spec.url) < std::tie(b.spec.job, b.spec.url);
  });
  return out;
}

std::vector<DroppedTarget> ScrapeManager::DroppedTargets() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->dropped;
}

std::vector<FamilyMetadata> ScrapeManager::Metadata(const std::string& family, std::size_t limit) const {
  std::vector<FamilyMetadata> out;
  const std::lock_guard lock(impl_->mutex);
  for (const auto& [key, loop] : impl_->loops) {
    const Target& target = loop->target();
    if (!family.empty()) {
      FamilyMetadata one{family, {}, target.spec().labels};
      if (target.metadata().Get(family, &one.metadata)) out.push_back(std::move(one));
    } else {
      for (auto& [name, metadata] : target.metadata().All())
        out.push_back({name, std::move(metadata), target.spec().labels});
    }
    if (limit > 0 && out.size() >= limit) {
      out.resize(limit);
      break;
    }
  }
  return out;
}

const CollectCounters& ScrapeManager::counters() const noexcept { return impl_->counters; }

}  // namespace cachescope::collect
