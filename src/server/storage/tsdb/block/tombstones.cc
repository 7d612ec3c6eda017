#include "server/storage/tsdb/block/tombstones.h"

#include <algorithm>

#include "base/coding.h"
#include "base/crc32c.h"
#include "server/storage/tsdb/block/format.h"

namespace cachescope::tsdb {
namespace {

constexpr std::uint64_t kMaxBytes = 1ull << 30;
constexpr std::size_t kHeaderBytes = 5;

std::string TombstonesPath(const std::string& block_directory) { return JoinPath(block_directory, "tombstones"); }

}  // namespace

void RangeSet::Add(TimeRange range) {
  // The first range that is not wholly before; neighbours a millisecond apart touch.
  auto first = std::find_if(ranges_.begin(), ranges_.end(),
                            [&](const TimeRange& r) { return r.maxt == INT64_MAX || r.maxt + 1 >= range.mint; });
  auto last = first;
  for (; last != ranges_.end() && (range.maxt == INT64_MAX || last->mint <= range.maxt + 1); ++last) {
    range.mint = std::min(range.mint, last->mint);
    range.maxt = std::max(range.maxt, last->maxt);
  }
  first = ranges_.erase(first, last);
  ranges_.insert(first, range);
}

bool RangeSet::Covers(TimestampMs mint, TimestampMs maxt) const noexcept {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [&](const TimeRange& r) { return r.mint <= mint && maxt <= r.maxt; });
}

void RangeSet::Erase(std::size_t first_float, std::size_t first_histogram, storage::SampleColumns* columns) const {
  if (ranges_.empty()) return;
  const auto covered = [&](TimestampMs t) { return Covers(t, t); };
  std::size_t kept = first_float;
  for (std::size_t i = first_float; i < columns->timestamps.size(); ++i) {
    if (covered(columns->timestamps[i])) continue;
    columns->timestamps[kept] = columns->timestamps[i];
    columns->values[kept] = columns->values[i];
    if (kept < columns->starts.size()) columns->starts[kept] = i < columns->starts.size() ? columns->starts[i] : 0;
    ++kept;
  }
  if (columns->starts.size() > kept) columns->starts.resize(kept);
  columns->timestamps.resize(kept);
  columns->values.resize(kept);
  const auto begin = columns->histograms.begin() + static_cast<std::ptrdiff_t>(first_histogram);
  columns->histograms.erase(
      std::remove_if(begin, columns->histograms.end(), [&](const auto& h) { return covered(h.t); }),
      columns->histograms.end());
}

Result<Tombstones> ReadTombstones(Env& env, const std::string& block_directory) {
  const std::string path = TombstonesPath(block_directory);
  const auto text = env.ReadFile(path, kMaxBytes);
  if (text.status().code() == Code::kNotFound) return Tombstones();
  if (!text.ok()) return text.status();
  const auto damaged = [&](const char* what) { return Corruption("cannot read " + path + ": " + what); };
  if (text->size() < kHeaderBytes + 4) return damaged("it is cut off");
  ByteReader header(*text);
  if (header.Be32() != kTombstonesMagic) return damaged("it does not begin like tombstones");
  if (header.Byte() != kTombstonesVersion)
    return InvalidArgument("cannot read " + path + ": it has an unknown version");
  const std::string_view body = std::string_view(*text).substr(kHeaderBytes, text->size() - kHeaderBytes - 4);
  ByteReader sum(std::string_view(*text).substr(text->size() - 4));
  if (Crc32c(body) != sum.Be32()) return damaged("it has a wrong checksum");
  Tombstones out;
  ByteReader reader(body);
  while (!reader.empty()) {
    const std::uint64_t ref = reader.Uvarint();
    const TimestampMs mint = reader.Varint();
    const TimestampMs maxt = reader.Varint();
    if (!reader.ok()) return damaged("it ends inside a range");
    if (mint <= maxt) out[ref].Add({mint, maxt});
  }
  return out;
}

Status WriteTombstones(Env& env, const std::string& block_directory, const Tombstones& tombstones) {
  std::string body;
  for (const auto& [ref, set] : tombstones) {
    for (const TimeRange& range : set.ranges()) {
      PutUvarint(&body, ref);
      PutVarint(&body, range.mint);
      PutVarint(&body, range.maxt);
    }
  }
  std::string text;
  PutBe32(&text, kTombstonesMagic);
  text.push_back(static_cast<char>(kTombstonesVersion));
  text += body;
  PutBe32(&text, Crc32c(body));
  return env.ReplaceFile(TombstonesPath(block_directory), text);
}

}  // namespace cachescope::tsdb
