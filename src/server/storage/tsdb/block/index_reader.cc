#include "server/storage/tsdb/block/index_reader.h"

#include <algorithm>
#include <tuple>

#include "base/coding.h"
#include "base/crc32c.h"
#include "server/storage/tsdb/block/format.h"

namespace cachescope::tsdb {

Result<std::unique_ptr<IndexReader>> IndexReader::Open(Env& env, const std::string& path) {
  CACHESCOPE_ASSIGN_OR_RETURN(std::unique_ptr<MappedFile> file, env.Map(path));
  std::unique_ptr<IndexReader> reader(new IndexReader(path, std::move(file)));
  CACHESCOPE_RETURN_IF_ERROR(reader->Load());
  return reader;
}

Status IndexReader::Damaged(const std::string& what) const { return Corruption("cannot read " + path_ + ": " + what); }

Result<std::span<const std::uint8_t>> IndexReader::Section(std::uint64_t offset, const char* what) const {
  const std::span<const std::uint8_t> file = file_->bytes();
  if (offset > file.size()) return Damaged(std::string(what) + " would begin behind the end of the file");
  ByteReader reader(file.subspan(static_cast<std::size_t>(offset)));
  const std::uint32_t size = reader.Be32();
  const auto body = reader.Bytes(size);
  const std::uint32_t sum = reader.Be32();
  if (!reader.ok()) return Damaged(std::string(what) + " at " + std::to_string(offset) + " is cut off");
  if (Crc32c(body) != sum)
    return Damaged(std::string(what) + " at " + std::to_string(offset) + " has a wrong checksum");
  return body;
}

Status IndexReader::Load() {
  const std::span<const std::uint8_t> file = file_->bytes();
  if (file.size() < kIndexHeaderBytes + kIndexTocBytes) return Damaged("it is shorter than an empty index");
  ByteReader header(file);
  if (header.Be32() != kIndexMagic) return Damaged("it does not begin like an index");
  version_ = header.Byte();
  if (version_ < kOldestIndexVersion || version_ > kIndexVersion) {
    return InvalidArgument("cannot read " + path_ + ": it has version " + std::to_string(version_) +
                           ", this program knows versions 1 and " + std::to_string(kIndexVersion));
  }
  series_alignment_ = version_ == 1 ? 1 : kSeriesAlignment;
  const auto toc = file.last(kIndexTocBytes);
  ByteReader reader(toc);
  const std::uint64_t symbols = reader.Be64();
  reader.Skip(4 * 8);  // series, label indices, their table, postings: found through the postings' table
  const std::uint64_t table = reader.Be64();
  if (Crc32c(toc.first(kIndexTocBytes - 4)) != reader.Be32())
    return Damaged("its table of contents has a wrong checksum");
  CACHESCOPE_RETURN_IF_ERROR(LoadSymbols(symbols));
  return LoadPostingsTable(table);
}

Status IndexReader::LoadSymbols(std::uint64_t offset) {
  CACHESCOPE_ASSIGN_OR_RETURN(symbol_bytes_, Section(offset, "the symbol table"));
  symbols_begin_ = offset + 4;
  ByteReader reader(symbol_bytes_);
  const std::uint32_t count = reader.Be32();
  if (count > reader.left()) return Damaged("the symbol table has too few bytes for its count");
  symbols_.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    symbols_.push_back(static_cast<std::uint32_t>(reader.position() - symbol_bytes_.data()));
    reader.UvarintString();
  }
  return reader.ok() ? Status() : Damaged("the symbol table ends inside a symbol");
}

std::string_view IndexReader::symbol(std::uint32_t number) const {
  if (number >= symbols_.size()) return {};
  ByteReader reader(symbol_bytes_.subspan(symbols_[number]));
  return reader.UvarintString();
}

Status IndexReader::LoadPostingsTable(std::uint64_t offset) {
  CACHESCOPE_ASSIGN_OR_RETURN(table_bytes_, Section(offset, "the table of postings"));
  ByteReader reader(table_bytes_);
  const std::uint32_t count = reader.Be32();
  if (count > reader.left()) return Damaged("the table of postings has too few bytes for its count");
  std::vector<TableEntry> table;
  table.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (reader.Uvarint() != 2) return Damaged("the table of postings has an entry that is no label pair");
    const std::string_view name = reader.UvarintString();
    const auto position = static_cast<std::uint32_t>(reader.position() - table_bytes_.data());
    const std::string_view value = reader.UvarintString();
    const std::uint64_t at = reader.Uvarint();
    if (!reader.ok()) return Damaged("the table of postings ends inside an entry");
    if (name.empty() && value.empty()) {
      all_offset_ = at;
    } else {
      table.push_back({name, value, position});
    }
  }
  if (all_offset_ == 0) return Damaged("the table of postings does not name the list of all series");
  if (version_ == 1) {
    std::sort(table.begin(), table.end(), [](const TableEntry& x, const TableEntry& y) {
      return std::tie(x.name, x.value) < std::tie(y.name, y.value);
    });
  }
  return IndexPostingsTable(table);
}

Status IndexReader::IndexPostingsTable(const std::vector<TableEntry>& table) {
  entries_.reserve(table.size());
  std::string_view last_value;
  for (const TableEntry& entry : table) {
    if (names_.empty() || names_.back().name != entry.name) {
      if (!names_.empty() && entry.name < names_.back().name) return Damaged("the table of postings is not sorted");
      names_.push_back({entry.name, static_cast<std::uint32_t>(entries_.size()), 0});
    } else if (entry.value <= last_value) {
      return Damaged("the table of postings is not sorted");
    }
    last_value = entry.value;
    entries_.push_back(entry.position);
    names_.back().last = static_cast<std::uint32_t>(entries_.size());
  }
  return {};
}

