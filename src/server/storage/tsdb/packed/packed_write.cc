#include <algorithm>
#include <functional>
#include <string>

#include "server/storage/tsdb/packed/column.h"
#include "server/storage/tsdb/packed/decimals.h"
#include "server/storage/tsdb/packed/dictionary.h"
#include "server/storage/tsdb/packed/packed.h"

namespace cachescope::tsdb {
namespace {

using packed::ColumnKind;
using packed::PutByte;
using packed::PutUvarint;
using packed::Transform;
using Bytes = std::vector<std::uint8_t>;

static_assert(kPackedMaxSamples == packed::kMostSamples);

// Above this share of exceptions other transforms are tried too: 1/16.
constexpr std::size_t kFewExceptions = 16;
// Above this many bits a value they are tried anyway.
constexpr std::size_t kManyBits = 36;
// Differences that look smaller than the values by this share are taken without a trial of the values: 1/4.
constexpr std::uint64_t kSureGain = 4;
// To read a relative chunk another one must be read, so it has to save this share of the bytes: 1/8.
constexpr std::size_t kRelativeGain = 8;

Status Check(const PackedSamples& samples) {
  const std::size_t count = samples.timestamps.size();
  const auto refuse = [](const std::string& cause) { return InvalidArgument("cannot write packed chunk: " + cause); };
  if (count == 0) return refuse("there are no samples");
  if (count > kPackedMaxSamples) {
    return refuse(std::to_string(count) + " samples are more than " + std::to_string(kPackedMaxSamples));
  }
  if (samples.values.size() != count || samples.starts.size() > count) return refuse("columns have different lengths");
  if (std::adjacent_find(samples.timestamps.begin(), samples.timestamps.end(), std::greater_equal<>()) !=
      samples.timestamps.end()) {
    return refuse("timestamps do not ascend");
  }
  return {};
}

std::span<const std::uint64_t> AsWhole(std::span<const TimestampMs> times) {
  return {reinterpret_cast<const std::uint64_t*>(times.data()), times.size()};
}

}  // namespace

struct PackedWriter::State {
  packed::ColumnWriter columns;
  std::vector<std::uint64_t> n;
  std::vector<std::uint64_t> gaps;
  std::vector<std::uint64_t> bits;
  std::vector<std::uint64_t> words;
  std::vector<std::uint64_t> reference;
  std::vector<TimestampMs> timestamps;  // what `times` holds
  Bytes times;
  Bytes starts;
  Bytes best;  // the values in the best way so far; empty: none yet
  Bytes other;

