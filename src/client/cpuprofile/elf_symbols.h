// ElfSymbols: names of the functions in an ELF file, from its symbol tables. Reads 64-bit files of this machine's byte
// order; any bytes are safe to read. https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cachescope::client {

/// A file mapped for reading; empty if it cannot be opened or is not a regular file.
class MappedFile {
 public:
  MappedFile() noexcept = default;
  explicit MappedFile(const char* path) noexcept;
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::string_view bytes() const noexcept { return bytes_; }

 private:
  std::string_view bytes_;
};

class ElfSymbols {
 public:
  /// Views into `file`, which must outlive it. Without symbols if the bytes are no such file.
  explicit ElfSymbols(std::string_view file);
  /// The symbols of a file with debug symbols, by offsets in the file `stripped`, which they were taken from.
  ElfSymbols(std::string_view file, const ElfSymbols& stripped);

  /// The mangled name of the function that holds a byte of the file, by its offset; empty if unknown.
  std::string_view NameAt(std::uint64_t file_offset) const noexcept;
  /// In hexadecimal; empty if the file has none.
  const std::string& build_id() const noexcept { return build_id_; }

 private:
  struct Symbol {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    std::string_view name = {};
  };
  struct Segment {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t address = 0;
  };

  void ReadSegments(std::string_view file);
  void ReadSections(std::string_view file);
  void ReadSymbols(std::string_view table, std::string_view names);
  void ReadNotes(std::string_view notes);

  std::vector<Symbol> symbols_;  // sorted by address
  std::vector<Segment> segments_;
  std::string build_id_;
};

}  // namespace cachescope::client
