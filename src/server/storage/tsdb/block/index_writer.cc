#include "server/storage/tsdb/block/index_writer.h"

#include "base/coding.h"
#include "base/crc32c.h"
#include "server/storage/tsdb/block/format.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kFlushBytes = 1 << 20;

std::span<const std::uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void PutPostings(const std::vector<std::uint32_t>& series, std::string* out) {
  PutBe32(out, static_cast<std::uint32_t>(series.size()));
  for (const std::uint32_t ref : series) PutBe32(out, ref);
}

}  // namespace

IndexWriter::IndexWriter(std::unique_ptr<WritableFile> file, std::vector<std::string> symbols)
    : file_(std::move(file)), symbols_(std::move(symbols)) {
  numbers_.reserve(symbols_.size());
  for (std::size_t i = 0; i < symbols_.size(); ++i) numbers_.emplace(symbols_[i], static_cast<std::uint32_t>(i));
}

Result<std::unique_ptr<IndexWriter>> IndexWriter::Create(Env& env, const std::string& path,
                                                         std::vector<std::string> symbols) {
  CACHESCOPE_ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, env.Create(path));
  // The empty text names the list of all series and is always there.
  if (symbols.empty() || !symbols.front().empty()) symbols.insert(symbols.begin(), "");
  std::unique_ptr<IndexWriter> writer(new IndexWriter(std::move(file), std::move(symbols)));
  PutBe32(&writer->buffer_, kIndexMagic);
  writer->buffer_.push_back(static_cast<char>(kIndexVersion));
  CACHESCOPE_RETURN_IF_ERROR(writer->WriteSymbols());
  return writer;
}

Status IndexWriter::Flush(std::size_t keep_below) {
  if (buffer_.size() < keep_below || buffer_.empty()) return {};
  CACHESCOPE_RETURN_IF_ERROR(file_->Append(Bytes(buffer_)));
  buffer_.clear();
  return {};
}

void IndexWriter::PadTo(std::uint64_t alignment) {
  buffer_.append(static_cast<std::size_t>((alignment - position() % alignment) % alignment), '\0');
}

Status IndexWriter::WriteSection(std::string_view body) {
  if (body.size() > UINT32_MAX) return LimitExceeded("cannot write index: a section exceeds 4 GiB");
  PutBe32(&buffer_, static_cast<std::uint32_t>(body.size()));
  buffer_.append(body);
  PutBe32(&buffer_, Crc32c(body));
  return Flush(kFlushBytes);
}

Status IndexWriter::WriteSymbols() {
  body_.clear();
  PutBe32(&body_, static_cast<std::uint32_t>(symbols_.size()));
  for (const std::string& symbol : symbols_) PutUvarintString(&body_, symbol);
  return WriteSection(body_);
}

Status IndexWriter::AddSeries(const Labels& labels, const std::vector<ChunkMeta>& chunks) {
  if (!all_.empty() && !(last_ < labels)) {
    return InvalidArgument("cannot write index: series " + labels.ToString() + " does not follow " + last_.ToString());
  }
  body_.clear();
  PadTo(kSeriesAlignment);
  const std::uint64_t ref = position() / kSeriesAlignment;
  if (ref > UINT32_MAX) return LimitExceeded("cannot write index: it exceeds 64 GiB");
  PutUvarint(&body_, labels.size());
  for (const LabelView& label : labels) {
    const auto name = numbers_.find(label.name);
    const auto value = numbers_.find(label.value);
    if (name == numbers_.end() || value == numbers_.end()) {
      return InvalidArgument("cannot write index: a label of " + labels.ToString() + " is no symbol");
    }
    PutUvarint(&body_, name->second);
    PutUvarint(&body_, value->second);
    postings_[name->second][value->second].push_back(static_cast<std::uint32_t>(ref));
  }
  PutUvarint(&body_, chunks.size());
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const ChunkMeta& chunk = chunks[i];
    if (i == 0) {
      PutVarint(&body_, chunk.mint);
      PutUvarint(&body_, static_cast<std::uint64_t>(chunk.maxt - chunk.mint));
      PutUvarint(&body_, chunk.ref);
    } else {
      PutUvarint(&body_, static_cast<std::uint64_t>(chunk.mint - chunks[i - 1].maxt));
      PutUvarint(&body_, static_cast<std::uint64_t>(chunk.maxt - chunk.mint));
      PutVarint(&body_, static_cast<std::int64_t>(chunk.ref - chunks[i - 1].ref));
    }
  }
  PutUvarint(&buffer_, body_.size());
  buffer_.append(body_);
  PutBe32(&buffer_, Crc32c(body_));
  all_.push_back(static_cast<std::uint32_t>(ref));
  last_ = labels;
  return Flush(kFlushBytes);
}

