#include "server/storage/state/sqlite_database.h"

#include <sqlite3.h>
#include <sys/stat.h>

namespace cachescope::state {
namespace {

constexpr int kBusyTimeoutMs = 5000;

Status ErrorOf(int code, const char* message) {
  const std::string text = std::string("cannot use the state database: ") + message;
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Corruption(text);
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Unavailable(text);
    case SQLITE_TOOBIG:
    case SQLITE_CONSTRAINT:
      return InvalidArgument(text);
    default:
      return IoError(text);
  }
}

Status ErrorOf(sqlite3* database, int code) { return ErrorOf(code, sqlite3_errmsg(database)); }

// Everything but "ok" is a message of the check.
Status QuickCheck(SqliteDatabase& database) {
  CACHESCOPE_ASSIGN_OR_RETURN(Statement check, database.Prepare("PRAGMA quick_check(1)"));
  CACHESCOPE_ASSIGN_OR_RETURN(const bool row, check.Step());
  const std::string answer = row ? check.Text(0) : "no answer";
  if (answer != "ok") return Corruption("the state database is damaged: " + answer);
  return {};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void SqliteDatabase::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Statement& Statement::Bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

Statement& Statement::Bind(int index, std::string_view value) {
  sqlite3_bind_text64(statement_.get(), index, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const Status status = ErrorOf(sqlite3_db_handle(statement_.get()), code);
  Reset();
  return status;
}

Status Statement::Run() {
  const Result<bool> stepped = Step();
  Reset();
  return stepped.ok() ? Status() : stepped.status();
}

void Statement::Reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string Statement::Text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return bytes == nullptr
             ? std::string()
             : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

Result<SqliteDatabase> SqliteDatabase::Open(const std::string& path) {
  SqliteDatabase out;
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  out.database_.reset(raw);
  if (code != SQLITE_OK) {
    return ErrorOf(code, raw == nullptr ? "out of memory" : sqlite3_errmsg(raw)).WithPrefix(path);
  }
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  const auto prepare = [&out]() -> Status {
    CACHESCOPE_RETURN_IF_ERROR(
        out.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF; "
                    "PRAGMA journal_size_limit=16777216; PRAGMA cache_size=-1024;"));
    return QuickCheck(out);
  };
  if (const Status status = prepare(); !status.ok()) return status.WithPrefix(path);
  // SQLite gives its -wal and -shm files the mode of the database.
  if (chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) return IoError("cannot set the mode of " + path);
  return out;
}

Status SqliteDatabase::Execute(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status() : ErrorOf(database_.get(), code);
}

Result<Statement> SqliteDatabase::Prepare(std::string_view sql) {
  Statement out;
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  out.statement_.reset(raw);
  if (code != SQLITE_OK) return ErrorOf(database_.get(), code);
  return out;
}

std::int64_t SqliteDatabase::changes() const { return sqlite3_changes64(database_.get()); }

}  // namespace cachescope::state
