#include "server/storage/tsdb/db/exemplar_log.h"

#include <string>
#include <vector>

#include "server/storage/tsdb/wal/record.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kPerRecord = 1000;

}  // namespace

Status WriteExemplars(std::span<const storage::StoredExemplar> exemplars, const Head& head, HeadLog* log) {
  std::vector<ExemplarRecord> records;
  std::string bytes;
  const auto write = [&]() -> Status {
    bytes.clear();
    EncodeExemplars(records, &bytes);
    records.clear();
    return bytes.empty() ? Status() : log->LogRecord(bytes);
  };
  for (const storage::StoredExemplar& stored : exemplars) {
    const storage::SeriesRef ref = head.LoggedRef(stored.series);
    if (ref == 0) continue;
    records.push_back({ref, stored.exemplar.t, stored.exemplar.value, stored.exemplar.labels});
    if (records.size() == kPerRecord) CACHESCOPE_RETURN_IF_ERROR(write());
  }
  return write();
}

}  // namespace cachescope::tsdb
