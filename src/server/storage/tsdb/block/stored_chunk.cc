#include "server/storage/tsdb/block/stored_chunk.h"

#include <absl/container/flat_hash_map.h>

#include <atomic>
#include <list>
#include <string>
#include <utility>

#include "server/storage/tsdb/packed/packed.h"

namespace cachescope::tsdb {
namespace {

// Decoded chunks, those read last first.
class DecodedReferences {
 public:
  using Key = std::pair<std::uint64_t, std::uint64_t>;  // store, reference

  const storage::SampleColumns* Find(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->samples;
  }
  const storage::SampleColumns* Keep(const Key& key, storage::SampleColumns samples) {
    samples_ += samples.timestamps.size();
    entries_.push_front({key, std::move(samples)});
    places_[key] = entries_.begin();
    while (samples_ > kKeptReferenceSamples && entries_.size() > 1) {
      samples_ -= entries_.back().samples.timestamps.size();
      places_.erase(entries_.back().key);
      entries_.pop_back();
    }
    return &entries_.front().samples;
  }

 private:
  struct Entry {
    Key key;
    storage::SampleColumns samples;
  };
  std::list<Entry> entries_;
  absl::flat_hash_map<Key, std::list<Entry>::iterator> places_;
  std::size_t samples_ = 0;
};

Status DecodeReference(const ChunkStore& store, std::uint64_t ref, storage::SampleColumns* out) {
  CACHESCOPE_ASSIGN_OR_RETURN(const ChunkView chunk, store.Read(ref));
  if (chunk.encoding != ChunkEncoding::kPacked) return Corruption("it is no packed chunk");
  CACHESCOPE_ASSIGN_OR_RETURN(const std::optional<std::uint64_t> distance, PackedReferenceDistance(chunk.bytes));
  if (distance.has_value()) return Corruption("it is relative itself");
  return DecodePacked(chunk.bytes, out, INT64_MIN, INT64_MAX);
}

Result<const storage::SampleColumns*> Reference(const ChunkStore& store, std::uint64_t ref, std::uint64_t distance) {
  constexpr std::string_view kCannot = "cannot decode packed chunk: ";
  const std::uint64_t position = ref & UINT32_MAX;
  if (distance > position) return Corruption(std::string(kCannot) + "it is relative to one before the file");
  thread_local DecodedReferences decoded;
  const DecodedReferences::Key key(store.id(), ref - distance);
  if (const storage::SampleColumns* known = decoded.Find(key)) return known;
  storage::SampleColumns samples;
  if (const Status status = DecodeReference(store, ref - distance, &samples); !status.ok()) {
    return Status(status.code(), std::string(kCannot) + "the one at " + std::to_string(position - distance) +
                                     ", which it is relative to, does not read: " + std::string(status.message()));
  }
  return decoded.Keep(key, std::move(samples));
}

std::uint64_t NextId() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

ChunkStore::ChunkStore() : id_(NextId()) {}

Status ReadStoredChunk(const ChunkStore& store, std::uint64_t ref, TimestampMs mint, TimestampMs maxt,
                       storage::SampleColumns* out) {
  CACHESCOPE_ASSIGN_OR_RETURN(const ChunkView chunk, store.Read(ref));
  if (chunk.encoding != ChunkEncoding::kPacked) return DecodeChunk(chunk, mint, maxt, out);
  CACHESCOPE_ASSIGN_OR_RETURN(const std::optional<std::uint64_t> distance, PackedReferenceDistance(chunk.bytes));
  if (!distance.has_value()) return DecodePacked(chunk.bytes, out, mint, maxt);
  CACHESCOPE_ASSIGN_OR_RETURN(const storage::SampleColumns* reference, Reference(store, ref, *distance));
  return DecodePackedRelative(chunk.bytes, {reference->timestamps, reference->values, {}}, out, mint, maxt);
}

}  // namespace cachescope::tsdb
