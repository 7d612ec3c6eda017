// A target: what is scraped, and what is known about its last scrape.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/labels.h"
#include "server/collect/metadata_store.h"
#include "server/collect/scrape_config.h"

namespace cachescope::collect {

enum class TargetHealth : unsigned char { kUnknown, kUp, kDown };
std::string_view TargetHealthName(TargetHealth health) noexcept;  // "unknown", "up", "down"

// Never changes while its loop runs.
struct TargetSpec {
  std::string job;    // the scrape pool: job_name of the configuration
  Labels discovered;  // before relabelling, __address__ and its kin included
  Labels labels;      // attached to every sample
  std::string url;    // what is asked, without credentials
  DurationMs interval = 60'000;
  DurationMs timeout = 10'000;
};

struct TargetSnapshot {
  TargetSpec spec;
  TargetHealth health = TargetHealth::kUnknown;
  std::string last_error;       // empty when up or not scraped yet
  TimestampMs last_scrape = 0;  // 0: never
  double last_duration_seconds = 0;
  std::int64_t last_samples = 0;  // scraped, before metric relabelling
};

struct DroppedTarget {
  std::string job;
  Labels discovered;
};

// Thread-safe.
class Target {
 public:
  explicit Target(TargetSpec spec) : spec_(std::move(spec)) {}

  const TargetSpec& spec() const noexcept { return spec_; }
  TargetSnapshot Snapshot() const;
  // After each scrape; `error` empty means up.
  void Report(TimestampMs at, double duration_seconds, std::int64_t samples, std::string_view error);
  MetadataStore& metadata() noexcept { return metadata_; }
  const MetadataStore& metadata() const noexcept { return metadata_; }

 private:
  const TargetSpec spec_;
  MetadataStore metadata_;
  mutable std::mutex mutex_;
  TargetHealth health_ = TargetHealth::kUnknown;
  std::string last_error_;
  TimestampMs last_scrape_ = 0;
  double last_duration_seconds_ = 0;
  std::int64_t last_samples_ = 0;
};

struct BuiltTargets {
  std::vector<TargetSpec> active;  // unique by labels and URL
  std::vector<DroppedTarget> dropped;
  std::vector<std::string> errors;  // targets that make no sense after relabelling, for the log
};

// The targets of a job's static groups after relabelling, as upstream builds them. Pure.
BuiltTargets BuildTargets(const ScrapeConfig& config);

}  // namespace cachescope::collect
