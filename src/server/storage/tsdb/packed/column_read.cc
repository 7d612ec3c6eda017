#include <algorithm>
#include <cstring>

#include "server/storage/tsdb/packed/column.h"
#include "server/storage/tsdb/packed/prefix_code.h"

namespace cachescope::tsdb::packed {
namespace {

constexpr const char* kCutOff = "data is cut off";

// Entries of one width. They are read where they are when enough bytes follow, else from a copy that has them.
const char* ReadBits(const Kernels& kernels, unsigned width, std::size_t count, ByteReader* in, std::uint64_t* out) {
  if (width == 0) {
    std::fill_n(out, count, 0);
    return nullptr;
  }
  const auto bytes = in->Bytes((count * width + 7) / 8);
  if (!in->ok()) return kCutOff;
  if (in->left() >= kReadSlack) {
    kernels.unpack(bytes.data(), width, count, out);
    return nullptr;
  }
  // Eight entries begin and end with a byte: only the last ones need the copy.
  const std::size_t near_end = std::min(count, (kReadSlack * 8 / width + 8) / 8 * 8);
  const std::size_t direct = (count - near_end) / 8 * 8;
  if (direct > 0) kernels.unpack(bytes.data(), width, direct, out);
  // At most 32 bytes and fifteen entries.
  const auto rest = bytes.subspan(direct / 8 * width);
  std::array<std::uint8_t, 256> copy{};
  std::memcpy(copy.data(), rest.data(), rest.size());
  kernels.unpack(copy.data(), width, count - direct, out + direct);
  return nullptr;
}

const char* ReadLengths(ByteReader* in, std::size_t symbols, CodeLengths* lengths) {
  const auto nibbles = in->Bytes((symbols + 1) / 2);
  if (!in->ok()) return kCutOff;
  for (std::size_t s = 0; s < symbols; ++s) (*lengths)[s] = static_cast<std::uint8_t>(nibbles[s / 2] >> s % 2 * 4 & 15);
  return IsComplete(std::span(*lengths).first(symbols)) ? nullptr : "lengths of prefix codes are impossible";
}

const char* ReadSymbols(const Kernels& kernels, const PrefixTable& table, std::size_t count, ByteReader* in,
                        std::uint8_t* symbols) {
  std::array<std::uint64_t, kLanes> sizes;
  std::uint64_t total = 0;
  for (std::size_t lane = 0, before = 0; lane < kLanes; ++lane) {
    before = sizes[lane] = before + static_cast<std::uint64_t>(in->Varint());
    // A code has at most eight bits.
    if (sizes[lane] > count / kLanes + 1) return "size of a lane is impossible";
    total += sizes[lane];
  }
  const auto bytes = in->Bytes(total);
  if (!in->ok()) return kCutOff;
  // A copy with room for what the codes of a hostile lane may run over its end.
  std::array<std::uint8_t, kMostSamples + kLanes + kMostSamples / kLanes + kReadSlack> copy;
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  std::memset(copy.data() + bytes.size(), 0, count / kLanes + kReadSlack);
  std::array<const std::uint8_t*, kLanes> lanes;
  std::array<std::uint64_t, kLanes> used;
  for (std::size_t lane = 0, at = 0; lane < kLanes; at += sizes[lane++]) lanes[lane] = copy.data() + at;
  kernels.read_symbols(table.data(), lanes.data(), count, symbols, used.data());
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    if (used[lane] > sizes[lane] * 8) return "prefix codes run over their lane";
  }
  return nullptr;
}

const char* ReadPrefixCoded(const Kernels& kernels, std::size_t count, ByteReader* in, std::uint64_t* out) {
  const unsigned width = in->Byte();
  const std::size_t symbols = in->Byte();
  if (!in->ok()) return kCutOff;
  if (width >= 64 || symbols < 2 || symbols > kMostSymbols) return "impossible head of prefix codes";
  CodeLengths lengths{};
  if (const char* wrong = ReadLengths(in, symbols, &lengths)) return wrong;
  PrefixTable table;
  MakeTable(std::span(lengths).first(symbols), &table);
  std::array<std::uint8_t, kMostSamples + kWriteSlack> read;
  if (const char* wrong = ReadSymbols(kernels, table, count, in, read.data())) return wrong;
  if (const char* wrong = ReadBits(kernels, width, count, in, out)) return wrong;
  kernels.join(read.data(), width, count, out);
  return nullptr;
}

// Puts what the marks say in the place of entries.
const char* ReadPatches(const Kernels& kernels, std::size_t count, ByteReader* in, std::uint64_t* out) {
  Marks marks;
  if (const char* wrong = ReadMarks(kernels, count, in, &marks)) return wrong;
  for (std::size_t i = 0; i < marks.count; ++i) out[marks.positions[i]] = marks.values[i];
  return nullptr;
}

// Residuals without their base.
const char* ReadEntries(const Kernels& kernels, std::uint8_t head, std::size_t count, ByteReader* in,
                        std::uint64_t* out) {
  const char* wrong = nullptr;
  const auto coder = static_cast<Coder>((head & kCoderMask) >> kCoderShift);
  switch (coder) {
    case Coder::kConstant:
    case Coder::kSparse:
      std::fill_n(out, count, 0);
      if (coder == Coder::kSparse) wrong = ReadPatches(kernels, count, in, out);
      break;
    case Coder::kPacked: {
      const unsigned width = in->Byte();
      wrong = width > 64 ? "entries of more than 64 bits" : ReadBits(kernels, width, count, in, out);
      break;
    }
    case Coder::kPrefix:
      wrong = ReadPrefixCoded(kernels, count, in, out);
  }
  if (wrong == nullptr && (head & kHasPatches) != 0) wrong = ReadPatches(kernels, count, in, out);
  return wrong;
}

// Residuals, behind what the predictor needs first, as the numbers they stand for.
void Predict(const Kernels& kernels, Predictor predictor, std::uint64_t base, std::uint64_t step, std::size_t count,
             std::uint64_t* out) {
  switch (predictor) {
    case Predictor::kNone:
    case Predictor::kLine:
      if (base != 0 || step != 0) kernels.add_line(base, step, count, out);
      break;
    case Predictor::kDelta:
      kernels.accumulate(base, count, out);
      break;
    case Predictor::kDeltaOfDelta:
      kernels.accumulate(base, count - 1, out + 1);
      kernels.accumulate(0, count, out);
  }
}

}  // namespace

