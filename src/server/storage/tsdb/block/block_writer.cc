#include "server/storage/tsdb/block/block_writer.h"

#include <algorithm>
#include <iterator>

#include "server/storage/tsdb/block/block_set.h"
#include "server/storage/tsdb/block/chunk_cutter.h"
#include "server/storage/tsdb/block/chunk_files.h"
#include "server/storage/tsdb/block/family_references.h"
#include "server/storage/tsdb/block/index_writer.h"
#include "server/storage/tsdb/block/ulid.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kSeriesPerProgress = 256;
constexpr unsigned kMaxSamplesPerChunk = 32767;  // twice it is what a chunk can count

Status CheckOptions(const BlockWriteOptions& options) {
  const auto refuse = [](const char* why) { return InvalidArgument(std::string("cannot write block: ") + why); };
  if (options.mint >= options.maxt) return refuse("its range is empty");
  if (options.samples_per_chunk < 1 || options.samples_per_chunk > kMaxSamplesPerChunk ||
      options.samples_per_packed_chunk < 1 || options.samples_per_packed_chunk > kPackedMaxSamples) {
    return refuse("the number of samples per chunk is out of range");
  }
  if (options.chunk_range < 1) return refuse("the range of chunks is empty");
  return {};
}

class BlockWriter {
 public:
  BlockWriter(Env& env, std::string directory, SeriesSource& source, const BlockWriteOptions& options)
      : env_(env), directory_(std::move(directory)), source_(source), options_(options) {
    meta_.ulid = NewUlid(options.clock->NowMs());
    meta_.mint = options.mint;
    meta_.maxt = options.maxt;
    meta_.level = options.level;
    meta_.sources = options.sources;
    if (meta_.sources.empty()) meta_.sources.push_back(meta_.ulid);
    meta_.parents = options.parents;
    meta_.hints = options.hints;
    final_path_ = JoinPath(directory_, meta_.ulid);
    path_ = final_path_ + kTmpForCreation;
  }

  Result<std::optional<BlockMeta>> Run() {
    Status status = Write();
    if (status.ok() && meta_.samples > 0) status = Publish();
    index_.reset();
    chunks_.reset();
    if (status.ok() && meta_.samples > 0) return std::optional(meta_);
    // What cannot be removed now, the next start removes.
    const Status removed = env_.RemoveAll(path_);
    if (!status.ok()) return status;
    if (!removed.ok()) return removed;
    return std::optional<BlockMeta>();
  }

