#include "server/storage/tsdb/offline/salvage.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "base/coding.h"
#include "base/crc32c.h"
#include "server/storage/tsdb/block/index_reader.h"
#include "server/storage/tsdb/block/stored_chunk.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kNamedLosses = 100;

// Takes everything behind the given sizes away again.
void CutBack(storage::SampleColumns* columns, std::size_t floats, std::size_t histograms, std::size_t starts) {
  columns->timestamps.resize(floats);
  columns->values.resize(floats);
  columns->histograms.resize(histograms);
  columns->starts.resize(starts);
}

// Series of an index that opens; it may have places that do not read all the same.
std::vector<SalvagedSeries> SeriesOf(const IndexReader& index) {
  std::vector<SalvagedSeries> out;
  const auto refs = index.Find({});
  if (!refs.ok()) return out;
  for (const storage::SeriesRef ref : *refs) {
    SalvagedSeries series;
    series.ref = ref;
    if (index.ReadSeries(ref, &series.labels, &series.chunks).ok()) out.push_back(std::move(series));
  }
  return out;
}

}  // namespace

// The chunk files one by one; headers do not matter, since every chunk has its checksum.
class BlockSalvage::Chunks final : public ChunkStore {
 public:
  Chunks(Env& env, std::string directory) : env_(env), directory_(std::move(directory)) {}

  std::string PathOf(std::uint64_t ref) const {
    char name[24];
    std::snprintf(name, sizeof name, "%06llu", static_cast<unsigned long long>((ref >> 32) + 1));
    return JoinPath(directory_, name);
  }

  Result<ChunkView> Read(std::uint64_t ref) const override {
    const std::string path = PathOf(ref);
    auto& file = files_[path];
    if (file == nullptr) {
      CACHESCOPE_ASSIGN_OR_RETURN(file, env_.Map(path));
    }
    const auto bytes = file->bytes();
    const std::uint64_t position = ref & UINT32_MAX;
    if (position >= bytes.size()) return Corruption("the file ends before it");
    ByteReader reader(bytes.subspan(static_cast<std::size_t>(position)));
    const std::uint64_t size = reader.Uvarint();
    const auto body = reader.Bytes(size == UINT64_MAX ? size : size + 1);
    const std::uint32_t sum = reader.Be32();
    if (!reader.ok()) return Corruption("the chunk is cut off");
    if (Crc32c(body) != sum) return Corruption("the chunk has a wrong checksum");
    return ChunkView{static_cast<ChunkEncoding>(body[0]), body.subspan(1)};
  }

 private:
  Env& env_;
  const std::string directory_;
  mutable std::map<std::string, std::unique_ptr<MappedFile>> files_;
};

// Its Read never fails: what does not read is counted and left out.
class BlockSalvage::SavedSeries final : public storage::Series {
 public:
  SavedSeries(BlockSalvage* salvage, const SalvagedSeries& series) : salvage_(salvage), series_(series) {}

  const Labels& labels() const override { return series_.labels; }

  Status Read(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    const std::size_t floats = out->timestamps.size();
    const std::size_t histograms = out->histograms.size();
    for (const ChunkMeta& meta : series_.chunks) {
      const std::string wrong = ReadChunk(meta, mint, maxt, out);
      if (wrong.empty()) continue;
      ++salvage_->counts_.lost_chunks;
      if (salvage_->counts_.lost.size() < kNamedLosses) {
        salvage_->counts_.lost.push_back({salvage_->chunks_->PathOf(meta.ref), meta.ref & UINT32_MAX,
                                          wrong + " (" + series_.labels.ToString() + ")"});
      }
    }
    const auto deleted = salvage_->tombstones_.find(series_.ref);
    if (deleted != salvage_->tombstones_.end()) deleted->second.Erase(floats, histograms, out);
    const std::size_t saved = out->timestamps.size() - floats + out->histograms.size() - histograms;
    salvage_->counts_.samples += saved;
    salvage_->counts_.series += saved > 0 ? 1 : 0;
    return {};
  }

