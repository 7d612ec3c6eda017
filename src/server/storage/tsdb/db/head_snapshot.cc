#include "server/storage/tsdb/db/head_snapshot.h"

#include <vector>

#include "base/coding.h"
#include "base/crc32c.h"

namespace cachescope::tsdb {
namespace {

constexpr std::uint32_t kMagic = 0xCA5E5A4D;
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kSectionBytes = 1 << 20;
constexpr std::size_t kHeaderBytes = 4 + 1;

void PutLabels(const Labels& labels, std::string* out) {
  PutUvarint(out, labels.size());
  for (const LabelView& label : labels) {
    PutUvarintString(out, label.name);
    PutUvarintString(out, label.value);
  }
}

Labels GetLabels(ByteReader* reader) {
  std::vector<LabelView> labels;
  for (std::uint64_t left = reader->Uvarint(); left > 0 && reader->ok(); --left) {
    const std::string_view name = reader->UvarintString();
    labels.push_back({name, reader->UvarintString()});
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].value.empty() || (i > 0 && labels[i - 1].name >= labels[i].name)) return {};
  }
  return reader->ok() ? Labels::FromSorted(labels) : Labels();
}

void PutNewest(const std::map<std::uint64_t, TimestampMs>& newest, std::string* out) {
  PutUvarint(out, newest.size());
  for (const auto& [segment, t] : newest) {
    PutUvarint(out, segment);
    PutVarint(out, t);
  }
}

void GetNewest(ByteReader* reader, std::map<std::uint64_t, TimestampMs>* out) {
  for (std::uint64_t left = reader->Uvarint(); left > 0 && reader->ok(); --left) {
    const std::uint64_t segment = reader->Uvarint();
    (*out)[segment] = reader->Varint();
  }
}

std::string Position(const SnapshotPosition& position) {
  std::string out;
  PutUvarint(&out, position.wal_segment);
  PutUvarint(&out, position.wbl_segment);
  out.push_back(position.has_cut ? 1 : 0);
  PutVarint(&out, position.cut);
  PutNewest(position.newest, &out);
  PutNewest(position.newest_late, &out);
  return out;
}

// Length, checksum, series. An empty one is the end.
Status WriteSection(const std::string& series, WritableFile* file) {
  std::string head;
  PutBe32(&head, static_cast<std::uint32_t>(series.size()));
  PutBe32(&head, Crc32c(std::string_view(series)));
  CACHESCOPE_RETURN_IF_ERROR(file->Append(std::string_view(head)));
  return series.empty() ? Status() : file->Append(std::string_view(series));
}

Result<std::uint64_t> WriteFile(Env& env, const std::string& path, const Head& head, const SnapshotPosition& position) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file, env.Create(path));
  std::string section;
  PutBe32(&section, kMagic);
  section.push_back(static_cast<char>(kVersion));
  CACHESCOPE_RETURN_IF_ERROR(file->Append(std::string_view(section)));
  CACHESCOPE_RETURN_IF_ERROR(WriteSection(Position(position), file.get()));
  section.clear();
  Status status;
  head.VisitImages([&](const SeriesInSnapshot& series) {
    PutUvarint(&section, series.ref);
    PutUvarint(&section, series.labels_mark);
    PutLabels(*series.labels, &section);
    section.append(series.image);
    if (section.size() >= kSectionBytes) {
      status = WriteSection(section, file.get());
      section.clear();
    }
    return status.ok();
  });
  CACHESCOPE_RETURN_IF_ERROR(status);
  if (!section.empty()) CACHESCOPE_RETURN_IF_ERROR(WriteSection(section, file.get()));
  CACHESCOPE_RETURN_IF_ERROR(WriteSection("", file.get()));
  CACHESCOPE_RETURN_IF_ERROR(file->Sync());
  return file->size();
}

Status ReadPosition(std::span<const std::uint8_t> section, SnapshotPosition* out) {
  ByteReader reader(section);
  out->wal_segment = reader.Uvarint();
  out->wbl_segment = reader.Uvarint();
  out->has_cut = reader.Byte() != 0;
  out->cut = reader.Varint();
  GetNewest(&reader, &out->newest);
  GetNewest(&reader, &out->newest_late);
  return reader.ok() ? Status() : Corruption("its position is cut off");
}

Status ReadSection(std::span<const std::uint8_t> section, HeadLoader* loader, LoadCounts* counts) {
  ByteReader reader(section);
  while (!reader.empty()) {
    const storage::SeriesRef ref = reader.Uvarint();
    const auto segment = static_cast<std::uint32_t>(reader.Uvarint());
    const Labels labels = GetLabels(&reader);
    if (!reader.ok()) return Corruption("a series is cut off");
    CACHESCOPE_RETURN_IF_ERROR(loader->AddImage(ref, labels, segment, &reader, counts));
  }
  return {};
}

}  // namespace

Result<std::uint64_t> WriteHeadSnapshot(Env& env, const std::string& directory, const Head& head,
                                        const SnapshotPosition& position) {
  const std::string path = JoinPath(directory, kHeadSnapshot);
  const std::string unfinished = path + ".tmp";
  Result<std::uint64_t> bytes = WriteFile(env, unfinished, head, position);
  if (!bytes.ok()) {
    (void)env.Remove(unfinished);
    return bytes;
  }
  CACHESCOPE_RETURN_IF_ERROR(env.Rename(unfinished, path));
  CACHESCOPE_RETURN_IF_ERROR(env.SyncDirectory(directory));
  return bytes;
}

Result<SnapshotPosition> ReadHeadSnapshot(Env& env, const std::string& directory, HeadLoader* loader,
                                          LoadCounts* counts) {
  const std::string path = JoinPath(directory, kHeadSnapshot);
  if (!env.Exists(path)) return NotFound("there is no head snapshot in " + directory);
  CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<MappedFile> file, env.Map(path));
  const std::span<const std::uint8_t> bytes = file->bytes();
  if (bytes.size() < kHeaderBytes) return Corruption("cannot read " + path + ": it is cut off");
  ByteReader reader(bytes);
  if (reader.Be32() != kMagic) return Corruption("cannot read " + path + ": it does not begin like a head snapshot");
  if (reader.Byte() != kVersion) return InvalidArgument("cannot read " + path + ": it has an unknown version");
  SnapshotPosition position;
  for (bool first = true;; first = false) {
    const std::uint32_t size = reader.Be32();
    const std::uint32_t sum = reader.Be32();
    const std::span<const std::uint8_t> section = reader.Bytes(size);
    if (!reader.ok()) return Corruption("cannot read " + path + ": it is cut off");
    if (sum != Crc32c(section)) return Corruption("cannot read " + path + ": a section has a wrong checksum");
    if (size == 0) return position;
    const Status status = first ? ReadPosition(section, &position) : ReadSection(section, loader, counts);
    if (!status.ok()) return Corruption("cannot read " + path + ": " + std::string(status.message()));
  }
}

}  // namespace cachescope::tsdb
