#include <algorithm>
#include <string>

#include "server/storage/tsdb/packed/column.h"
#include "server/storage/tsdb/packed/decimals.h"
#include "server/storage/tsdb/packed/packed_decode.h"

namespace cachescope::tsdb {
namespace packed {
namespace {

struct Header {
  std::uint8_t features = 0;
  std::size_t count = 0;
  std::uint64_t distance = 0;
};

Status Damaged(const char* cause) { return Corruption(std::string("cannot decode packed chunk: ") + cause); }

Status Newer(const std::string& what) {
  return InvalidArgument("cannot decode packed chunk: it has " + what + ", which this program does not know");
}

Status ReadHeader(ByteReader* in, Header* header) {
  if (in->empty()) return Damaged("header is cut off");
  const std::uint8_t first = in->Byte();
  if ((first & kVersionMask) != kVersion) return Newer("version " + std::to_string(first & kVersionMask));
  if ((first & kUnknownFeature) != 0) return Newer("feature bit 7");
  header->features = first & static_cast<std::uint8_t>(~kVersionMask);
  const std::uint64_t count = in->Uvarint();
  const bool relative = (first & kHasReference) != 0;
  if (relative) header->distance = in->Uvarint();
  if (!in->ok()) return Damaged("header is cut off");
  if (count == 0 || count > kMostSamples) return Damaged("number of samples is impossible");
  if (relative ? header->distance == 0 : (first & kIsDifference) != 0) return Damaged("impossible reference");
  header->count = static_cast<std::size_t>(count);
  return {};
}

// A column of whole numbers with the room that kernels want behind it.
using Numbers = std::array<std::uint64_t, kMostSamples + kWriteSlack>;

class ValueReader {
 public:
  ValueReader(const Kernels& kernels, const Header& header, const PackedSamples* reference, ByteReader* in)
      : kernels_(kernels), header_(header), reference_(reference), in_(in) {}

  // Writes header.count values. Null, or what is wrong.
  const char* Read(double* out) {
    const std::uint8_t head = in_->Byte();
    if (!in_->ok()) return "data is cut off";
    const unsigned decimals = (head & kDecimalsMask) >> kDecimalsShift;
    const bool difference = (header_.features & kIsDifference) != 0;
    switch (static_cast<Transform>(head & kTransformMask)) {
      case Transform::kDecimal:
        if (decimals > kMostDecimals) return "more decimals than a double can have";
        return ReadDecimals(decimals, (head & kHasExceptions) != 0, difference, out);
      case Transform::kOrdered:
        if (head != static_cast<std::uint8_t>(Transform::kOrdered) || difference) break;
        if (const char* wrong = ReadColumn(kernels_, header_.count, in_, n_.data())) return wrong;
        kernels_.to_ordered(n_.data(), header_.count, out);
        return nullptr;
      case Transform::kDictionary:
        if (head != static_cast<std::uint8_t>(Transform::kDictionary) || difference) break;
        return ReadDictionary(out);
    }
    return "impossible head of the values";
  }

 private:
  const char* ReadDecimals(unsigned decimals, bool exceptions, bool difference, double* out) {
    if (const char* wrong = ReadColumn(kernels_, header_.count, in_, n_.data())) return wrong;
    if (difference) AddReference(kernels_, reference_->values, decimals, n_.data());
    kernels_.to_decimal(n_.data(), header_.count, kPowersOfTen[decimals], out);
    return exceptions ? ReadExceptions(out) : nullptr;
  }
  const char* ReadExceptions(double* out) {
    Marks marks;
    if (const char* wrong = ReadMarks(kernels_, header_.count, in_, &marks)) return wrong;
    for (std::size_t i = 0; i < marks.count; ++i) out[marks.positions[i]] = std::bit_cast<double>(marks.values[i]);
    return nullptr;
  }
  const char* ReadDictionary(double* out) {
    const std::uint64_t words = in_->Uvarint();
    if (words == 0 || words > kMostWords) return "size of the dictionary is impossible";
    std::array<std::uint64_t, kMostWords + kWriteSlack> ordered;
    std::array<double, kMostWords> word;
    if (const char* wrong = ReadList(kernels_, static_cast<std::size_t>(words), in_, ordered.data())) return wrong;
    kernels_.to_ordered(ordered.data(), static_cast<std::size_t>(words), word.data());
    if (const char* wrong = ReadColumn(kernels_, header_.count, in_, n_.data())) return wrong;
    for (std::size_t i = 0; i < header_.count; ++i) {
      if (n_[i] >= words) return "a word is not in the dictionary";
      out[i] = word[n_[i]];
    }
    return nullptr;
  }

  const Kernels& kernels_;
  const Header& header_;
  const PackedSamples* reference_;
  ByteReader* in_;
  Numbers n_;
};

// Columns that grow by the samples of a chunk, and shrink again to the ones that are wanted.
class Target {
 public:
  explicit Target(storage::SampleColumns* out)
      : out_(out), times_before_(out->timestamps.size()), values_before_(out->values.size()) {}
  std::uint64_t* GrowTimes(std::size_t count) {
    out_->timestamps.resize(times_before_ + count + kWriteSlack);
    return reinterpret_cast<std::uint64_t*>(out_->timestamps.data() + times_before_);
  }
  double* GrowValues(std::size_t count) {
    out_->values.resize(values_before_ + count);
    return out_->values.data() + values_before_;
  }
  void Shrink() { Keep(0, 0); }
  void Keep(std::size_t begin, std::size_t end) {
    Keep(begin, end, times_before_, &out_->timestamps);
    if (out_->values.size() > values_before_) Keep(begin, end, values_before_, &out_->values);
  }
  void AddStarts(const std::uint64_t* starts, std::size_t begin, std::size_t end) {
    out_->starts.resize(times_before_, 0);
    for (std::size_t i = begin; i < end; ++i) out_->starts.push_back(static_cast<TimestampMs>(starts[i]));
  }

