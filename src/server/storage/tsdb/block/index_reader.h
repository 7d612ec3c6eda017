// IndexReader reads the index of a block, version 2 or 1, straight from the mapped file. Version 1 names symbols and
// series by their position in the file, and its table of postings is in no order.
//
// Opening checks the table of contents, the symbols and the table of postings, and remembers where each symbol and
// each table entry stands: four bytes apiece. Everything else is checked when it is read. Immutable: thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "server/storage/tsdb/chunk.h"
#include "server/storage/tsdb/postings.h"

namespace cachescope::tsdb {

class IndexReader {
 public:
  // Errors name the file: kCorruption (what is wrong and where), kInvalidArgument (another version), or the Env's.
  static Result<std::unique_ptr<IndexReader>> Open(Env& env, const std::string& path);

  // References of the series that match every matcher, ascending, which is the order of their labels. No matcher: all.
  Result<RefList> Find(const std::vector<Matcher>& matchers) const;
  // Reads one series; both outputs are replaced, `labels` may be null.
  Status ReadSeries(SeriesRef ref, Labels* labels, std::vector<ChunkMeta>* chunks) const;

  // Sorted. Views live as long as the reader.
  std::vector<std::string_view> LabelNames() const;
  std::vector<std::string_view> LabelValues(std::string_view name) const;
  std::size_t symbol_count() const noexcept { return symbols_.size(); }
  std::string_view symbol(std::uint32_t number) const;
  std::uint64_t size_bytes() const noexcept { return file_->bytes().size(); }

  // Reads everything once. The first damage found.
  Status Verify() const;

 private:
  struct Name {
    std::string_view name;
    std::uint32_t first = 0;  // into entries_
    std::uint32_t last = 0;   // one past
  };
  struct Entry {
    std::string_view value;
    std::uint64_t offset = 0;
  };

  IndexReader(std::string path, std::unique_ptr<MappedFile> file) : path_(std::move(path)), file_(std::move(file)) {}
  Status Damaged(const std::string& what) const;
  // The body of the section at `offset`, its checksum verified.
  Result<std::span<const std::uint8_t>> Section(std::uint64_t offset, const char* what) const;
  Status Load();
  Status LoadSymbols(std::uint64_t offset);
  Status LoadPostingsTable(std::uint64_t offset);
  struct TableEntry {
    std::string_view name;
    std::string_view value;
    std::uint32_t position;  // of the value in the table
  };
  Status IndexPostingsTable(const std::vector<TableEntry>& table);
  // The number of the symbol a series names; symbol_count() when it is none.
  std::uint64_t SymbolNumber(std::uint64_t reference) const;
  const Name* FindName(std::string_view name) const;
  Entry ReadEntry(std::uint32_t index) const;
  // First entry of the name whose value is not less.
  std::uint32_t LowerBound(const Name& name, std::string_view value) const;
  Status AppendPostings(std::uint64_t offset, RefList* out) const;
  Status AppendMatching(const Matcher& matcher, bool accepted, RefList* out) const;

  const std::string path_;
  const std::unique_ptr<MappedFile> file_;
  std::uint8_t version_ = 0;
  std::uint64_t series_alignment_ = 0;  // what a series reference counts, in bytes
  std::uint64_t symbols_begin_ = 0;     // of the body of the symbol section in the file
  std::vector<std::uint32_t> symbols_;  // positions in the symbol section
  std::span<const std::uint8_t> symbol_bytes_;
  std::vector<Name> names_;             // sorted; the list of all series is none of them
  std::vector<std::uint32_t> entries_;  // positions of values in the table
  std::span<const std::uint8_t> table_bytes_;
  std::uint64_t all_offset_ = 0;
};

}  // namespace cachescope::tsdb
