#include "server/storage/tsdb/chunks/chunk_histogram.h"

#include <algorithm>
#include <cmath>

#include "model/sample.h"
#include "server/storage/tsdb/chunks/histogram_layout.h"
#include "server/storage/tsdb/chunks/start_times.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kMaxSamples = 65535;
constexpr double kExactIntegers = 9007199254740992.0;

// A number that came as integer, with what its next difference is compared to. Sums wrap, as hostile bytes may ask.
struct IntegerColumn {
  std::uint64_t value = 0;
  std::uint64_t delta = 0;
  void Write(BitOutput* out, std::uint64_t next, std::size_t index) {
    const std::uint64_t fresh = next - value;
    out->WriteVarbitInt(static_cast<std::int64_t>(index < 2 ? fresh : fresh - delta));
    delta = fresh;
    value = next;
  }
  void Read(BitInput* in, std::size_t index) {
    const auto read = static_cast<std::uint64_t>(in->ReadVarbitInt());
    delta = index < 2 ? read : delta + read;
    value += delta;
  }
};

bool IsCount(double v) { return v >= 0 && v <= kExactIntegers && std::trunc(v) == v && !std::signbit(v); }

bool HasIntegerCounts(const FloatHistogram& h) {
  return IsCount(h.count) && IsCount(h.zero_count) &&
         std::all_of(h.positive_buckets.begin(), h.positive_buckets.end(), IsCount) &&
         std::all_of(h.negative_buckets.begin(), h.negative_buckets.end(), IsCount);
}

bool Shrinks(const std::vector<double>& before, const std::vector<double>& after) {
  for (std::size_t i = 0; i < before.size() && i < after.size(); ++i) {
    if (after[i] < before[i]) return true;
  }
  return false;
}

// Columns of both kinds of chunk. Buckets of integer chunks hold the difference to the bucket before.
struct Columns {
  std::uint64_t t = 0;
  std::uint64_t t_delta = 0;
  IntegerColumn count, zero_count;
  XorColumn float_count, float_zero_count, sum;
  std::vector<IntegerColumn> buckets;
  std::vector<XorColumn> float_buckets;
};

void WriteTime(TimestampMs t, std::size_t index, Columns* at, BitOutput* out) {
  const auto now = static_cast<std::uint64_t>(t);
  const std::uint64_t delta = now - at->t;
  if (index == 0) {
    out->WriteVarbitInt(t);
  } else if (index == 1) {
    out->WriteVarbitInt(static_cast<std::int64_t>(delta));
  } else {
    out->WriteVarbitInt(static_cast<std::int64_t>(delta - at->t_delta));
  }
  at->t = now;
  at->t_delta = delta;
}

void ReadTime(std::size_t index, Columns* at, BitInput* in) {
  if (index == 0) {
    at->t = static_cast<std::uint64_t>(in->ReadVarbitInt());
    return;
  }
  // Written signed, and read unsigned: times ascend, and earlier versions of this program wrote it so.
  const std::uint64_t read = index == 1 ? in->ReadVarbitUint() : static_cast<std::uint64_t>(in->ReadVarbitInt());
  at->t_delta = index == 1 ? read : at->t_delta + read;
  at->t += at->t_delta;
}

void WriteFloat(double value, std::size_t index, XorColumn* column, BitOutput* out) {
  if (index > 0) {
    column->Write(out, value);
  } else {
    column->value = value;
    out->WriteDouble(value);
  }
}

bool ReadFloat(std::size_t index, XorColumn* column, BitInput* in) {
  if (index > 0) return column->Read(in);
  column->value = in->ReadDouble();
  return in->ok();
}

void WriteIntegers(const FloatHistogram& h, std::size_t index, Columns* at, BitOutput* out) {
  const bool stale = IsStaleMarker(h.sum);
  const auto write = [&](IntegerColumn* column, double value) {
    const auto next = static_cast<std::uint64_t>(value);
    if (stale && index > 0) {
      out->WriteVarbitInt(0);  // a staleness marker has no counts
    } else if (index > 0) {
      column->Write(out, next, index);
    } else {
      out->WriteVarbitUint(next);
      column->value = next;
    }
  };
  write(&at->count, h.count);
  write(&at->zero_count, h.zero_count);
  WriteFloat(h.sum, index, &at->sum, out);
  if (stale) return;
  std::size_t i = 0;
  for (const auto* buckets : {&h.positive_buckets, &h.negative_buckets}) {
    std::uint64_t before = 0;
    for (const double bucket : *buckets) {
      const auto absolute = static_cast<std::uint64_t>(bucket);
      // The first sample's differences stand as they are; the others as their change.
      IntegerColumn& column = at->buckets[i++];
      column.Write(out, absolute - before, index);
      if (index == 0) column.delta = 0;
      before = absolute;
    }
  }
}