const char* ReadList(const Kernels& kernels, std::size_t count, ByteReader* in, std::uint64_t* out) {
  const auto base = static_cast<std::uint64_t>(in->Varint());
  const unsigned width = in->Byte();
  if (!in->ok()) return kCutOff;
  if (width > 64) return "entries of more than 64 bits";
  if (const char* wrong = ReadBits(kernels, width, count, in, out)) return wrong;
  kernels.add_line(base, 0, count, out);
  return nullptr;
}

const char* ReadMarks(const Kernels& kernels, std::size_t total, ByteReader* in, Marks* marks) {
  const std::uint64_t count = in->Uvarint();
  if (!in->ok()) return kCutOff;
  if (count == 0 || count > total) return "number of marks is impossible";
  marks->count = static_cast<std::size_t>(count);
  if (const char* wrong = ReadList(kernels, marks->count, in, marks->positions)) return wrong;
  if (const char* wrong = ReadList(kernels, marks->count, in, marks->values)) return wrong;
  for (std::size_t i = 0, next = 0; i < marks->count; ++i) {
    if (marks->positions[i] >= total - next) return "position of a mark is outside";
    marks->positions[i] += next;
    next = marks->positions[i] + 1;
  }
  return nullptr;
}

const char* ReadColumn(const Kernels& kernels, std::size_t count, ByteReader* in, std::uint64_t* out) {
  const std::uint8_t head = in->Byte();
  const std::uint64_t scale = (head & kHasScale) != 0 ? in->Uvarint() : 1;
  const auto predictor = static_cast<Predictor>(head & kPredictorMask);
  const std::size_t skipped = predictor == Predictor::kDelta ? 1 : predictor == Predictor::kDeltaOfDelta ? 2 : 0;
  if ((head & kUnknownColumnBits) != 0 || count < skipped) return "impossible head of a column";
  const std::uint64_t step = predictor == Predictor::kLine ? static_cast<std::uint64_t>(in->Varint()) : 0;
  std::array<std::uint64_t, 2> first{};
  for (std::size_t i = 0; i < skipped; ++i) first[i] = static_cast<std::uint64_t>(in->Varint());
  const auto base = static_cast<std::uint64_t>(in->Varint());
  if (!in->ok()) return kCutOff;
  const bool constant = (head & (kCoderMask | kHasPatches)) == 0;
  if (constant && predictor != Predictor::kDeltaOfDelta) {
    predictor == Predictor::kDelta ? kernels.make_line(first[0], base, count, out)
                                   : kernels.make_line(base, step, count, out);
  } else {
    if (const char* wrong = ReadEntries(kernels, head, count - skipped, in, out + skipped)) return wrong;
    if (!in->ok()) return kCutOff;
    std::copy_n(first.begin(), skipped, out);
    Predict(kernels, predictor, base, step, count, out);
  }
  if (scale != 1) {
    for (std::size_t i = 0; i < count; ++i) out[i] *= scale;
  }
  return nullptr;
}

}  // namespace cachescope::tsdb::packed
