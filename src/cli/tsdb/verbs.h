// The verbs of `cachescope tsdb`, each a function that returns the exit code, and what they share.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/env.h"
#include "cli/arguments.h"
#include "cli/progress.h"
#include "model/matcher.h"
#include "server/app/directory_lock.h"
#include "server/storage/tsdb/block/block_writer.h"
#include "server/storage/tsdb/db/db.h"
#include "server/storage/tsdb/offline/damage.h"

namespace cachescope::cli {

int TsdbList(const Arguments& arguments);
int TsdbInspect(const Arguments& arguments);
int TsdbVerify(const Arguments& arguments);
int TsdbDump(const Arguments& arguments);
int TsdbRepair(const Arguments& arguments);
int TsdbConvert(const Arguments& arguments);
int TsdbDelete(const Arguments& arguments);
int TsdbImport(const Arguments& arguments);
int TsdbBackup(const Arguments& arguments);
int TsdbRestore(const Arguments& arguments);

using Json = nlohmann::ordered_json;

// Prints the error and returns the exit code that goes with it.
int Fail(const Status& status);
// The same for a directory that OpenForWriting refused.
int FailToOpen(const Status& status);
void PrintJson(const Json& json);
Json DamageJson(const std::vector<tsdb::Damage>& damages);

// Where the metrics of a data directory are. kNotFound: it has none.
Result<std::string> MetricsOf(const std::string& directory);

// The right to change a data directory, held as long as the object lives.
struct WriteAccess {
  app::DirectoryLock lock;
  std::string metrics;
};
// `fresh`: a directory without metrics is fine and is made. kUnavailable names who holds it.
Result<WriteAccess> OpenForWriting(const std::string& directory, bool fresh = false);
// The same, or with `dry_run` no more than where the metrics are, and no lock.
Result<WriteAccess> OpenToChange(const std::string& directory, bool dry_run);
// The store in a metrics directory, maintained by nobody; `progress` shows how far its log is read. Errors: Db::Open's.
Result<std::unique_ptr<tsdb::Db>> OpenStore(const std::string& metrics, bool read_only, Progress* progress);
// Who runs on the directory, "" when nobody does.
std::string HolderOf(const std::string& directory);

// Unix milliseconds or RFC 3339; `fallback` for an empty text.
Result<TimestampMs> ParseWhen(const std::string& option, const std::string& text, TimestampMs fallback);
// --match, --min-time and --max-time. Without --match: everything, one empty set.
struct Selection {
  std::vector<std::vector<Matcher>> matchers;
  TimestampMs mint = INT64_MIN;
  TimestampMs maxt = INT64_MAX;
};
Result<Selection> SelectionOf(const TsdbArguments& arguments);

tsdb::FloatEncoding EncodingNamed(const std::string& name);
// "2026-01-01 02:00:00 UTC".
std::string DateText(TimestampMs t);
// "1 block", "3 blocks"; "series" is its own plural.
std::string Count(std::uint64_t number, const std::string& noun);
// "2h0m0s", as promtool writes it.
std::string DurationText(DurationMs duration);

}  // namespace cachescope::cli