bool ReadIntegers(std::size_t index, Columns* at, FloatHistogram* h, BitInput* in) {
  for (IntegerColumn* column : {&at->count, &at->zero_count}) {
    if (index == 0) {
      column->value = in->ReadVarbitUint();
    } else {
      column->Read(in, index);
    }
  }
  h->count = static_cast<double>(at->count.value);
  h->zero_count = static_cast<double>(at->zero_count.value);
  if (!ReadFloat(index, &at->sum, in)) return false;
  h->sum = at->sum.value;
  if (IsStaleMarker(h->sum)) return true;
  std::size_t i = 0;
  for (auto* buckets : {&h->positive_buckets, &h->negative_buckets}) {
    std::uint64_t absolute = 0;
    for (double& bucket : *buckets) {
      IntegerColumn& column = at->buckets[i++];
      column.Read(in, index);
      if (index == 0) column.delta = 0;
      absolute += column.value;
      bucket = static_cast<double>(static_cast<std::int64_t>(absolute));
    }
  }
  return in->ok();
}

void WriteFloats(const FloatHistogram& h, std::size_t index, Columns* at, BitOutput* out) {
  WriteFloat(h.count, index, &at->float_count, out);
  WriteFloat(h.zero_count, index, &at->float_zero_count, out);
  WriteFloat(h.sum, index, &at->sum, out);
  if (IsStaleMarker(h.sum)) return;
  std::size_t i = 0;
  for (const auto* buckets : {&h.positive_buckets, &h.negative_buckets}) {
    for (const double bucket : *buckets) WriteFloat(bucket, index, &at->float_buckets[i++], out);
  }
}

bool ReadFloats(std::size_t index, Columns* at, FloatHistogram* h, BitInput* in) {
  if (!ReadFloat(index, &at->float_count, in) || !ReadFloat(index, &at->float_zero_count, in) ||
      !ReadFloat(index, &at->sum, in)) {
    return false;
  }
  h->count = at->float_count.value;
  h->zero_count = at->float_zero_count.value;
  h->sum = at->sum.value;
  if (IsStaleMarker(h->sum)) return true;
  std::size_t i = 0;
  for (auto* buckets : {&h->positive_buckets, &h->negative_buckets}) {
    for (double& bucket : *buckets) {
      if (!ReadFloat(index, &at->float_buckets[i], in)) return false;
      bucket = at->float_buckets[i++].value;
    }
  }
  return in->ok();
}

// A header says it once for all samples: those behind the first continue it.
CounterResetHint HintOf(std::uint8_t header, std::size_t index) {
  if (header == static_cast<std::uint8_t>(ResetHeader::kGauge)) return CounterResetHint::kGauge;
  if (index > 0) return CounterResetHint::kNotReset;
  return header == static_cast<std::uint8_t>(ResetHeader::kReset) ? CounterResetHint::kReset
                                                                  : CounterResetHint::kUnknown;
}

// A marker that ends the series, without counts and buckets.
FloatHistogram Marker(const FloatHistogram& h) {
  FloatHistogram marker;
  marker.sum = h.sum;
  marker.reset_hint = h.reset_hint;
  return marker;
}

}  // namespace

