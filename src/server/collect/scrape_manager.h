// ScrapeManager runs a loop for every target and source: starts what is new, stops what is gone, leaves alone what did
// not change.
//
// It owns an io_context and its threads; samples go to the store from there. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/sample.h"
#include "server/collect/counters.h"
#include "server/collect/scrape_config.h"
#include "server/collect/source.h"
#include "server/collect/target.h"
#include "server/http/client.h"
#include "server/storage/appender.h"
#include "server/storage/exemplar_store.h"

namespace cachescope::collect {

struct ScrapeManagerOptions {
  int threads = 2;
  bool scrape_at_once = false;  // the first scrape of a new loop happens now instead of at its place in the interval
  std::string user_agent = "cachescope";
  const Clock* clock = &Clock::System();
  storage::ExemplarStore* exemplars = nullptr;  // not owned; null: exemplars are not kept
  std::chrono::milliseconds stop_grace{3000};   // Stop waits this long for running scrapes to notice
};

// Something that is not an HTTP page: a Redis, this host, this program. Shown as a target like the others.
struct SourceTarget {
  std::string job;
  std::string url;  // shown, and the identity within the job; without credentials
  Labels labels;    // beside `job`; `instance` defaults to what `url` names
  std::shared_ptr<Source> source;
  DurationMs interval = 15'000;
  DurationMs timeout = 10'000;
  SampleSettings settings;
  // Equal text: the same source; Apply then keeps the running one and drops the new object. Must cover every option of
  // the source.
  std::string fingerprint;
};

struct FamilyMetadata {
  std::string family;
  MetricMetadata metadata;
  Labels target_labels;
};

class ScrapeManager {
 public:
  // `store` and `client` must outlive the manager.
  ScrapeManager(ScrapeManagerOptions options, storage::Appendable* store, http::Client* client);
  ~ScrapeManager();  // stops
  ScrapeManager(const ScrapeManager&) = delete;
  ScrapeManager& operator=(const ScrapeManager&) = delete;

  // Makes this the whole of what is collected, besides what AddSource added. Loops whose target, source and settings
  // did not change go on; series of targets that are gone end with staleness markers. kCancelled after Stop,
  // kInvalidArgument for a source without url, job or interval, or with timeout > interval; then nothing changes.
  Status Apply(const std::vector<ScrapeConfig>& configs, std::vector<SourceTarget> sources = {});
  // Adds a source that stays through every Apply. The same errors; also when job and url are taken already.
  Status AddSource(SourceTarget source);
  // Ends all loops within about `stop_grace`, without staleness markers: a restart goes on where this ended.
  // Idempotent.
  void Stop();

  // Sorted by job, then URL.
  std::vector<TargetSnapshot> ActiveTargets() const;
  std::vector<DroppedTarget> DroppedTargets() const;
  // What targets say about families; `family` empty means all. At most `limit` entries, 0: all.
  std::vector<FamilyMetadata> Metadata(const std::string& family, std::size_t limit) const;
  const CollectCounters& counters() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cachescope::collect
