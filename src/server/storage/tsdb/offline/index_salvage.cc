#include "server/storage/tsdb/offline/index_salvage.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

#include "base/coding.h"
#include "base/crc32c.h"
#include "server/storage/tsdb/block/format.h"

namespace cachescope::tsdb {
namespace {

using Bytes = std::span<const std::uint8_t>;

// The symbols in the order of their numbers; nothing when they do not read.
std::optional<std::vector<std::string_view>> ReadSymbols(Bytes file, std::uint64_t* end) {
  ByteReader outer(file.subspan(kIndexHeaderBytes));
  const std::uint32_t size = outer.Be32();
  const auto body = outer.Bytes(size);
  const std::uint32_t sum = outer.Be32();
  if (!outer.ok() || Crc32c(body) != sum) return std::nullopt;
  ByteReader reader(body);
  const std::uint32_t count = reader.Be32();
  if (count > reader.left()) return std::nullopt;
  std::vector<std::string_view> out;
  out.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) out.push_back(reader.UvarintString());
  if (!reader.ok()) return std::nullopt;
  *end = kIndexHeaderBytes + 4 + size + 4;
  return out;
}

// The labels of a series; false unless they are what a writer writes.
bool ReadLabels(ByteReader* reader, const std::vector<std::string_view>& symbols, Labels* out) {
  const std::uint64_t count = reader->Uvarint();
  if (!reader->ok() || count == 0 || count > reader->left()) return false;
  std::vector<LabelView> views;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t name = reader->Uvarint();
    const std::uint64_t value = reader->Uvarint();
    if (!reader->ok() || name >= symbols.size() || value >= symbols.size()) return false;
    views.push_back({symbols[static_cast<std::size_t>(name)], symbols[static_cast<std::size_t>(value)]});
    if (views.back().value.empty() || (i > 0 && views[views.size() - 2].name >= views.back().name)) return false;
  }
  *out = Labels::FromSorted(views);
  return true;
}

bool ReadChunkMetas(ByteReader* reader, std::vector<ChunkMeta>* out) {
  const std::uint64_t count = reader->Uvarint();
  if (!reader->ok() || count > reader->left()) return false;
  ChunkMeta chunk;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t start = i == 0 ? static_cast<std::uint64_t>(reader->Varint())
                                       : static_cast<std::uint64_t>(chunk.maxt) + reader->Uvarint();
    chunk.mint = static_cast<TimestampMs>(start);
    chunk.maxt = static_cast<TimestampMs>(start + reader->Uvarint());
    chunk.ref = i == 0 ? reader->Uvarint() : chunk.ref + static_cast<std::uint64_t>(reader->Varint());
    if (!reader->ok() || chunk.maxt < chunk.mint) return false;
    out->push_back(chunk);
  }
  return reader->left() == 0;
}

// The series at `position` and where it ends; nothing when none stands there. The cheap questions come first: a wrong
// place costs some bytes, not a checksum.
std::optional<SalvagedSeries> TrySeries(Bytes file, std::uint64_t position,
                                        const std::vector<std::string_view>& symbols, std::uint64_t* end) {
  const Bytes rest = file.subspan(static_cast<std::size_t>(position));
  ByteReader outer(rest);
  const auto body = outer.Bytes(outer.Uvarint());
  const std::uint32_t sum = outer.Be32();
  if (!outer.ok() || body.empty()) return std::nullopt;
  SalvagedSeries out;
  out.ref = position / kSeriesAlignment;
  ByteReader reader(body);
  if (!ReadLabels(&reader, symbols, &out.labels) || !ReadChunkMetas(&reader, &out.chunks)) return std::nullopt;
  if (Crc32c(body) != sum) return std::nullopt;
  *end = position + (rest.size() - outer.left());
  return out;
}

}  // namespace

Result<std::vector<SalvagedSeries>> SalvageIndex(Env& env, const std::string& path) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<MappedFile> mapped, env.Map(path));
  const Bytes file = mapped->bytes();
  const auto damaged = [&](const char* why) { return Corruption("cannot save anything of " + path + ": " + why); };
  if (file.size() < kIndexHeaderBytes + 8) return damaged("it is shorter than an empty index");
  ByteReader header(file);
  header.Skip(4);
  if (header.Byte() == kOldestIndexVersion) return damaged("its version 1 can only be read whole");
  std::uint64_t position = 0;
  const auto symbols = ReadSymbols(file, &position);
  if (!symbols.has_value()) return damaged("its symbols, which the names of all series are made of, do not read");
  std::vector<SalvagedSeries> out;
  const auto aligned = [](std::uint64_t at) {
    return (at + kSeriesAlignment - 1) / kSeriesAlignment * kSeriesAlignment;
  };
  for (position = aligned(position); position < file.size();) {
    std::uint64_t end = 0;
    auto series = TrySeries(file, position, *symbols, &end);
    position = series.has_value() ? aligned(end) : position + kSeriesAlignment;
    if (series.has_value()) out.push_back(std::move(*series));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.labels < b.labels; });
  out.erase(std::unique(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.labels == b.labels; }),
            out.end());
  return out;
}

}  // namespace cachescope::tsdb
