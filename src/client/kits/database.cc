#include "cachescope/kits/database.h"

namespace cachescope::kits {

using catalogue::Family;
using catalogue::FamilySet;
using catalogue::kSystemRows;

DatabaseKit::DatabaseKit(Registry& registry, const DatabaseOptions& options)
    : options_(options),
      metrics_(registry),
      system_time_(FamilySet(registry)),
      queries_(registry, "query_type", options.kit.max_values) {
  const FamilySet system(registry);
  const Family<kSystemRows, "system_database_errors_total"> system_errors(system);
  const std::string& type = options_.database_type;
  for (std::size_t i = 0; i < kDatabaseErrorCount; ++i) {
    const std::string_view error = DatabaseErrorName(static_cast<DatabaseError>(i));
    errors_[i] = metrics_.errors.With(type, error);
    system_errors_[i] = system_errors.With(options_.component, type, error);
  }
  connections_ = metrics_.connections.With(type);
  active_ = metrics_.pool_connections.With(type, "active");
  idle_ = metrics_.pool_connections.With(type, "idle");
  system_connections_ = Family<kSystemRows, "system_database_connections">(system).With(options_.component, type);
  pool_wait_ = metrics_.pool_wait.With(type);
  pool_limit_ = metrics_.pool_limit.With(type);
  SetPoolLimit(options_.pool_limit);
}

void DatabaseKit::RecordQuery(std::string_view query_type, Outcome outcome, double seconds,
                              std::uint64_t rows) noexcept {
  const Query& query = queries_.For(query_type, [&](std::string_view text) {
    const std::string& type = options_.database_type;
    return Query{OutcomeCounters(metrics_.operations, type, text), metrics_.query_time.With(type, text),
                 system_time_.With(options_.component, type, text), metrics_.rows.With(type, text)};
  });
  query.operations.Increment(outcome);
  query.time.Record(seconds);
  query.system_time.Record(seconds);
  if (outcome == Outcome::kSuccess) query.rows.Record(static_cast<double>(rows));
}

}  // namespace cachescope::kits
