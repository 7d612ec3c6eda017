// IndexWriter writes the index of a block, version 2: symbols, series, postings and their tables, byte for byte as
// Prometheus does.
//
// Not thread-safe. Series go straight to disk; kept in memory are the symbols, one offset per series and label, and the
// tables: some 10 bytes per label of a series.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "model/labels.h"
#include "server/storage/tsdb/chunk.h"

namespace cachescope::tsdb {

class IndexWriter {
 public:
  // `symbols`: every label name and value that will come, sorted, unique, ""
  // may be left out.
  static Result<std::unique_ptr<IndexWriter>> Create(Env& env, const std::string& path,
                                                     std::vector<std::string> symbols);

  // Series in ascending order of labels, each with its chunks in ascending order of time. kInvalidArgument when out of
  // order or with a label that is no symbol.
  Status AddSeries(const Labels& labels, const std::vector<ChunkMeta>& chunks);
  // Writes what follows the series, and syncs. Nothing may be added afterwards.
  Status Finish();
  std::uint64_t series_count() const { return all_.size(); }

 private:
  struct TableEntry {
    std::uint32_t name = 0;
    std::uint32_t value = 0;
    std::uint64_t offset = 0;
  };

  IndexWriter(std::unique_ptr<WritableFile> file, std::vector<std::string> symbols);
  std::uint64_t position() const { return file_->size() + buffer_.size(); }
  Status Flush(std::size_t keep_below);
  void PadTo(std::uint64_t alignment);
  // Appends length, body and checksum.
  Status WriteSection(std::string_view body);
  Status WriteSymbols();
  Status WriteLabelIndices(std::vector<TableEntry>* table);
  Status WritePostings(std::vector<TableEntry>* table);
  Status WriteOffsetTable(const std::vector<TableEntry>& table, bool with_values);

  const std::unique_ptr<WritableFile> file_;
  const std::vector<std::string> symbols_;
  absl::flat_hash_map<std::string_view, std::uint32_t> numbers_;  // into symbols_
  std::string buffer_;
  std::string body_;
  Labels last_;
  std::vector<std::uint32_t> all_;
  // Label name → value → series; symbols, which sort as their texts.
  std::map<std::uint32_t, std::map<std::uint32_t, std::vector<std::uint32_t>>> postings_;
};

}  // namespace cachescope::tsdb