Status DecodeHistogramChunk(const ChunkView& chunk, TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) {
  const auto damaged = [](const char* what) {
    return Corruption(std::string("cannot decode histogram chunk: ") + what);
  };
  if (chunk.bytes.size() < kHistogramChunkHeaderBytes) return damaged("it has no header");
  const std::size_t count = ChunkSampleCount(chunk);
  const bool shared = HasSharedHeader(chunk.encoding);
  const std::uint8_t header = chunk.bytes[shared ? 0 : 2] & kResetHeaderMask;
  const bool floats =
      chunk.encoding == ChunkEncoding::kFloatHistogram || chunk.encoding == ChunkEncoding::kFloatHistogramStarts;
  StartTimes starts(shared ? chunk.bytes[2] : 0);
  BitInput in(chunk.bytes.subspan(kHistogramChunkHeaderBytes));
  FloatHistogram layout;
  if (count == 0) return {};
  if (!ReadLayout(&in, &layout)) return damaged("its layout does not decode");
  Columns at;
  const std::size_t buckets = layout.positive_buckets.size() + layout.negative_buckets.size();
  at.buckets.resize(floats ? 0 : buckets);
  at.float_buckets.resize(floats ? buckets : 0);
  TimestampMs last = 0;
  for (std::size_t i = 0; i < count; ++i) {
    auto h = std::make_shared<FloatHistogram>(layout);
    ReadTime(i, &at, &in);
    if (!(floats ? ReadFloats(i, &at, h.get(), &in) : ReadIntegers(i, &at, h.get(), &in))) {
      return damaged("a sample is cut off or impossible");
    }
    const auto t = static_cast<TimestampMs>(at.t);
    const TimestampMs start = starts.Read(&in, i, t, last);
    if (!in.ok()) return damaged("a sample is cut off or impossible");
    if (i > 0 && t <= last) return damaged("its timestamps do not ascend");
    last = t;
    if (t > maxt) break;
    if (t < mint) continue;
    if (IsStaleMarker(h->sum)) *h = Marker(*h);
    h->reset_hint = HintOf(header, i);
    out->histograms.push_back({t, std::move(h), start});
  }
  return {};
}

struct HistogramChunkWriter::State {
  std::string bytes = std::string(kHistogramChunkHeaderBytes, '\0');
  std::string body;
  BitOutput out{&body};
  Columns columns;
  FloatHistogram last;
  bool floats = false;
  std::size_t count = 0;
};

HistogramChunkWriter::HistogramChunkWriter() : state_(std::make_unique<State>()) {}
HistogramChunkWriter::~HistogramChunkWriter() = default;

std::size_t HistogramChunkWriter::sample_count() const noexcept { return state_->count; }

ChunkView HistogramChunkWriter::chunk() const noexcept {
  State& state = *state_;
  state.bytes.resize(kHistogramChunkHeaderBytes);
  state.bytes += state.body;
  return {state.floats ? ChunkEncoding::kFloatHistogram : ChunkEncoding::kHistogram,
          {reinterpret_cast<const std::uint8_t*>(state.bytes.data()), state.bytes.size()}};
}

bool HistogramChunkWriter::Append(TimestampMs t, const FloatHistogram& histogram) {
  State& state = *state_;
  const bool stale = IsStaleMarker(histogram.sum);
  const FloatHistogram marker = stale ? Marker(histogram) : FloatHistogram();
  const FloatHistogram& h = stale ? marker : histogram;
  const bool gauge = h.reset_hint == CounterResetHint::kGauge;
  if (state.count == 0) {
    state.floats = !stale && !HasIntegerCounts(h);
    const ResetHeader header = gauge                                         ? ResetHeader::kGauge
                               : h.reset_hint == CounterResetHint::kReset    ? ResetHeader::kReset
                               : h.reset_hint == CounterResetHint::kNotReset ? ResetHeader::kNotReset
                                                                             : ResetHeader::kUnknown;
    state.bytes[2] = static_cast<char>(header);
    WriteLayout(h, &state.out);
    const std::size_t buckets = h.positive_buckets.size() + h.negative_buckets.size();
    state.columns.buckets.resize(state.floats ? 0 : buckets);
    state.columns.float_buckets.resize(state.floats ? buckets : 0);
  } else {
    const FloatHistogram& last = state.last;
    if (state.count >= kMaxSamples || gauge != (last.reset_hint == CounterResetHint::kGauge)) return false;
    if (IsStaleMarker(last.sum) != stale && IsStaleMarker(last.sum)) return false;
    if (!stale) {
      if (!SameLayout(last, h) || (!state.floats && !HasIntegerCounts(h))) return false;
      if (!gauge &&
          (h.reset_hint == CounterResetHint::kReset || h.count < last.count || h.zero_count < last.zero_count ||
           Shrinks(last.positive_buckets, h.positive_buckets) || Shrinks(last.negative_buckets, h.negative_buckets))) {
        return false;
      }
    }
  }
  WriteTime(t, state.count, &state.columns, &state.out);
  if (state.floats) {
    WriteFloats(h, state.count, &state.columns, &state.out);
  } else {
    WriteIntegers(h, state.count, &state.columns, &state.out);
  }
  ++state.count;
  state.bytes[0] = static_cast<char>(state.count >> 8);
  state.bytes[1] = static_cast<char>(state.count);
  state.last = h;
  return true;
}

}  // namespace cachescope::tsdb
