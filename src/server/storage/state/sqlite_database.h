// A SQLite database file: opened, configured and kept within bounds; statements that are prepared once.
//
// Write-ahead log, synchronous=FULL: a statement that returned ok survives power failure. Not thread-safe: its user
// holds a lock. Statement values are bound, never pasted into SQL.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cachescope::state {

class SqliteDatabase;

// One prepared statement. Bind in order from 1, then Step until it returns false, then Reset to use it again.
class Statement {
 public:
  Statement() = default;
  Statement& Bind(int index, std::int64_t value);
  Statement& Bind(int index, std::string_view value);
  // True: a row is there. kUnavailable (full, busy), kCorruption, kIoError.
  Result<bool> Step();
  // Steps once for a statement without rows, and resets.
  Status Run();
  void Reset();
  std::int64_t Int(int column) const;
  std::string Text(int column) const;

 private:
  friend class SqliteDatabase;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class SqliteDatabase {
 public:
  // Creates the file (mode 0600) when it is not there. kCorruption when it is no SQLite database or fails its quick
  // check, kUnavailable when another process holds it, kIoError.
  static Result<SqliteDatabase> Open(const std::string& path);

  // Several statements without parameters.
  Status Execute(const char* sql);
  Result<Statement> Prepare(std::string_view sql);
  // Rows changed by the last statement.
  std::int64_t changes() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace cachescope::state
