#include "server/storage/state/sqlite_state_store.h"

#include <cstdio>
#include <mutex>

#include "server/storage/state/sqlite_database.h"

namespace cachescope::state {
namespace {

using storage::EventFilter;
using storage::StateEvent;
using storage::StateRow;

constexpr std::int64_t kSchemaVersion = 1;
constexpr const char* kSchema =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS state(kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
    " updated_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY(kind, key)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS event(id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL,"
    " subject TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS event_at ON event(at);"
    "CREATE INDEX IF NOT EXISTS event_subject ON event(subject, id);"
    "CREATE INDEX IF NOT EXISTS event_name ON event(name, id);"
    "PRAGMA user_version=1;"
    "COMMIT;";

class SqliteStateStore final : public storage::StateStore {
 public:
  static Result<std::unique_ptr<storage::StateStore>> Open(const std::string& path) {
    auto out = std::make_unique<SqliteStateStore>();
    CACHESCOPE_ASSIGN_OR_RETURN(out->database_, SqliteDatabase::Open(path));
    CACHESCOPE_ASSIGN_OR_RETURN(Statement version, out->database_.Prepare("PRAGMA user_version"));
    CACHESCOPE_ASSIGN_OR_RETURN(const bool row, version.Step());
    const std::int64_t found = row ? version.Int(0) : 0;
    version.Reset();
    if (found > kSchemaVersion) {
      return InvalidArgument(path + " has format " + std::to_string(found) + ", this program knows up to " +
                             std::to_string(kSchemaVersion) + ": start the newer program, or move the file away");
    }
    CACHESCOPE_RETURN_IF_ERROR(out->database_.Execute(kSchema));
    CACHESCOPE_RETURN_IF_ERROR(out->PrepareAll());
    return std::unique_ptr<storage::StateStore>(std::move(out));
  }

  Status Put(const std::vector<StateRow>& rows) override {
    for (const StateRow& row : rows) CACHESCOPE_RETURN_IF_ERROR(storage::CheckStateRow(row));
    return Together([&]() -> Status {
      for (const StateRow& row : rows) {
        put_.Bind(1, row.kind).Bind(2, row.key).Bind(3, row.value).Bind(4, row.updated_at).Bind(5, row.expires_at);
        CACHESCOPE_RETURN_IF_ERROR(put_.Run());
      }
      return {};
    });
  }

  Status Erase(std::string_view kind, std::string_view key) override {
    const std::lock_guard lock(mu_);
    return erase_.Bind(1, kind).Bind(2, key).Run();
  }

  Result<std::vector<StateRow>> All(std::string_view kind) const override {
    const std::lock_guard lock(mu_);
    std::vector<StateRow> out;
    all_.Bind(1, kind);
    while (true) {
      CACHESCOPE_ASSIGN_OR_RETURN(const bool row, all_.Step());
      if (!row) break;
      out.push_back({std::string(kind), all_.Text(0), all_.Text(1), all_.Int(2), all_.Int(3)});
    }
    all_.Reset();
    return out;
  }

  Status Append(const std::vector<StateEvent>& events) override {
    return Together([&]() -> Status {
      for (const StateEvent& event : events) {
        append_.Bind(1, event.at).Bind(2, event.kind).Bind(3, event.subject).Bind(4, event.name).Bind(5, event.value);
        CACHESCOPE_RETURN_IF_ERROR(append_.Run());
      }
      return {};
    });
  }

  Result<std::vector<StateEvent>> Events(const EventFilter& filter) const override {
    std::string sql = "SELECT id, at, kind, subject, name, value FROM event WHERE at BETWEEN ? AND ?";
    if (!filter.kind.empty()) sql += " AND kind = ?";
    if (!filter.subject.empty()) sql += " AND subject = ?";
    if (!filter.name.empty()) sql += " AND name = ?";
    if (filter.before_id != 0) sql += " AND id < ?";
    sql += " ORDER BY id DESC LIMIT ?";
    const std::lock_guard lock(mu_);
    CACHESCOPE_ASSIGN_OR_RETURN(Statement select, database_.Prepare(sql));
    select.Bind(1, filter.mint).Bind(2, filter.maxt);
    int index = 2;
    for (const std::string* text : {&filter.kind, &filter.subject, &filter.name}) {
      if (!text->empty()) select.Bind(++index, *text);
    }
    if (filter.before_id != 0) select.Bind(++index, filter.before_id);
    select.Bind(++index, static_cast<std::int64_t>(filter.limit));
    std::vector<StateEvent> out;
    while (true) {
      CACHESCOPE_ASSIGN_OR_RETURN(const bool row, select.Step());
      if (!row) return out;
      out.push_back({select.Int(0), select.Int(1), select.Text(2), select.Text(3), select.Text(4), select.Text(5)});
    }
  }

  Result<std::uint64_t> Expire(TimestampMs now, TimestampMs events_before) override {
    std::int64_t removed = 0;
    const Status done = Together([&]() -> Status {
      CACHESCOPE_RETURN_IF_ERROR(expire_rows_.Bind(1, now).Run());
      removed += database_.changes();
      CACHESCOPE_RETURN_IF_ERROR(expire_events_.Bind(1, events_before).Run());
      removed += database_.changes();
      return {};
    });
    CACHESCOPE_RETURN_IF_ERROR(done);
    return static_cast<std::uint64_t>(removed);
  }

 private:
  Status PrepareAll() {
    const auto prepare = [this](Statement& out, const char* sql) -> Status {
      CACHESCOPE_ASSIGN_OR_RETURN(out, database_.Prepare(sql));
      return {};
    };
    CACHESCOPE_RETURN_IF_ERROR(prepare(put_, "INSERT OR REPLACE INTO state VALUES(?, ?, ?, ?, ?)"));
    CACHESCOPE_RETURN_IF_ERROR(prepare(erase_, "DELETE FROM state WHERE kind = ? AND key = ?"));
    CACHESCOPE_RETURN_IF_ERROR(
        prepare(all_, "SELECT key, value, updated_at, expires_at FROM state WHERE kind = ? ORDER BY key"));
    CACHESCOPE_RETURN_IF_ERROR(
        prepare(append_, "INSERT INTO event(at, kind, subject, name, value) VALUES(?, ?, ?, ?, ?)"));
    CACHESCOPE_RETURN_IF_ERROR(prepare(expire_rows_, "DELETE FROM state WHERE expires_at != 0 AND expires_at < ?"));
    return prepare(expire_events_, "DELETE FROM event WHERE at < ?");
  }

  // All of `work` or none of it.
  template <typename Work>
  Status Together(const Work& work) {
    const std::lock_guard lock(mu_);
    CACHESCOPE_RETURN_IF_ERROR(database_.Execute("BEGIN IMMEDIATE"));
    Status status = work();
    if (status.ok()) status = database_.Execute("COMMIT");
    if (!status.ok()) static_cast<void>(database_.Execute("ROLLBACK"));
    return status;
  }

  mutable std::mutex mu_;
  // All below guarded by mu_; the statements end before the database.
  mutable SqliteDatabase database_;
  mutable Statement all_;
  Statement put_;
  Statement erase_;
  Statement append_;
  Statement expire_rows_;
  Statement expire_events_;
};

}  // namespace

Result<OpenedStateStore> OpenStateStore(const std::string& path, TimestampMs now) {
  OpenedStateStore out;
  Result<std::unique_ptr<storage::StateStore>> store = SqliteStateStore::Open(path);
  if (!store.ok() && store.status().code() == Code::kCorruption) {
    out.set_aside = path + ".damaged-" + std::to_string(now);
    for (const char* suffix : {"-wal", "-shm"}) {
      static_cast<void>(std::rename((path + suffix).c_str(), (out.set_aside + suffix).c_str()));
    }
    if (std::rename(path.c_str(), out.set_aside.c_str()) != 0) {
      return store.status().WithPrefix("cannot set the damaged file aside");
    }
    store = SqliteStateStore::Open(path);
  }
  if (!store.ok()) return store.status();
  out.store = std::move(*store);
  return out;
}

}  // namespace cachescope::state
