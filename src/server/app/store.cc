#include "server/app/store.h"

#include <chrono>
#include <ctime>
#include <random>

#include "base/log.h"
#include "server/app/data_directory.h"

namespace cachescope::app {
namespace {

constexpr std::chrono::seconds kReportEvery(1);

tsdb::HeadOptions HeadOptionsOf(const StoreOptions& options) {
  tsdb::HeadOptions out;
  out.max_series = options.max_series;
  out.out_of_order_window = options.config.out_of_order_window;
  return out;
}

// Replaying a large log takes a while: a line a second says how far it is.
class ReplayReport {
 public:
  void operator()(const tsdb::ReplayProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < kReportEvery) return;
    last_ = now;
    LogInfo("reading the log",
            {{"segments", std::to_string(progress.segments_done)}, {"of", std::to_string(progress.segments)}});
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

void LogOpened(const tsdb::DbStats& stats) {
  LogInfo("store opened", {{"blocks", std::to_string(stats.blocks.blocks)},
                           {"series", std::to_string(stats.head.series)},
                           {"log_samples", std::to_string(stats.replay.samples)},
                           {"milliseconds", std::to_string(stats.replay_ms)}});
}

// "20261121T141503Z-5f0c2a917be44d08".
std::string SnapshotName(TimestampMs now) {
  const auto seconds = static_cast<std::time_t>(now / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  std::random_device random;
  const auto number = static_cast<unsigned long long>(random()) << 32 | random();
  const std::size_t size = std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
  std::snprintf(text + size, sizeof text - size, "-%016llx", number);
  return text;
}

Status ReadWalSync(const ConfigNode& node, StorageConfig* out) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, node.AsString());
  if (text == "always" || text == "never") {
    out->wal_sync = text == "always" ? tsdb::WalSync::kAlways : tsdb::WalSync::kNever;
    return {};
  }
  const auto interval = node.AsDuration();
  if (!interval.ok() || *interval <= 0) return node.Error("expected \"always\", \"never\" or a time like 1s");
  out->wal_sync = tsdb::WalSync::kInterval;
  out->wal_sync_interval = *interval;
  return {};
}

Status ReadEncoding(const ConfigNode& node, StorageConfig* out) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, node.AsString());
  if (text != "xor" && text != "packed") return node.Error("expected \"packed\" or \"xor\"");
  out->encoding = text == "xor" ? tsdb::FloatEncoding::kXor : tsdb::FloatEncoding::kPacked;
  return {};
}

}  // namespace

Result<StorageConfig> ParseStorageConfig(const ConfigNode& node) {
  StorageConfig out;
  const auto retention = [&](const ConfigNode& n) {
    return MappingReader(n, "storage.tsdb.retention")
        .Duration("time", &out.retention_time)
        .Bytes("size", &out.retention_bytes)
        .Finish();
  };
  CACHESCOPE_RETURN_IF_ERROR(MappingReader(node, "storage")
                                 .Node("tsdb",
                                       [&](const ConfigNode& n) {
                                         return MappingReader(n, "storage.tsdb")
                                             .Duration("out_of_order_time_window", &out.out_of_order_window)
                                             .Node("retention", retention)
                                             .Finish();
                                       })
                                 .Node("metrics",
                                       [&](const ConfigNode& n) {
                                         return MappingReader(n, "storage.metrics")
                                             .Node("chunk_encoding",
                                                   [&](const ConfigNode& e) { return ReadEncoding(e, &out); })
                                             .Finish();
                                       })
                                 .Node("wal_sync", [&](const ConfigNode& n) { return ReadWalSync(n, &out); })
                                 .Bytes("min_free", &out.min_free)
                                 // The ring of exemplars has its size from a flag.
                                 .Allow("exemplars")
                                 .Finish());
  if (out.out_of_order_window < 0) return node.Error("out_of_order_time_window must not be negative");
  return out;
}

Status Store::Open(const StoreOptions& options) {
  options_ = options;
  opened_at_ = Clock::System().NowMs();
  if (options.path.empty()) {
    memory_ = std::make_unique<tsdb::Head>(HeadOptionsOf(options));
    head_ = memory_.get();
    storage_ = memory_.get();
    return {};
  }
  const StorageConfig& config = options.config;
  tsdb::DbOptions db;
  db.head = HeadOptionsOf(options);
  db.retention.time = config.retention_time != 0 ? config.retention_time : options.retention_time;
  db.retention.bytes = config.retention_bytes != 0 ? config.retention_bytes : options.retention_bytes;
  db.encoding = config.encoding;
  db.log.sync = config.wal_sync;
  db.log.interval = config.wal_sync_interval;
  db.min_free = config.min_free;
  db.exemplars = options.exemplars;
  db.read_only = options.read_only;
  if (db.read_only && !HoldsMetrics(*db.env, options.path)) {
    return NotFound("cannot use data directory " + options.path +
                    ": it holds neither blocks nor a log, and nothing is made with --read-only");
  }
  db.report = [log = ReplayReport(), report = options.report](const tsdb::ReplayProgress& progress) mutable {
    log(progress);
    if (report) report(progress);
  };
  CACHESCOPE_ASSIGN_OR_RETURN(db_, tsdb::Db::Open(MetricsDirectory(*db.env, options.path), db));
  head_ = &db_->head();
  storage_ = db_.get();
  LogOpened(db_->stats());
  return {};
}

// What is here cannot have been here longer than the program has run: an empty store takes samples of any age, from a
// backfill for example, and keeps them as long as others.
void Store::Forget(TimestampMs now) {
  const DurationMs retention = options_.retention_time;
  if (memory_ != nullptr && retention > 0 && now - opened_at_ >= retention) head_->Truncate(now - retention);
}

Result<std::string> Store::Snapshot(bool skip_head) {
  if (db_ == nullptr) return Unavailable("cannot take a snapshot: this store is in memory");
  const std::string name = SnapshotName(Clock::System().NowMs());
  CACHESCOPE_RETURN_IF_ERROR(db_->Backup(JoinPath(JoinPath(options_.path, "snapshots"), name), !skip_head).status());
  return name;
}

}  // namespace cachescope::app
