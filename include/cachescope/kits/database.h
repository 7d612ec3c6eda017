// DatabaseKit: what a program calls around the queries it sends to one database, to feed catalogue/database.h and the
// system's view of databases (system_database_*).
//
//   cachescope::kits::DatabaseKit kit(registry, {.component = "orders", .database_type = "postgresql"});
//   kit.RecordQuery("select", Outcome::kSuccess, seconds, rows);
//   kit.RecordError(DatabaseError::kConnection);
//   kit.SetPool(active, idle);
//
// Thread-safe; calls do not throw, lock or allocate, except at the first use of a kind of query: give kinds (select,
// insert, vector_search), not statements. Making a kit may throw std::bad_alloc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cachescope/catalogue/database.h"
#include "cachescope/catalogue/system.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/outcome_counters.h"

namespace cachescope::kits {

enum class DatabaseError : std::uint8_t { kConnection, kTimeout, kQuery, kConstraint, kOther };
inline constexpr std::size_t kDatabaseErrorCount = 5;
/// "connection", "timeout", "query", "constraint", "other".
constexpr std::string_view DatabaseErrorName(DatabaseError error) noexcept {
  constexpr std::string_view kNames[] = {"connection", "timeout", "query", "constraint", "other"};
  return kNames[static_cast<std::size_t>(error)];
}

struct DatabaseOptions {
  /// Part of the program that uses the database.
  std::string component = "application";
  /// "postgresql", "redis", "mysql", …
  std::string database_type = "postgresql";
  /// Most connections of the pool; 0 if there is no limit.
  double pool_limit = 0;
  KitOptions kit = {};
};

class DatabaseKit {
 public:
  explicit DatabaseKit(Registry& registry, const DatabaseOptions& options = {});

  void RecordQuery(std::string_view query_type, Outcome outcome, double seconds, std::uint64_t rows = 0) noexcept;
  void RecordError(DatabaseError error) const noexcept {
    errors_[static_cast<std::size_t>(error)].Increment();
    system_errors_[static_cast<std::size_t>(error)].Increment();
  }
  /// Most connections the pool may open from now on.
  void SetPoolLimit(double connections) const noexcept { pool_limit_.Set(connections); }
  /// Time from asking the pool for a connection to having it.
  void RecordPoolWait(double seconds) const noexcept { pool_wait_.Record(seconds); }
  void SetPool(double active, double idle) const noexcept {
    active_.Set(active);
    idle_.Set(idle);
    connections_.Set(active + idle);
    system_connections_.Set(active + idle);
  }

 private:
  struct Query {
    OutcomeCounters operations = {};
    Histogram time = {};
    Histogram system_time = {};
    Histogram rows = {};
  };

  const DatabaseOptions options_;
  const catalogue::DatabaseMetrics metrics_;
  const catalogue::Family<catalogue::kSystemRows, "system_database_query_time_seconds"> system_time_;
  Counter errors_[kDatabaseErrorCount];
  Counter system_errors_[kDatabaseErrorCount];
  Gauge connections_, active_, idle_, pool_limit_, system_connections_;
  Histogram pool_wait_;
  BoundedHandles<Query> queries_;
};

}  // namespace cachescope::kits