 private:
  Status Write() {
    CACHESCOPE_RETURN_IF_ERROR(env_.MakeDirectories(path_));
    CACHESCOPE_ASSIGN_OR_RETURN(
        chunks_, ChunkFileWriter::Create(env_, JoinPath(path_, "chunks"), options_.max_chunk_file_bytes));
    std::set<std::string, std::less<>> symbols;
    CACHESCOPE_RETURN_IF_ERROR(source_.CollectSymbols(&symbols));
    std::vector<std::string> sorted;
    sorted.reserve(symbols.size());
    while (!symbols.empty()) sorted.push_back(std::move(symbols.extract(symbols.begin()).value()));
    CACHESCOPE_ASSIGN_OR_RETURN(index_, IndexWriter::Create(env_, JoinPath(path_, "index"), std::move(sorted)));
    const std::size_t total = source_.size();
    std::size_t done = 0;
    while (true) {
      if (options_.cancel != nullptr && options_.cancel->load(std::memory_order_relaxed))
        return Cancelled("cannot write block " + meta_.ulid + ": it was cancelled");
      if (options_.yield) options_.yield();
      CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<storage::Series> series, source_.Next());
      if (series == nullptr) break;
      CACHESCOPE_RETURN_IF_ERROR(WriteSeries(*series));
      if (++done % kSeriesPerProgress == 0 && options_.progress) options_.progress(done, std::max(done, total));
    }
    if (options_.progress) options_.progress(done, done);
    return {};
  }

  Status WriteSeries(const storage::Series& series) {
    columns_.clear();
    CACHESCOPE_RETURN_IF_ERROR(series.Read(options_.mint, options_.maxt - 1, &columns_));
    if (columns_.timestamps.empty() && columns_.histograms.empty()) return {};
    metas_.clear();
    const ReferenceSeries* reference = nullptr;
    if (options_.encoding == FloatEncoding::kPacked && options_.relative_chunks) {
      CACHESCOPE_ASSIGN_OR_RETURN(reference, references_.Begin(series.labels()));
    }
    CACHESCOPE_RETURN_IF_ERROR(cutter_.Cut(columns_, sink_, reference));
    CACHESCOPE_RETURN_IF_ERROR(index_->AddSeries(series.labels(), metas_));
    ++meta_.series;
    meta_.chunks += metas_.size();
    meta_.float_samples += columns_.timestamps.size();
    meta_.histogram_samples += columns_.histograms.size();
    meta_.samples = meta_.float_samples + meta_.histogram_samples;
    return {};
  }

  Status AddChunk(TimestampMs mint, TimestampMs maxt, const ChunkView& chunk) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::uint64_t ref, chunks_->Add(chunk));
    metas_.push_back({mint, maxt, ref});
    if (chunk.encoding != ChunkEncoding::kPacked) return {};
    meta_.encoding = kPackedEncoding;
    CACHESCOPE_ASSIGN_OR_RETURN(const std::optional<std::uint64_t> distance, PackedReferenceDistance(chunk.bytes));
    meta_.relative = meta_.relative || distance.has_value();
    references_.Add(ref, chunk);
    return {};
  }

  // Everything durable under the temporary name, then the name.
  Status Publish() {
    CACHESCOPE_RETURN_IF_ERROR(chunks_->Finish());
    CACHESCOPE_RETURN_IF_ERROR(index_->Finish());
    CACHESCOPE_RETURN_IF_ERROR(WriteTombstones(env_, path_, {}));
    CACHESCOPE_RETURN_IF_ERROR(WriteBlockMeta(env_, path_, meta_));
    CACHESCOPE_RETURN_IF_ERROR(env_.SyncDirectory(path_));
    if (options_.before_rename) CACHESCOPE_RETURN_IF_ERROR(options_.before_rename(path_));
    CACHESCOPE_RETURN_IF_ERROR(env_.Rename(path_, final_path_));
    Status status = env_.SyncDirectory(directory_);
    // A block that may or may not survive is none: the caller will write it again.
    if (!status.ok() && !env_.Rename(final_path_, path_).ok()) path_ = final_path_;
    return status;
  }

  Env& env_;
  const std::string directory_;
  SeriesSource& source_;
  const BlockWriteOptions& options_;
  BlockMeta meta_;
  std::string path_;
  std::string final_path_;
  std::unique_ptr<ChunkFileWriter> chunks_;
  std::unique_ptr<IndexWriter> index_;
  // Of the series being written.
  storage::SampleColumns columns_;
  std::vector<ChunkMeta> metas_;
  FamilyReferences references_;
  ChunkCutter cutter_{options_, [this](std::size_t bytes) { return chunks_->NextRef(bytes); }};
  const ChunkSink sink_ = [this](TimestampMs mint, TimestampMs maxt, const ChunkView& chunk) {
    return AddChunk(mint, maxt, chunk);
  };
};

}  // namespace

Result<std::optional<BlockMeta>> WriteBlock(Env& env, const std::string& directory, SeriesSource& source,
                                            const BlockWriteOptions& options) {
  CACHESCOPE_RETURN_IF_ERROR(CheckOptions(options));
  return BlockWriter(env, directory, source, options).Run();
}

Result<std::optional<BlockMeta>> WriteBlock(Env& env, const std::string& directory, storage::Querier& source,
                                            const BlockWriteOptions& options) {
  CACHESCOPE_RETURN_IF_ERROR(CheckOptions(options));
  CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<SeriesSource> series, SourceOfQuerier(source));
  return WriteBlock(env, directory, *series, options);
}

}  // namespace cachescope::tsdb
