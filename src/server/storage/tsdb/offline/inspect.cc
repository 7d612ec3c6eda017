#include "server/storage/tsdb/offline/inspect.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>

namespace cachescope::tsdb {
namespace {

// A chunk in its file: length, encoding, bytes, checksum.
std::uint64_t FramedBytes(std::size_t size) {
  std::uint64_t length = 1;
  for (std::size_t rest = size; rest >= 0x80; rest >>= 7) ++length;
  return length + 1 + size + 4;
}

void SortAndCut(std::vector<NamedCount>* list, std::size_t top) {
  std::sort(list->begin(), list->end(), [](const NamedCount& a, const NamedCount& b) {
    return a.count != b.count ? a.count > b.count : a.name < b.name;
  });
  if (top > 0 && list->size() > top) list->resize(top);
}

void SortMetrics(std::vector<MetricTotals>* list) {
  std::sort(list->begin(), list->end(), [](const MetricTotals& a, const MetricTotals& b) {
    return a.chunks.bytes != b.chunks.bytes ? a.chunks.bytes > b.chunks.bytes : a.metric < b.metric;
  });
}

void CountLabels(const IndexReader& index, std::size_t top, BlockInspection* out) {
  for (const std::string_view name : index.LabelNames()) {
    const std::vector<std::string_view> values = index.LabelValues(name);
    std::uint64_t bytes = 0;
    for (const std::string_view value : values) bytes += value.size();
    out->names.push_back({std::string(name), values.size()});
    out->name_bytes.push_back({std::string(name), bytes});
    out->pair_count += values.size();
  }
  SortAndCut(&out->names, top);
  SortAndCut(&out->name_bytes, top);
}

}  // namespace

void ChunkTotals::Add(const ChunkTotals& other) {
  chunks += other.chunks;
  samples += other.samples;
  bytes += other.bytes;
}

BlockInspection InspectBlock(const Block& block, std::size_t top) {
  BlockInspection out;
  out.index_bytes = block.index().size_bytes();
  CountLabels(block.index(), top, &out);
  absl::flat_hash_map<std::string, std::uint64_t> pairs;
  absl::flat_hash_map<std::string, MetricTotals> metrics;
  const auto refs = block.index().Find({});
  Labels labels;
  std::vector<ChunkMeta> chunks;
  std::string pair;
  for (const storage::SeriesRef ref : refs.ok() ? *refs : RefList()) {
    if (!block.index().ReadSeries(ref, &labels, &chunks).ok()) {
      ++out.unreadable;
      continue;
    }
    ++out.series;
    for (const LabelView& label : labels) {
      pair.assign(label.name).append("=").append(label.value);
      ++pairs[pair];
    }
    MetricTotals& metric = metrics[std::string(labels.metric_name())];
    ++metric.series;
    for (const ChunkMeta& meta : chunks) {
      const auto chunk = block.chunks().Read(meta.ref);
      if (!chunk.ok()) {
        ++out.unreadable;
        continue;
      }
      const ChunkTotals one{1, ChunkSampleCount(*chunk), FramedBytes(chunk->bytes.size())};
      metric.chunks.Add(one);
      out.chunks.Add(one);
      out.encodings[std::string(ChunkEncodingName(chunk->encoding))].Add(one);
    }
  }
  for (auto& [name, count] : pairs) out.pairs.push_back({name, count});
  SortAndCut(&out.pairs, top);
  for (auto& [name, totals] : metrics) {
    out.metrics.push_back(std::move(totals));
    out.metrics.back().metric = name;
  }
  SortMetrics(&out.metrics);
  return out;
}

void AddInspection(BlockInspection* to, BlockInspection other) {
  to->series += other.series;
  to->index_bytes += other.index_bytes;
  to->unreadable += other.unreadable;
  to->chunks.Add(other.chunks);
  for (const auto& [name, totals] : other.encodings) to->encodings[name].Add(totals);
  absl::flat_hash_map<std::string, MetricTotals> metrics;
  for (const auto* list : {&to->metrics, &other.metrics}) {
    for (const MetricTotals& one : *list) {
      MetricTotals& sum = metrics[one.metric];
      sum.metric = one.metric;
      sum.series += one.series;
      sum.chunks.Add(one.chunks);
    }
  }
  to->metrics.clear();
  for (auto& [name, totals] : metrics) to->metrics.push_back(std::move(totals));
  SortMetrics(&to->metrics);
  to->names = std::move(other.names);
  to->name_bytes = std::move(other.name_bytes);
  to->pairs = std::move(other.pairs);
  to->pair_count = other.pair_count;
}

}  // namespace cachescope::tsdb
