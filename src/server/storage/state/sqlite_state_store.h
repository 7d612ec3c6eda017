// StateStore in a SQLite file, state.db of the data directory.
#pragma once

#include <memory>
#include <string>

#include "server/storage/state_store.h"

namespace cachescope::state {

struct OpenedStateStore {
  std::unique_ptr<storage::StateStore> store;
  // Not empty: the file was damaged and stands aside under this name; the store began anew.
  std::string set_aside;
};

// Opens or creates. A damaged file is renamed to PATH.damaged-TIME (with its log) and a new one begun, so that alerts
// are told even then. kInvalidArgument when a newer version wrote the file; kUnavailable when another process holds it;
// kIoError.
Result<OpenedStateStore> OpenStateStore(const std::string& path, TimestampMs now);

}  // namespace cachescope::state
