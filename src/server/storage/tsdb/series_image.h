// SeriesImage writes all that a series of the head holds as bytes and reads it back, so that a start need not append
// every sample anew. The bytes are for this program's own snapshots (db/head_snapshot.h), version and checksum included
// there.
#pragma once

#include <string>

#include "base/coding.h"
#include "base/status.h"
#include "server/storage/tsdb/series.h"

namespace cachescope::tsdb {

class SeriesImage {
 public:
  // REQUIRES: the series is locked.
  static void Write(const MemorySeries& series, std::string* out);
  // Into a series that nothing was appended to. kCorruption: bytes that cannot be an image; the series is then to be
  // thrown away.
  static Status Read(ByteReader* reader, MemorySeries* series, SeriesChange* change);
  // Whether a sample stands at `t`, in order or late. Decodes what overlaps.
  static bool HasSampleAt(const MemorySeries& series, TimestampMs t);

 private:
  static void WriteRare(const MemorySeries::Rare& rare, std::string* out);
  static Status ReadChunks(ByteReader* reader, MemorySeries* series, SeriesChange* change);
  static Status ReadRare(ByteReader* reader, MemorySeries* series, SeriesChange* change);
};

}  // namespace cachescope::tsdb