Status IndexWriter::WriteLabelIndices(std::vector<TableEntry>* table) {
  for (const auto& [name, values] : postings_) {
    PadTo(4);
    table->push_back({name, 0, position()});
    body_.clear();
    PutBe32(&body_, 1);  // names in this index
    PutBe32(&body_, static_cast<std::uint32_t>(values.size()));
    for (const auto& [value, series] : values) PutBe32(&body_, value);
    CACHESCOPE_RETURN_IF_ERROR(WriteSection(body_));
  }
  return {};
}

Status IndexWriter::WritePostings(std::vector<TableEntry>* table) {
  const auto write = [&](std::uint32_t name, std::uint32_t value, const std::vector<std::uint32_t>& series) {
    PadTo(4);
    table->push_back({name, value, position()});
    body_.clear();
    PutPostings(series, &body_);
    return WriteSection(body_);
  };
  CACHESCOPE_RETURN_IF_ERROR(write(0, 0, all_));
  for (const auto& [name, values] : postings_) {
    for (const auto& [value, series] : values) CACHESCOPE_RETURN_IF_ERROR(write(name, value, series));
  }
  return {};
}

Status IndexWriter::WriteOffsetTable(const std::vector<TableEntry>& table, bool with_values) {
  body_.clear();
  PutBe32(&body_, static_cast<std::uint32_t>(table.size()));
  for (const TableEntry& entry : table) {
    PutUvarint(&body_, with_values ? 2 : 1);
    PutUvarintString(&body_, symbols_[entry.name]);
    if (with_values) PutUvarintString(&body_, symbols_[entry.value]);
    PutUvarint(&body_, entry.offset);
  }
  return WriteSection(body_);
}

Status IndexWriter::Finish() {
  std::string toc;
  PutBe64(&toc, kIndexHeaderBytes);
  // The series begin behind the symbols, whose length stands in their first four bytes.
  std::uint64_t symbols_bytes = 4;
  for (const std::string& symbol : symbols_) {
    std::string length;
    PutUvarint(&length, symbol.size());
    symbols_bytes += length.size() + symbol.size();
  }
  PutBe64(&toc, kIndexHeaderBytes + 4 + symbols_bytes + 4);
  PutBe64(&toc, position());
  std::vector<TableEntry> label_table;
  CACHESCOPE_RETURN_IF_ERROR(WriteLabelIndices(&label_table));
  const std::uint64_t postings = position();
  std::vector<TableEntry> postings_table;
  CACHESCOPE_RETURN_IF_ERROR(WritePostings(&postings_table));
  const std::uint64_t label_offsets = position();
  CACHESCOPE_RETURN_IF_ERROR(WriteOffsetTable(label_table, false));
  const std::uint64_t postings_offsets = position();
  CACHESCOPE_RETURN_IF_ERROR(WriteOffsetTable(postings_table, true));
  PutBe64(&toc, label_offsets);
  PutBe64(&toc, postings);
  PutBe64(&toc, postings_offsets);
  PutBe32(&toc, Crc32c(toc));
  buffer_.append(toc);
  CACHESCOPE_RETURN_IF_ERROR(Flush(0));
  return file_->Sync();
}

}  // namespace cachescope::tsdb