 private:
  template <class T>
  static void Keep(std::size_t begin, std::size_t end, std::size_t before, std::vector<T>* column) {
    if (begin > 0) {
      const auto first = column->begin() + static_cast<std::ptrdiff_t>(before);
      std::copy(first + static_cast<std::ptrdiff_t>(begin), first + static_cast<std::ptrdiff_t>(end), first);
    }
    column->resize(before + end - begin);
  }
  storage::SampleColumns* out_;
  std::size_t times_before_;
  std::size_t values_before_;
};

const char* ReadTimes(const Kernels& kernels, const Header& header, const PackedSamples* reference, ByteReader* in,
                      std::uint64_t* times) {
  if ((header.features & kHasReference) != 0) {
    if (reference->timestamps.size() != header.count || reference->values.size() != header.count) {
      return "its reference has another number of samples";
    }
    std::copy_n(reference->timestamps.begin(), header.count, reinterpret_cast<TimestampMs*>(times));
    return nullptr;
  }
  if (const char* wrong = ReadColumn(kernels, header.count, in, times)) return wrong;
  return kernels.ascends(times, header.count) ? nullptr : "timestamps do not ascend";
}

const char* ReadColumns(const Kernels& kernels, const Header& header, const PackedSamples* reference, ByteReader* in,
                        TimestampMs mint, TimestampMs maxt, Target* out) {
  std::uint64_t* times = out->GrowTimes(header.count);
  if (const char* wrong = ReadTimes(kernels, header, reference, in, times)) return wrong;
  const auto* t = reinterpret_cast<const TimestampMs*>(times);
  const TimestampMs* last = t + header.count;
  const auto begin = t[0] >= mint ? 0 : static_cast<std::size_t>(std::lower_bound(t, last, mint) - t);
  const auto end = last[-1] <= maxt ? header.count : static_cast<std::size_t>(std::upper_bound(t, last, maxt) - t);
  if (begin >= end) {
    out->Shrink();
    return nullptr;
  }
  ValueReader values(kernels, header, reference, in);
  if (const char* wrong = values.Read(out->GrowValues(header.count))) return wrong;
  if ((header.features & kHasStarts) != 0) {
    Numbers starts;
    if (const char* wrong = ReadColumn(kernels, header.count, in, starts.data())) return wrong;
    if (in->empty()) out->AddStarts(starts.data(), begin, end);
  }
  if (!in->empty()) return "bytes are left over";
  out->Keep(begin, end);
  return nullptr;
}

}  // namespace

Status Decode(const Kernels& kernels, std::span<const std::uint8_t> chunk, const PackedSamples* reference,
              storage::SampleColumns* out, TimestampMs mint, TimestampMs maxt) {
  ByteReader in(chunk);
  Header header;
  CACHESCOPE_RETURN_IF_ERROR(ReadHeader(&in, &header));
  if ((header.features & kHasReference) != 0 && reference == nullptr) {
    return InvalidArgument("cannot decode packed chunk: it is relative and its reference is not at hand");
  }
  Target target(out);
  const char* wrong = ReadColumns(kernels, header, reference, &in, mint, maxt, &target);
  if (wrong == nullptr) return {};
  target.Shrink();
  return Damaged(wrong);
}

}  // namespace packed

std::size_t PackedSampleCount(std::span<const std::uint8_t> chunk) noexcept {
  ByteReader in(chunk);
  const std::uint8_t first = in.Byte();
  const std::uint64_t count = in.Uvarint();
  const bool known = in.ok() && (first & packed::kVersionMask) == packed::kVersion && count <= packed::kMostSamples;
  return known ? static_cast<std::size_t>(count) : 0;
}

Result<std::optional<std::uint64_t>> PackedReferenceDistance(std::span<const std::uint8_t> chunk) {
  ByteReader in(chunk);
  packed::Header header;
  CACHESCOPE_RETURN_IF_ERROR(packed::ReadHeader(&in, &header));
  if ((header.features & packed::kHasReference) == 0) return std::optional<std::uint64_t>();
  return std::optional<std::uint64_t>(header.distance);
}

Status DecodePacked(std::span<const std::uint8_t> chunk, storage::SampleColumns* out, TimestampMs mint,
                    TimestampMs maxt) {
  return packed::Decode(packed::BestKernels(), chunk, nullptr, out, mint, maxt);
}

Status DecodePackedRelative(std::span<const std::uint8_t> chunk, const PackedSamples& reference,
                            storage::SampleColumns* out, TimestampMs mint, TimestampMs maxt) {
  return packed::Decode(packed::BestKernels(), chunk, &reference, out, mint, maxt);
}

}  // namespace cachescope::tsdb