  // Series of one target come one after the other, and have the same times.
  void WriteTimes(std::span<const TimestampMs> t) {
    if (std::equal(t.begin(), t.end(), timestamps.begin(), timestamps.end())) return;
    timestamps.assign(t.begin(), t.end());
    times.clear();
    columns.Write(AsWhole(t), ColumnKind::kTimes, &times);
  }
  // Keeps what stands in `other` when it is smaller than the best by one part in `gain` (0: by any).
  bool Offer(std::size_t gain) {
    if (!best.empty() && other.size() + (gain == 0 ? 0 : best.size() / gain) >= best.size()) return false;
    best.swap(other);
    return true;
  }
  void WriteDecimals(unsigned decimals) {
    other.clear();
    PutByte(&other, static_cast<unsigned>(Transform::kDecimal) | decimals << packed::kDecimalsShift |
                        (gaps.empty() ? 0u : packed::kHasExceptions));
    columns.Write(n, ColumnKind::kValues, &other);
    if (!gaps.empty()) packed::WriteMarks(gaps, bits, &other);
  }
  // What is no decimal: as words of a dictionary or, when they are too many, as ordered bits.
  void WriteBits(std::span<const double> values) {
    other.clear();
    n.resize(values.size());
    std::transform(values.begin(), values.end(), n.begin(),
                   [](double v) { return packed::OrderedBits(std::bit_cast<std::uint64_t>(v)); });
    const bool constant = std::all_of(n.begin(), n.end(), [&](std::uint64_t v) { return v == n[0]; });
    if (!constant && packed::MakeDictionary(n, &words)) {
      PutByte(&other, static_cast<unsigned>(Transform::kDictionary));
      PutUvarint(&other, words.size());
      packed::WriteList(words, &other);
    } else {
      PutByte(&other, static_cast<unsigned>(Transform::kOrdered));
    }
    columns.Write(n, ColumnKind::kValues, &other);
  }
  // The values by themselves, into `best`. Returns the decimals when they are what was chosen.
  std::optional<unsigned> WriteValues(std::span<const double> values) {
    best.clear();
    auto decimals = packed::ChooseDecimals(values);
    if (decimals) {
      packed::ToWhole(values, *decimals, &n, &gaps, &bits);
      WriteDecimals(*decimals);
      Offer(0);
      if (gaps.size() * kFewExceptions <= values.size() && best.size() * 8 <= kManyBits * values.size()) {
        return decimals;
      }
    }
    WriteBits(values);
    if (Offer(0)) decimals.reset();
    return decimals;
  }
  void Subtract(std::span<const double> base, unsigned decimals) {
    reference.assign(n.size(), 0);
    packed::AddReference(packed::BestKernels(), base, decimals, reference.data());
    std::transform(n.begin(), n.end(), reference.begin(), n.begin(), std::minus<>());
  }
  // The values as differences, when that saves enough.
  bool WriteDifference(const PackedSamples& samples, std::span<const double> base, unsigned decimals) {
    packed::ToWhole(samples.values, decimals, &n, &gaps, &bits);
    Subtract(base, decimals);
    WriteDecimals(decimals);
    return Offer(kRelativeGain);
  }
  // The same into `best` where a glance is enough, which most buckets allow: it is half of the work.
  bool WriteSureDifference(const PackedSamples& samples, std::span<const double> base) {
    const auto decimals = packed::ChooseDecimals(samples.values);
    if (!decimals) return false;
    packed::ToWhole(samples.values, *decimals, &n, &gaps, &bits);
    const std::uint64_t alone = packed::ValueBits(n);
    if (alone == 0 || gaps.size() * kFewExceptions > n.size()) return false;
    Subtract(base, *decimals);
    if (packed::ValueBits(n) + alone / kSureGain > alone) return false;
    WriteDecimals(*decimals);
    best.swap(other);
    return best.size() * 8 <= kManyBits * n.size();
  }
  void Assemble(const PackedSamples& samples, unsigned features, std::uint64_t distance, Bytes* out) {
    starts.clear();
    if (std::any_of(samples.starts.begin(), samples.starts.end(), [](TimestampMs t) { return t != 0; })) {
      const auto known = AsWhole(samples.starts);
      n.assign(known.begin(), known.end());
      n.resize(samples.timestamps.size(), 0);
      columns.Write(n, ColumnKind::kTimes, &starts);
      features |= packed::kHasStarts;
    }
    out->clear();
    PutByte(out, packed::kVersion | features);
    PutUvarint(out, samples.timestamps.size());
    if (features & packed::kHasReference) {
      PutUvarint(out, distance);
    } else {
      out->insert(out->end(), times.begin(), times.end());
    }
    out->insert(out->end(), best.begin(), best.end());
    out->insert(out->end(), starts.begin(), starts.end());
  }
};

PackedWriter::PackedWriter() : state_(std::make_unique<State>()) {}
PackedWriter::~PackedWriter() = default;

Status PackedWriter::Write(const PackedSamples& samples, Bytes* out) {
  CACHESCOPE_RETURN_IF_ERROR(Check(samples));
  state_->WriteTimes(samples.timestamps);
  state_->WriteValues(samples.values);
  state_->Assemble(samples, 0, 0, out);
  return {};
}

Status PackedWriter::WriteRelative(const PackedSamples& samples, const PackedReference& reference, Bytes* out) {
  CACHESCOPE_RETURN_IF_ERROR(Check(samples));
  if (reference.distance == 0) return InvalidArgument("cannot write packed chunk: it would be its own reference");
  const PackedSamples& base = reference.samples;
  const bool same_times =
      base.values.size() == samples.values.size() &&
      std::equal(base.timestamps.begin(), base.timestamps.end(), samples.timestamps.begin(), samples.timestamps.end());
  if (same_times && state_->WriteSureDifference(samples, base.values)) {
    state_->Assemble(samples, packed::kHasReference | packed::kIsDifference, reference.distance, out);
    return {};
  }
  state_->WriteTimes(samples.timestamps);
  const auto decimals = state_->WriteValues(samples.values);
  unsigned features = 0;
  if (same_times) {
    const std::size_t alone = state_->times.size() + state_->best.size();
    if (decimals && state_->WriteDifference(samples, base.values, *decimals)) features |= packed::kIsDifference;
    const std::size_t relative = packed::UvarintBytes(reference.distance) + state_->best.size();
    if (relative + alone / kRelativeGain < alone || features != 0) features |= packed::kHasReference;
  }
  state_->Assemble(samples, features, reference.distance, out);
  return {};
}

}  // namespace cachescope::tsdb
