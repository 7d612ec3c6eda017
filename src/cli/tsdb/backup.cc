// `cachescope tsdb backup` and `restore`.
#include "server/storage/tsdb/block/backup.h"

#include <iostream>

#include "cli/progress.h"
#include "cli/tsdb/verbs.h"
#include "server/http/client.h"
#include "server/storage/tsdb/db/db.h"
#include "server/storage/tsdb/offline/verify.h"

namespace cachescope::cli {
namespace {

constexpr std::chrono::milliseconds kSnapshotTimeout{600'000};

struct Copied {
  tsdb::BackupReport report;
  std::vector<std::string> left_out;  // what of the source could not be read
};

// Blocks and what is in the log, as blocks, of a store nobody writes.
Result<Copied> CopyStore(const std::string& metrics, const std::string& destination, Progress* progress) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<tsdb::Db> db, OpenStore(metrics, true, progress));
  Copied out;
  for (const tsdb::AbsentBlock& absent : db->blocks().absent()) {
    out.left_out.push_back("block " + absent.ulid + ": " + absent.reason);
  }
  const tsdb::DbStats stats = db->stats();
  out.left_out.insert(out.left_out.end(), stats.replay.damage.begin(), stats.replay.damage.end());
  CACHESCOPE_ASSIGN_OR_RETURN(out.report, db->Backup(destination, true));
  return out;
}

// An empty directory, or none; a lock in it does not count.
Status CheckEmpty(const std::string& directory, const char* verb) {
  if (!Env::Posix().Exists(directory)) return {};
  CACHESCOPE_ASSIGN_OR_RETURN(const auto entries, Env::Posix().List(directory));
  for (const DirectoryEntry& entry : entries) {
    if (entry.name == "lock" && !entry.is_directory) continue;
    return InvalidArgument(std::string("cannot ") + verb + " to " + directory + ": it is not empty (" + entry.name +
                           "); name an empty or a new directory");
  }
  return {};
}

int Report(const Arguments& arguments, const Copied& copied, const std::string& destination, const char* done) {
  for (const std::string& one : copied.left_out) std::cerr << "warning: left out: " << one << "\n";
  if (arguments.json) {
    PrintJson({{"destination", destination},
               {"blocks", copied.report.blocks},
               {"bytes", copied.report.bytes},
               {"linked_files", copied.report.linked_files},
               {"copied_files", copied.report.copied_files},
               {"left_out", copied.left_out}});
  } else {
    std::cout << done << " " << Count(copied.report.blocks, "block") << ", " << HumanBytes(copied.report.bytes) << " ("
              << copied.report.linked_files << " files linked, " << copied.report.copied_files << " copied) in "
              << destination << "\n";
  }
  return copied.left_out.empty() ? kOk : kAnswerBad;
}

// The name of a snapshot the daemon has just made.
Result<std::string> TakeSnapshot(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  if (url.find("://") == std::string::npos) url = "http://" + url;
  http::ClientRequest request;
  request.method = "POST";
  request.url = url + "/api/v1/admin/tsdb/snapshot";
  request.timeout = kSnapshotTimeout;
  CACHESCOPE_ASSIGN_OR_RETURN(const http::Response response, http::FetchBlocking(std::move(request)));
  const Json body = Json::parse(response.body, nullptr, false);
  if (body.is_object() && body.value("status", "") == "success" && body.contains("data") &&
      body["data"].value("name", "") != "") {
    const std::string name = body["data"]["name"];
    if (name.find('/') == std::string::npos && name != "..") return name;
  }
  const std::string cause =
      body.is_object() ? body.value("error", "it answered nothing of use") : "it answered no Prometheus API document";
  const bool off = cause.find("admin APIs disabled") != std::string::npos;
  return Unavailable("cannot take a snapshot of " + url + ": " + cause +
                     (off ? "; start the daemon with --web.enable-admin-api" : ""));
}

int BackupRunning(const Arguments& arguments, const std::string& directory, const std::string& destination) {
  Env& env = Env::Posix();
  if (!env.Exists(directory)) {
    return Fail(NotFound("cannot back up " + directory +
                         ": there is no such directory here; this verb runs on the daemon's machine"));
  }
  const auto name = TakeSnapshot(arguments.tsdb.url);
  if (!name.ok()) return Fail(name.status());
  const std::string snapshot = JoinPath(JoinPath(directory, "snapshots"), *name);
  if (!env.Exists(snapshot)) {
    return Fail(NotFound("cannot find snapshot " + *name + " in " + directory + ": the daemon at " +
                         arguments.tsdb.url + " runs on another directory"));
  }
  const auto set = tsdb::BlockSet::Open(env, snapshot, true);
  if (!set.ok()) return Fail(set.status());
  Copied copied;
  auto report = tsdb::BackupBlocks(**set, destination);
  if (!report.ok()) return Fail(report.status());
  copied.report = *report;
  if (const Status status = env.RemoveAll(snapshot); !status.ok()) {
    std::cerr << "warning: the snapshot the backup was made of stays: " << status.message() << "\n";
  }
  return Report(arguments, copied, destination, "backed up");
}

}  // namespace