 private:
  // Why nothing of the chunk was taken; empty when all of it was.
  std::string ReadChunk(const ChunkMeta& meta, TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const {
    const std::size_t floats = out->timestamps.size();
    const std::size_t histograms = out->histograms.size();
    const std::size_t starts = out->starts.size();
    const Status status = ReadStoredChunk(*salvage_->chunks_, meta.ref, mint, maxt, out);
    std::string wrong(status.message());
    const bool behind =
        (floats > 0 && out->timestamps.size() > floats && out->timestamps[floats] <= out->timestamps[floats - 1]) ||
        (histograms > 0 && out->histograms.size() > histograms &&
         out->histograms[histograms].t <= out->histograms[histograms - 1].t);
    if (wrong.empty() && behind) wrong = "the chunk begins before the end of the one before";
    if (!wrong.empty()) CutBack(out, floats, histograms, starts);
    return wrong;
  }

  BlockSalvage* const salvage_;
  const SalvagedSeries& series_;
};

class BlockSalvage::Source final : public SeriesSource {
 public:
  explicit Source(BlockSalvage* salvage) : salvage_(salvage) {}
  Status CollectSymbols(std::set<std::string, std::less<>>* symbols) override {
    for (const SalvagedSeries& series : salvage_->series_) {
      for (const LabelView& label : series.labels) {
        if (!symbols->contains(label.name)) symbols->emplace(label.name);
        if (!symbols->contains(label.value)) symbols->emplace(label.value);
      }
    }
    return {};
  }
  std::size_t size() const override { return salvage_->series_.size(); }
  Result<std::unique_ptr<storage::Series>> Next() override {
    if (at_ == salvage_->series_.size()) return std::unique_ptr<storage::Series>();
    return std::unique_ptr<storage::Series>(std::make_unique<SavedSeries>(salvage_, salvage_->series_[at_++]));
  }

 private:
  BlockSalvage* const salvage_;
  std::size_t at_ = 0;
};

BlockSalvage::BlockSalvage(Env& env, std::string block_directory)
    : env_(env),
      directory_(std::move(block_directory)),
      chunks_(std::make_unique<Chunks>(env, JoinPath(directory_, "chunks"))) {}

BlockSalvage::~BlockSalvage() = default;

Result<std::unique_ptr<BlockSalvage>> BlockSalvage::Open(Env& env, std::string block_directory) {
  std::unique_ptr<BlockSalvage> out(new BlockSalvage(env, std::move(block_directory)));
  CACHESCOPE_RETURN_IF_ERROR(out->Load());
  return out;
}

Status BlockSalvage::Load() {
  const std::string index_path = JoinPath(directory_, "index");
  const auto index = IndexReader::Open(env_, index_path);
  if (index.ok() && (*index)->Verify().ok()) {
    series_ = SeriesOf(**index);
  } else {
    auto found = SalvageIndex(env_, index_path);
    // An index that only opens may still be the better list, for example of version 1.
    if (!found.ok() && index.ok()) found = SeriesOf(**index);
    if (!found.ok()) return found.status();
    series_ = std::move(*found);
    const auto promised = ReadBlockMeta(env_, directory_);
    Damage lost =
        index.ok() ? Damage{index_path, {}, "some of it does not read"} : DamageOf(index_path, index.status());
    lost.cause += "; of " + (promised.ok() ? std::to_string(promised->series) + " series " : std::string()) +
                  std::to_string(series_.size()) + (promised.ok() ? " read" : " series read");
    counts_.lost.push_back(std::move(lost));
  }
  auto tombstones = ReadTombstones(env_, directory_);
  deletions_lost_ = !tombstones.ok();
  if (tombstones.ok()) tombstones_ = std::move(*tombstones);

  const auto meta = ReadBlockMeta(env_, directory_);
  write_.mint = INT64_MAX;
  write_.maxt = INT64_MIN;
  for (const SalvagedSeries& series : series_) {
    for (const ChunkMeta& chunk : series.chunks) {
      write_.mint = std::min(write_.mint, chunk.mint);
      write_.maxt = std::max(write_.maxt, chunk.maxt == INT64_MAX ? chunk.maxt : chunk.maxt + 1);
      const auto view = chunks_->Read(chunk.ref);
      if (view.ok() && view->encoding == ChunkEncoding::kPacked) write_.encoding = FloatEncoding::kPacked;
    }
  }
  if (meta.ok()) {
    write_.mint = meta->mint;
    write_.maxt = meta->maxt;
    write_.level = meta->level;
    write_.sources = meta->sources;
    write_.hints = meta->hints;
    write_.parents = {{meta->ulid, meta->mint, meta->maxt}};
  }
  return {};
}

Result<SalvageCounts> BlockSalvage::Count() {
  const SalvageCounts before = counts_;
  storage::SampleColumns columns;
  for (const SalvagedSeries& series : series_) {
    columns.clear();
    CACHESCOPE_RETURN_IF_ERROR(SavedSeries(this, series).Read(write_.mint, write_.maxt - 1, &columns));
  }
  SalvageCounts out = std::exchange(counts_, before);
  out.deletions_lost = deletions_lost_;
  return out;
}

Result<SalvageCounts> BlockSalvage::Write(const std::string& directory, std::string* ulid) {
  ulid->clear();
  SalvageCounts out;
  out.deletions_lost = deletions_lost_;
  if (series_.empty() || write_.mint >= write_.maxt) return out;
  Source source(this);
  CACHESCOPE_ASSIGN_OR_RETURN(const std::optional<BlockMeta> written, WriteBlock(env_, directory, source, write_));
  out = counts_;
  out.deletions_lost = deletions_lost_;
  if (written.has_value()) *ulid = written->ulid;
  return out;
}

}  // namespace cachescope::tsdb
