#include "server/storage/tsdb/chunks/head_chunk_files.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/coding.h"
#include "base/crc32c.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kFlushBytes = 1 << 20;
constexpr std::size_t kChecksumBytes = 4;
// Series, two times, encoding.
constexpr std::size_t kFixedBytes = 3 * 8 + 1;
// Most that stands around the bytes of a chunk; upstream counts five bytes of length.
constexpr std::size_t kMostAroundBytes = kFixedBytes + 5 + kChecksumBytes;
constexpr std::uint64_t kNoFile = UINT64_MAX;

std::string FileName(std::uint32_t number) {
  char name[16];
  std::snprintf(name, sizeof name, "%06u", number);
  return name;
}

// kNoFile for another name.
std::uint64_t FileNumber(std::string_view name) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : kNoFile;
}

bool AllZero(std::span<const std::uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

Result<std::unique_ptr<HeadChunkReader>> HeadChunkReader::Open(Env& env, const std::string& directory) {
  auto reader = std::make_unique<HeadChunkReader>();
  if (!env.Exists(directory)) return reader;
  CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, env.List(directory));
  for (const DirectoryEntry& entry : entries) {
    const std::uint64_t number = entry.is_directory ? kNoFile : FileNumber(entry.name);
    // An empty one was made just before the end of its writer.
    if (number == kNoFile || entry.size == 0) continue;
    const std::string path = JoinPath(directory, entry.name);
    CACHESCOPE_ASSIGN_OR_RETURN(std::unique_ptr<MappedFile> mapped, env.Map(path));
    reader->files_.push_back({path, number, std::move(mapped)});
  }
  std::stable_sort(reader->files_.begin(), reader->files_.end(),
                   [](const File& a, const File& b) { return a.number < b.number; });
  return reader;
}

const char* HeadChunkReader::ReadChunk(const File& file, HeadChunk* out) {
  const std::span<const std::uint8_t> bytes = file.mapped->bytes();
  if (position_ == 0) {
    ByteReader header(bytes);
    const std::uint32_t magic = header.Be32();
    const std::uint8_t version = header.Byte();
    header.Skip(kHeadChunkHeaderBytes - 5);
    if (!header.ok() || magic != kHeadChunkMagic) return "it does not begin like a file of head chunks";
    if (version != kHeadChunkVersion) return "it has a version this program does not know";
    position_ = kHeadChunkHeaderBytes;
  }
  if (position_ == bytes.size()) return "";
  const auto rest = bytes.subspan(position_);
  ByteReader reader(rest);
  HeadChunk chunk;
  chunk.series = reader.Be64();
  chunk.mint = static_cast<TimestampMs>(reader.Be64());
  chunk.maxt = static_cast<TimestampMs>(reader.Be64());
  // Behind the last chunk stand the zeros the file began with. They can be many: looked at only where they may be.
  if ((chunk.series == 0 && chunk.mint == 0 && chunk.maxt == 0) && AllZero(rest)) return "";
  const std::uint8_t encoding = reader.Byte();
  chunk.chunk.bytes = reader.Bytes(reader.Uvarint());
  const std::size_t summed = rest.size() - reader.left();
  const std::uint32_t sum = reader.Be32();
  if (!reader.ok()) return "the chunk is cut off";
  if (Crc32c(rest.first(summed)) != sum) return "the chunk has a wrong checksum";
  if (chunk.series == 0 || chunk.mint > chunk.maxt) return "the chunk has an impossible series or time";
  chunk.out_of_order = (encoding & kHeadChunkOutOfOrder) != 0;
  chunk.chunk.encoding = static_cast<ChunkEncoding>(encoding & ~kHeadChunkOutOfOrder);
  chunk.ref = file.number << 32 | position_;
  position_ += rest.size() - reader.left();
  *out = chunk;
  return nullptr;
}

bool HeadChunkReader::Next(HeadChunk* out) {
  for (; at_file_ < files_.size(); ++at_file_, position_ = 0) {
    const File& file = files_[at_file_];
    const char* cause = ReadChunk(file, out);
    if (cause == nullptr) return true;
    if (*cause != '\0') damage_.push_back({file.path, position_, cause});
  }
  return false;
}

std::uint64_t HeadChunkReader::size_bytes() const noexcept {
  std::uint64_t size = 0;
  for (const File& file : files_) size += file.mapped->bytes().size();
  return size;
}

Result<std::unique_ptr<HeadChunkWriter>> HeadChunkWriter::Create(Env& env, const std::string& directory,
                                                                 std::uint32_t first_file,
                                                                 std::uint64_t max_file_bytes) {
  CACHESCOPE_RETURN_IF_ERROR(env.MakeDirectories(directory));
  return std::unique_ptr<HeadChunkWriter>(new HeadChunkWriter(env, directory, first_file, max_file_bytes));
}

Status HeadChunkWriter::Flush() {
  if (file_ == nullptr || buffer_.empty()) return {};
  CACHESCOPE_RETURN_IF_ERROR(file_->Append(std::string_view(buffer_)));
  buffer_.clear();
  return {};
}

Status HeadChunkWriter::EndFile() {
  if (file_ == nullptr) return {};
  const std::uint64_t size = file_->size() + buffer_.size();
  if (size < kHeadChunkFilePreallocated) {
    buffer_.append(static_cast<std::size_t>(kHeadChunkFilePreallocated - size), '\0');
  }
  CACHESCOPE_RETURN_IF_ERROR(Flush());
  return file_->Sync();
}

Status HeadChunkWriter::NextFile() {
  CACHESCOPE_RETURN_IF_ERROR(EndFile());
  CACHESCOPE_ASSIGN_OR_RETURN(file_, env_.Create(JoinPath(directory_, FileName(next_file_++))));
  PutBe32(&buffer_, kHeadChunkMagic);
  buffer_.push_back(static_cast<char>(kHeadChunkVersion));
  buffer_.append(kHeadChunkHeaderBytes - 5, '\0');
  return {};
}

Result<std::uint64_t> HeadChunkWriter::Add(const HeadChunk& chunk) {
  const std::uint64_t most = chunk.chunk.bytes.size() + kMostAroundBytes;
  if (file_ == nullptr || file_->size() + buffer_.size() + most > max_file_bytes_) {
    CACHESCOPE_RETURN_IF_ERROR(NextFile());
  }
  const std::uint64_t ref = std::uint64_t{next_file_ - 1} << 32 | (file_->size() + buffer_.size());
  const std::size_t start = buffer_.size();
  PutBe64(&buffer_, chunk.series);
  PutBe64(&buffer_, static_cast<std::uint64_t>(chunk.mint));
  PutBe64(&buffer_, static_cast<std::uint64_t>(chunk.maxt));
  const auto encoding = static_cast<std::uint8_t>(chunk.chunk.encoding);
  buffer_.push_back(static_cast<char>(chunk.out_of_order ? encoding | kHeadChunkOutOfOrder : encoding));
  PutUvarint(&buffer_, chunk.chunk.bytes.size());
  buffer_.append(reinterpret_cast<const char*>(chunk.chunk.bytes.data()), chunk.chunk.bytes.size());
  PutBe32(&buffer_, Crc32c(std::string_view(buffer_).substr(start)));
  if (buffer_.size() >= kFlushBytes) CACHESCOPE_RETURN_IF_ERROR(Flush());
  return ref;
}

Status HeadChunkWriter::Finish() {
  CACHESCOPE_RETURN_IF_ERROR(EndFile());
  file_.reset();
  return env_.SyncDirectory(directory_);
}

}  // namespace cachescope::tsdb