int TsdbBackup(const Arguments& arguments) {
  const std::vector<std::string>& paths = arguments.tsdb.paths;
  const std::string directory = paths.size() > 1 ? paths[0] : "data";
  const std::string& destination = paths.back();
  if (const Status status = CheckEmpty(destination, "back up"); !status.ok()) return Fail(status);
  if (!arguments.tsdb.url.empty()) return BackupRunning(arguments, directory, destination);
  const auto access = OpenForWriting(directory);
  if (!access.ok()) {
    const bool held = access.status().code() == Code::kUnavailable;
    return FailToOpen(held ? Unavailable(std::string(access.status().message()) +
                                         ", or back up through the daemon with --url ADDRESS")
                           : access.status());
  }
  Progress progress("reading the log");
  const auto copied = CopyStore(access->metrics, destination, &progress);
  progress.Clear();
  if (!copied.ok()) return Fail(copied.status());
  return Report(arguments, *copied, destination, "backed up");
}

int TsdbRestore(const Arguments& arguments) {
  Env& env = Env::Posix();
  const std::string& directory = arguments.tsdb.directory;
  const auto source = MetricsOf(arguments.tsdb.file);
  if (!source.ok()) return Fail(source.status());
  if (const Status status = CheckEmpty(directory, "restore"); !status.ok()) return Fail(status);
  if (const std::string holder = HolderOf(arguments.tsdb.file); !holder.empty()) {
    return FailToOpen(Unavailable("cannot restore from " + arguments.tsdb.file + ": " + holder +
                                  " runs on it; make a backup of it first"));
  }
  Progress progress("verifying");
  tsdb::VerifyOptions options;
  options.report = [&](const tsdb::VerifyProgress& at) { progress.Show(at.bytes_done, at.bytes, "bytes"); };
  const auto found = tsdb::VerifyDirectory(env, *source, options);
  progress.Clear();
  if (!found.ok()) return Fail(found.status());
  if (found->damage_count > 0) {
    for (const tsdb::Damage& damage : found->damages) std::cerr << "damaged: " << damage.ToString() << "\n";
    std::cerr << "cachescope: cannot restore from " << arguments.tsdb.file
              << ": it is damaged; `cachescope tsdb repair` a copy of it first\n";
    return kAnswerBad;
  }
  const auto access = OpenForWriting(directory, true);
  if (!access.ok()) return FailToOpen(access.status());
  // Under another name until it is whole.
  const std::string metrics = JoinPath(directory, "metrics");
  const std::string fresh = metrics + ".tmp";
  progress.Rename("reading the log");
  const auto copied = CopyStore(*source, fresh, &progress);
  progress.Clear();
  Status status = copied.status();
  if (status.ok()) status = env.Rename(fresh, metrics);
  if (status.ok()) status = env.SyncDirectory(directory);
  if (!status.ok()) {
    (void)env.RemoveAll(fresh);
    return Fail(status);
  }
  return Report(arguments, *copied, directory, "restored");
}

}  // namespace cachescope::cli
