#include "server/storage/tsdb/offline/convert.h"

#include "server/storage/tsdb/block/block_scan.h"

namespace cachescope::tsdb {
namespace {

std::uint64_t SizeOf(const BlockSet& set, const std::string& ulid) {
  for (const auto& block : *set.blocks()) {
    if (block->meta().ulid == ulid) return block->size_bytes();
  }
  return 0;
}

// The new block, "" when no sample was left.
Result<std::string> Rewrite(BlockSet& set, const std::shared_ptr<Block>& block, BlockWriteOptions write) {
  BlockSet::Rewrite rewrite(set);
  const BlockMeta& meta = block->meta();
  write.mint = meta.mint;
  write.maxt = meta.maxt;
  write.level = meta.level;
  write.sources = meta.sources;
  write.hints = meta.hints;
  write.parents = {{meta.ulid, meta.mint, meta.maxt}};
  write.before_rename = [&](const std::string& directory) { return rewrite.CatchUp(directory); };
  CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<SeriesSource> source, SourceOfBlock(block));
  CACHESCOPE_ASSIGN_OR_RETURN(const std::optional<BlockMeta> written,
                              WriteBlock(set.env(), set.directory(), *source, write));
  const std::string child = written.has_value() ? written->ulid : "";
  const Status swapped = set.Replace({meta.ulid}, child);
  if (swapped.ok()) return child;
  // The block stays as it is; a child beside it would replace it at the next start.
  if (!child.empty()) (void)RenameForDeletion(set.env(), set.directory(), child);
  return swapped;
}

}  // namespace

bool HasEncoding(const BlockMeta& meta, FloatEncoding encoding) noexcept {
  if (meta.samples > 0 && meta.histogram_samples == meta.samples) return true;
  return (meta.encoding == kPackedEncoding) == (encoding == FloatEncoding::kPacked);
}

Result<ConvertReport> ConvertBlocks(BlockSet& set, const BlockWriteOptions& write,
                                    const std::function<void(const ConvertProgress&)>& progress) {
  ConvertReport out;
  BlockSet::List todo;
  for (const auto& block : *set.blocks()) {
    if (HasEncoding(block->meta(), write.encoding)) {
      ++out.unchanged;
    } else {
      todo.push_back(block);
    }
  }
  ConvertProgress at;
  at.blocks = todo.size();
  for (std::shared_ptr<Block>& block : todo) {
    ++at.block;
    at.ulid = block->meta().ulid;
    BlockWriteOptions options = write;
    options.progress = [&](std::size_t done, std::size_t total) {
      at.series = done;
      at.of_series = total;
      if (progress) progress(at);
    };
    const std::uint64_t before = block->size_bytes();
    const Result<std::string> child = Rewrite(set, block, std::move(options));
    block.reset();
    if (child.ok()) {
      out.converted.push_back({at.ulid, *child, before, SizeOf(set, *child)});
    } else if (child.status().code() == Code::kCorruption) {
      out.failures.push_back(child.status());
    } else {
      return child.status();
    }
  }
  return out;
}

}  // namespace cachescope::tsdb