std::uint64_t IndexReader::SymbolNumber(std::uint64_t reference) const {
  if (version_ != 1) return reference;
  const std::uint64_t position = reference - symbols_begin_;  // wraps to what is no symbol
  const auto found = std::lower_bound(symbols_.begin(), symbols_.end(), position);
  if (found == symbols_.end() || *found != position) return symbols_.size();
  return static_cast<std::uint64_t>(found - symbols_.begin());
}

const IndexReader::Name* IndexReader::FindName(std::string_view name) const {
  const auto found = std::lower_bound(names_.begin(), names_.end(), name,
                                      [](const Name& entry, std::string_view n) { return entry.name < n; });
  return found != names_.end() && found->name == name ? &*found : nullptr;
}

IndexReader::Entry IndexReader::ReadEntry(std::uint32_t index) const {
  ByteReader reader(table_bytes_.subspan(entries_[index]));
  const std::string_view value = reader.UvarintString();
  return {value, reader.Uvarint()};
}

std::uint32_t IndexReader::LowerBound(const Name& name, std::string_view value) const {
  std::uint32_t first = name.first;
  for (std::uint32_t left = name.last - name.first; left > 0;) {
    const std::uint32_t half = left / 2;
    const bool less = ReadEntry(first + half).value < value;
    first += less ? half + 1 : 0;
    left = less ? left - half - 1 : half;
  }
  return first;
}

Status IndexReader::ReadSeries(SeriesRef ref, Labels* labels, std::vector<ChunkMeta>* chunks) const {
  const std::span<const std::uint8_t> file = file_->bytes();
  const std::uint64_t offset = ref * series_alignment_;
  if (ref > UINT32_MAX || offset >= file.size())
    return Damaged("series " + std::to_string(ref) + " lies behind its end");
  ByteReader outer(file.subspan(static_cast<std::size_t>(offset)));
  const auto body = outer.Bytes(outer.Uvarint());
  const std::uint32_t sum = outer.Be32();
  if (!outer.ok() || Crc32c(body) != sum) return Damaged("series " + std::to_string(ref) + " has a wrong checksum");
  ByteReader reader(body);
  const std::uint64_t label_count = reader.Uvarint();
  thread_local std::vector<LabelView> views;
  views.clear();
  for (std::uint64_t i = 0; i < label_count && reader.ok(); ++i) {
    const std::uint64_t name = SymbolNumber(reader.Uvarint());
    const std::uint64_t value = SymbolNumber(reader.Uvarint());
    if (name >= symbols_.size() || value >= symbols_.size())
      return Damaged("a label of series " + std::to_string(ref) + " is no symbol");
    if (labels != nullptr)
      views.push_back({symbol(static_cast<std::uint32_t>(name)), symbol(static_cast<std::uint32_t>(value))});
  }
  if (labels != nullptr) *labels = Labels::FromSorted(views);
  const std::uint64_t chunk_count = reader.Uvarint();
  chunks->clear();
  ChunkMeta chunk;
  for (std::uint64_t i = 0; i < chunk_count && reader.ok(); ++i) {
    // Modulo 2^64, so that nonsense cannot overflow.
    const std::uint64_t start = i == 0 ? static_cast<std::uint64_t>(reader.Varint())
                                       : static_cast<std::uint64_t>(chunk.maxt) + reader.Uvarint();
    chunk.mint = static_cast<TimestampMs>(start);
    chunk.maxt = static_cast<TimestampMs>(start + reader.Uvarint());
    chunk.ref = i == 0 ? reader.Uvarint() : chunk.ref + static_cast<std::uint64_t>(reader.Varint());
    chunks->push_back(chunk);
  }
  return reader.ok() ? Status() : Damaged("series " + std::to_string(ref) + " is cut off");
}

std::vector<std::string_view> IndexReader::LabelNames() const {
  std::vector<std::string_view> out;
  for (const Name& name : names_) out.push_back(name.name);
  return out;
}

std::vector<std::string_view> IndexReader::LabelValues(std::string_view name) const {
  std::vector<std::string_view> out;
  if (const Name* found = FindName(name); found != nullptr) {
    for (std::uint32_t i = found->first; i < found->last; ++i) out.push_back(ReadEntry(i).value);
  }
  return out;
}

Status IndexReader::Verify() const {
  CACHESCOPE_ASSIGN_OR_RETURN(const RefList all, Find({}));
  Labels last;
  Labels labels;
  std::vector<ChunkMeta> chunks;
  for (const SeriesRef ref : all) {
    CACHESCOPE_RETURN_IF_ERROR(ReadSeries(ref, &labels, &chunks));
    if (ref != all.front() && !(last < labels)) return Damaged("series " + labels.ToString() + " is out of order");
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      if (chunks[i].maxt < chunks[i].mint || (i > 0 && chunks[i].mint < chunks[i - 1].mint)) {
        return Damaged("the chunks of series " + labels.ToString() + " are out of order");
      }
    }
    last = labels;
  }
  RefList refs;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    refs.clear();
    CACHESCOPE_RETURN_IF_ERROR(AppendPostings(ReadEntry(i).offset, &refs));
    for (const SeriesRef ref : refs) {
      if (!std::binary_search(all.begin(), all.end(), ref))
        return Damaged("postings name series " + std::to_string(ref) + ", which is not there");
    }
  }
  return {};
}

}  // namespace cachescope::tsdb
