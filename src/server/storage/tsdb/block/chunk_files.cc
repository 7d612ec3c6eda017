#include "server/storage/tsdb/block/chunk_files.h"

#include <cstdio>

#include "base/coding.h"
#include "base/crc32c.h"
#include "server/storage/tsdb/block/format.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kFlushBytes = 1 << 20;

std::string FileName(std::uint32_t number) {
  char name[16];
  std::snprintf(name, sizeof name, "%06u", number);
  return name;
}

}  // namespace

Result<std::unique_ptr<ChunkFileWriter>> ChunkFileWriter::Create(Env& env, const std::string& directory,
                                                                 std::uint64_t max_file_bytes) {
  CACHESCOPE_RETURN_IF_ERROR(env.MakeDirectories(directory));
  return std::unique_ptr<ChunkFileWriter>(new ChunkFileWriter(env, directory, max_file_bytes));
}

Status ChunkFileWriter::Flush(std::size_t keep_below) {
  if (file_ == nullptr || buffer_.empty() || buffer_.size() < keep_below) return {};
  CACHESCOPE_RETURN_IF_ERROR(file_->Append(std::string_view(buffer_)));
  buffer_.clear();
  return {};
}

Status ChunkFileWriter::NextFile() {
  if (file_ != nullptr) {
    CACHESCOPE_RETURN_IF_ERROR(Flush(0));
    CACHESCOPE_RETURN_IF_ERROR(file_->Sync());
  }
  CACHESCOPE_ASSIGN_OR_RETURN(file_, env_.Create(JoinPath(directory_, FileName(++files_))));
  PutBe32(&buffer_, kChunkFileMagic);
  buffer_.push_back(static_cast<char>(kChunkFileVersion));
  buffer_.append(kChunkFileHeaderBytes - 5, '\0');
  return {};
}

std::uint64_t ChunkFileWriter::NextRef(std::size_t chunk_bytes) const {
  const std::uint64_t bytes = kMaxVarintBytes + 1 + chunk_bytes + 4;
  if (file_ == nullptr || file_->size() + buffer_.size() + bytes > max_file_bytes_) {
    return static_cast<std::uint64_t>(files_) << 32 | kChunkFileHeaderBytes;
  }
  return static_cast<std::uint64_t>(files_ - 1) << 32 | (file_->size() + buffer_.size());
}

Result<std::uint64_t> ChunkFileWriter::Add(const ChunkView& chunk) {
  const std::uint64_t ref = NextRef(chunk.bytes.size());
  if (ref >> 32 == files_) CACHESCOPE_RETURN_IF_ERROR(NextFile());
  PutUvarint(&buffer_, chunk.bytes.size());
  const std::size_t start = buffer_.size();
  buffer_.push_back(static_cast<char>(chunk.encoding));
  buffer_.append(reinterpret_cast<const char*>(chunk.bytes.data()), chunk.bytes.size());
  PutBe32(&buffer_, Crc32c(std::string_view(buffer_).substr(start)));
  CACHESCOPE_RETURN_IF_ERROR(Flush(kFlushBytes));
  return ref;
}

Status ChunkFileWriter::Finish() {
  CACHESCOPE_RETURN_IF_ERROR(Flush(0));
  if (file_ != nullptr) CACHESCOPE_RETURN_IF_ERROR(file_->Sync());
  return env_.SyncDirectory(directory_);
}

Result<std::unique_ptr<ChunkFileReader>> ChunkFileReader::Open(Env& env, const std::string& directory) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, env.List(directory));
  auto reader = std::make_unique<ChunkFileReader>();
  for (const DirectoryEntry& entry : entries) {
    // Segments are numbered from 1 without holes; anything else in the directory is not ours.
    if (entry.name != FileName(static_cast<std::uint32_t>(reader->segments_.size() + 1))) continue;
    const std::string path = JoinPath(directory, entry.name);
    CACHESCOPE_ASSIGN_OR_RETURN(std::unique_ptr<MappedFile> file, env.Map(path));
    ByteReader header(file->bytes());
    if (header.Be32() != kChunkFileMagic)
      return Corruption("cannot read " + path + ": it does not begin like a chunk file");
    if (const std::uint8_t version = header.Byte(); version != kChunkFileVersion) {
      return InvalidArgument("cannot read " + path + ": it has version " + std::to_string(version) +
                             ", this program knows version " + std::to_string(kChunkFileVersion));
    }
    reader->segments_.push_back({path, std::move(file)});
  }
  return reader;
}

Result<ChunkView> ChunkFileReader::Read(std::uint64_t ref) const {
  const std::uint64_t number = ref >> 32;
  const std::uint64_t position = ref & UINT32_MAX;
  if (number >= segments_.size())
    return Corruption("cannot read chunk " + std::to_string(ref) + ": there is no segment " +
                      FileName(static_cast<std::uint32_t>(number + 1)));
  const Segment& segment = segments_[static_cast<std::size_t>(number)];
  const std::span<const std::uint8_t> file = segment.file->bytes();
  const auto damaged = [&](const char* what) {
    return Corruption("cannot read " + segment.path + ": the chunk at " + std::to_string(position) + " " + what);
  };
  if (position < kChunkFileHeaderBytes || position >= file.size()) return damaged("lies outside the file");
  ByteReader reader(file.subspan(static_cast<std::size_t>(position)));
  const std::uint64_t size = reader.Uvarint();
  const auto body = reader.Bytes(size == UINT64_MAX ? size : size + 1);
  const std::uint32_t sum = reader.Be32();
  if (!reader.ok()) return damaged("is cut off");
  if (Crc32c(body) != sum) return damaged("has a wrong checksum");
  return ChunkView{static_cast<ChunkEncoding>(body[0]), body.subspan(1)};
}

std::uint64_t ChunkFileReader::size_bytes() const noexcept {
  std::uint64_t size = 0;
  for (const Segment& segment : segments_) size += segment.file->bytes().size();
  return size;
}

}  // namespace cachescope::tsdb
