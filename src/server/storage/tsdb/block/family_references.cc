#include "server/storage/tsdb/block/family_references.h"

#include "base/coding.h"
#include "server/storage/tsdb/packed/packed.h"

namespace cachescope::tsdb {
namespace {

constexpr std::string_view kBucketSuffix = "_bucket";
constexpr std::string_view kCountSuffix = "_count";
constexpr std::string_view kGreatestBound = "+Inf";
// What a family and a chunk take beside their texts and bytes, about.
constexpr std::size_t kFamilyBytes = 160;
constexpr std::size_t kChunkBytes = sizeof(ReferenceChunk) + sizeof(std::size_t);

// The labels that all series of a family have in common.
void FamilyKey(const Labels& labels, std::string* out) {
  out->clear();
  for (const LabelView& label : labels) {
    if (label.name == kMetricName || label.name == kBucketLabel) continue;
    PutUvarintString(out, label.name);
    PutUvarintString(out, label.value);
  }
}

}  // namespace

void FamilyReferences::BeginMetric(std::string_view name) {
  if (name == metric_) return;
  metric_ = name;
  families_.clear();
  bytes_ = 0;
  decoded_ = nullptr;
}

Result<const ReferenceSeries*> FamilyReferences::Begin(const Labels& labels) {
  const ReferenceSeries* none = nullptr;
  current_ = nullptr;
  const std::string_view name = labels.metric_name();
  const std::string_view bound = labels.Get(kBucketLabel);
  const bool bucket = name.ends_with(kBucketSuffix) && !bound.empty();
  const bool count = name.ends_with(kCountSuffix) && bound.empty();
  if (!bucket && !count) return none;
  const std::string_view metric = name.substr(0, name.size() - (bucket ? kBucketSuffix : kCountSuffix).size());
  if (bucket) BeginMetric(metric);
  if (metric != metric_) return none;
  FamilyKey(labels, &key_);
  if (bound == kGreatestBound) {
    bytes_ += kFamilyBytes + key_.size();
    if (bytes_ <= most_bytes_) {
      decoded_ = nullptr;  // the table may move
      current_ = &families_[key_];
    }
    return none;
  }
  const auto found = families_.find(key_);
  if (found == families_.end() || found->second.chunks.empty()) return none;
  if (decoded_ != &found->second) CACHESCOPE_RETURN_IF_ERROR(Decode(found->second));
  return &series_;
}

void FamilyReferences::Add(std::uint64_t ref, const ChunkView& chunk) {
  if (current_ == nullptr || chunk.encoding != ChunkEncoding::kPacked) return;
  bytes_ += chunk.bytes.size() + kChunkBytes;
  if (bytes_ > most_bytes_) return;
  const ReferenceChunk* last = current_->chunks.empty() ? nullptr : &current_->chunks.back();
  const std::size_t begin = last == nullptr ? 0 : last->begin + last->count;
  current_->chunks.push_back({ref, begin, PackedSampleCount(chunk.bytes)});
  current_->bytes.insert(current_->bytes.end(), chunk.bytes.begin(), chunk.bytes.end());
  current_->ends.push_back(current_->bytes.size());
}

Status FamilyReferences::Decode(const Family& family) {
  decoded_ = nullptr;
  samples_.clear();
  std::size_t at = 0;
  for (const std::size_t end : family.ends) {
    const auto bytes = std::span(family.bytes).subspan(at, end - at);
    CACHESCOPE_RETURN_IF_ERROR(DecodePacked(bytes, &samples_, INT64_MIN, INT64_MAX));
    at = end;
  }
  decoded_ = &family;
  series_ = {&samples_, family.chunks};
  return {};
}

}  // namespace cachescope::tsdb
