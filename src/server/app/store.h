// The metric store of the daemon: on disk where it has a data directory, in memory otherwise. Everything but Open may
// be called by any thread, once Open has succeeded.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/config_node.h"
#include "server/storage/exemplar_store.h"
#include "server/storage/tsdb/db/db.h"

namespace cachescope::app {

// The `storage:` section: what a prometheus.yml has there, and ours.
struct StorageConfig {
  DurationMs out_of_order_window = 30 * 60 * 1000;  // tsdb.out_of_order_time_window
  DurationMs retention_time = 0;                    // tsdb.retention.time; 0: as the flag says
  std::uint64_t retention_bytes = 0;                // tsdb.retention.size; 0: as the flag says
  tsdb::WalSync wal_sync = tsdb::WalSync::kInterval;
  DurationMs wal_sync_interval = 1000;
  std::uint64_t min_free = tsdb::DbOptions::kDefaultMinFree;    // bytes
  tsdb::FloatEncoding encoding = tsdb::FloatEncoding::kPacked;  // metrics.chunk_encoding
  bool operator==(const StorageConfig&) const = default;
};

// kInvalidArgument with file, line and column.
Result<StorageConfig> ParseStorageConfig(const ConfigNode& node);

struct StoreOptions {
  std::string path;  // of the data directory; empty: in memory
  std::size_t max_series = 0;
  DurationMs retention_time = 0;      // 0: for ever
  std::uint64_t retention_bytes = 0;  // 0: no limit
  StorageConfig config;
  bool read_only = false;                       // nothing changes on disk; samples are refused
  storage::ExemplarStore* exemplars = nullptr;  // not owned
  // While Open reads the log, after each segment of it.
  std::function<void(const tsdb::ReplayProgress&)> report;
};

class Store final : public storage::Storage {
 public:
  // Brings back what is on disk. Errors: those of Db::Open.
  Status Open(const StoreOptions& options);
  std::unique_ptr<storage::Appender> NewAppender() override { return storage_->NewAppender(); }
  std::unique_ptr<storage::Querier> NewQuerier(TimestampMs mint, TimestampMs maxt) override {
    return storage_->NewQuerier(mint, maxt);
  }
  tsdb::Head& head() const noexcept { return *head_; }
  // Null in memory.
  tsdb::Db* db() const noexcept { return db_.get(); }
  // In memory: forgets what is older than the retention time. On disk the store does that itself.
  void Forget(TimestampMs now);
  // Copies the store as it is now to `path`/snapshots/NAME and returns the name, as upstream does. kUnavailable in
  // memory.
  Result<std::string> Snapshot(bool skip_head);

 private:
  StoreOptions options_;
  TimestampMs opened_at_ = 0;
  std::unique_ptr<tsdb::Db> db_;
  std::unique_ptr<tsdb::Head> memory_;
  tsdb::Head* head_ = nullptr;
  storage::Storage* storage_ = nullptr;
};

}  // namespace cachescope::app
