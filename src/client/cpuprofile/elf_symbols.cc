#include "client/cpuprofile/elf_symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

namespace cachescope::client {
namespace {

// More than any linker writes; bounds the work on hostile files.
constexpr std::size_t kMaxHeaders = 100000;

// A part of the file, cut to what there is.
std::string_view Part(std::string_view file, std::uint64_t offset, std::uint64_t size) noexcept {
  if (offset >= file.size()) return {};
  return file.substr(static_cast<std::size_t>(offset),
                     static_cast<std::size_t>(std::min<std::uint64_t>(size, file.size())));
}

// The i-th structure of a table; false past its end. Copied, because nothing promises alignment.
template <class T>
bool ReadAt(std::string_view table, std::size_t i, T* out) noexcept {
  if (i >= table.size() / sizeof(T)) return false;
  std::memcpy(out, table.data() + i * sizeof(T), sizeof(T));
  return true;
}

std::string_view TextAt(std::string_view names, std::uint64_t offset) noexcept {
  const std::string_view rest = Part(names, offset, names.size());
  const std::size_t end = rest.find('\0');
  return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
}

bool ReadHeader(std::string_view file, Elf64_Ehdr* header) noexcept {
  constexpr unsigned char kOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  return ReadAt(file, 0, header) && std::memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
         header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == kOrder;
}

std::string Hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 15U]);
  }
  return text;
}

}  // namespace

MappedFile::MappedFile(const char* path) noexcept {
  const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return;
  struct stat info {};
  if (fstat(file, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
    const auto size = static_cast<std::size_t>(info.st_size);
    void* memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (memory != MAP_FAILED) bytes_ = {static_cast<const char*>(memory), size};
  }
  close(file);
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

ElfSymbols::ElfSymbols(std::string_view file) {
  ReadSegments(file);
  ReadSections(file);
  // Of symbols at one address the one with a size first, then by name, so that the choice is always the same.
  std::sort(symbols_.begin(), symbols_.end(), [](const Symbol& a, const Symbol& b) {
    if (a.address != b.address) return a.address < b.address;
    return a.size != b.size ? a.size > b.size : a.name < b.name;
  });
}

ElfSymbols::ElfSymbols(std::string_view file, const ElfSymbols& stripped) : ElfSymbols(file) {
  segments_ = stripped.segments_;
}

void ElfSymbols::ReadSegments(std::string_view file) {
  Elf64_Ehdr header;
  if (!ReadHeader(file, &header) || header.e_phentsize != sizeof(Elf64_Phdr)) return;
  const std::string_view table = Part(file, header.e_phoff, std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr));
  Elf64_Phdr segment;
  for (std::size_t i = 0; i < kMaxHeaders && ReadAt(table, i, &segment); ++i) {
    if (segment.p_type == PT_LOAD) segments_.push_back({segment.p_offset, segment.p_filesz, segment.p_vaddr});
    if (segment.p_type == PT_NOTE) ReadNotes(Part(file, segment.p_offset, segment.p_filesz));
  }
}

void ElfSymbols::ReadSections(std::string_view file) {
  Elf64_Ehdr header;
  if (!ReadHeader(file, &header) || header.e_shentsize != sizeof(Elf64_Shdr)) return;
  const std::string_view table = Part(file, header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr));
  bool has_full_table = false;
  for (const std::uint32_t wanted : {SHT_SYMTAB, SHT_DYNSYM}) {
    // The dynamic table is a part of the full one.
    if (wanted == SHT_DYNSYM && has_full_table) break;
    Elf64_Shdr section;
    Elf64_Shdr names;
    for (std::size_t i = 0; i < kMaxHeaders && ReadAt(table, i, &section); ++i) {
      if (section.sh_type != wanted || !ReadAt(table, section.sh_link, &names)) continue;
      ReadSymbols(Part(file, section.sh_offset, section.sh_size), Part(file, names.sh_offset, names.sh_size));
      has_full_table = true;
      break;  // a file has one of each; a hostile one could name the same symbols without end
    }
  }
}

void ElfSymbols::ReadSymbols(std::string_view table, std::string_view names) {
  Elf64_Sym symbol;
  for (std::size_t i = 0; ReadAt(table, i, &symbol); ++i) {
    const unsigned type = ELF64_ST_TYPE(symbol.st_info);
    if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol.st_shndx == SHN_UNDEF) continue;
    // Full tables of the C library have versions: "f@@GLIBC_2.34".
    const std::string_view versioned = TextAt(names, symbol.st_name);
    const std::string_view name = versioned.substr(0, versioned.find('@'));
    if (!name.empty()) symbols_.push_back({symbol.st_value, symbol.st_size, name});
  }
}

void ElfSymbols::ReadNotes(std::string_view notes) {
  Elf64_Nhdr note;
  while (ReadAt(notes, 0, &note)) {
    const auto aligned = [](std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; };
    const std::uint64_t name_end = sizeof note + aligned(note.n_namesz);
    const std::string_view name = Part(notes, sizeof note, note.n_namesz);
    const std::string_view value = Part(notes, name_end, note.n_descsz);
    if (note.n_type == NT_GNU_BUILD_ID && name.starts_with("GNU") && value.size() <= 64) build_id_ = Hex(value);
    notes = Part(notes, name_end + aligned(note.n_descsz), notes.size());
  }
}

std::string_view ElfSymbols::NameAt(std::uint64_t file_offset) const noexcept {
  for (const Segment& segment : segments_) {
    if (file_offset < segment.offset || file_offset - segment.offset >= segment.size) continue;
    const std::uint64_t address = file_offset - segment.offset + segment.address;
    const auto after = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                                        [](std::uint64_t a, const Symbol& symbol) { return a < symbol.address; });
    if (after == symbols_.begin()) continue;
    auto found = after - 1;
    while (found != symbols_.begin() && (found - 1)->address == found->address) --found;
    // Functions in assembler may have no size; they reach to the next symbol.
    if (found->size == 0 || address - found->address < found->size) return found->name;
  }
  return {};
}

}  // namespace cachescope::client
