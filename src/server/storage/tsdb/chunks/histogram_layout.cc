#include "server/storage/tsdb/chunks/histogram_layout.h"

namespace cachescope::tsdb {
namespace {

constexpr unsigned kRawThreshold = 255;
constexpr int kThresholdBias = 243;  // a power of two is stored as its exponent plus this, in one byte
constexpr double kMaxThousandths = 33554430;

// One byte for zero and powers of two, nine for the rest.
void WriteThreshold(double threshold, BitOutput* out) {
  if (threshold == 0) {
    out->Write(0, 8);
    return;
  }
  int exponent = 0;
  const double fraction = std::frexp(threshold, &exponent);
  if (fraction == 0.5 && exponent >= -242 && exponent <= 11) {
    out->Write(static_cast<std::uint64_t>(exponent + kThresholdBias), 8);
  } else {
    out->Write(kRawThreshold, 8);
    out->WriteDouble(threshold);
  }
}

double ReadThreshold(BitInput* in) {
  const auto byte = static_cast<unsigned>(in->Read(8));
  if (byte == 0) return 0;
  if (byte == kRawThreshold) return in->ReadDouble();
  return std::ldexp(0.5, static_cast<int>(byte) - kThresholdBias);
}

void WriteSpans(const std::vector<BucketSpan>& spans, BitOutput* out) {
  out->WriteVarbitUint(spans.size());
  for (const BucketSpan& span : spans) {
    out->WriteVarbitUint(span.length);
    out->WriteVarbitInt(span.offset);
  }
}

// Buckets of all spans may not outnumber the bits that could hold them.
bool ReadSpans(BitInput* in, std::vector<BucketSpan>* spans, std::vector<double>* buckets) {
  const std::uint64_t count = in->ReadVarbitUint();
  if (count > in->bits_left()) return false;
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < count && in->ok(); ++i) {
    const std::uint64_t length = in->ReadVarbitUint();
    const std::int64_t offset = in->ReadVarbitInt();
    total += length;
    if (length > in->bits_left() || total > in->bits_left()) return false;
    spans->push_back({static_cast<std::int32_t>(offset), static_cast<std::uint32_t>(length)});
  }
  buckets->assign(static_cast<std::size_t>(total), 0);
  return in->ok();
}

// Bounds that are whole thousandths are stored as their number plus one; 0 announces the raw form.
void WriteBound(double bound, BitOutput* out) {
  const double thousandths = bound * 1000;
  const bool whole = thousandths >= 0 && thousandths <= kMaxThousandths && !std::signbit(bound) &&
                     std::round(thousandths) / 1000 == bound;
  if (whole) {
    out->WriteVarbitUint(static_cast<std::uint64_t>(std::round(thousandths)) + 1);
  } else {
    out->Write(0, 1);
    out->WriteDouble(bound);
  }
}

double ReadBound(BitInput* in) {
  const std::uint64_t code = in->ReadVarbitUint();
  return code == 0 ? in->ReadDouble() : static_cast<double>(code - 1) / 1000;
}

}  // namespace

void XorColumn::Write(BitOutput* out, double next) {
  const std::uint64_t diff = std::bit_cast<std::uint64_t>(next) ^ std::bit_cast<std::uint64_t>(value);
  value = next;
  if (diff == 0) {
    out->Write(0, 1);
    return;
  }
  const unsigned first = std::min(31u, static_cast<unsigned>(std::countl_zero(diff)));
  const unsigned last = static_cast<unsigned>(std::countr_zero(diff));
  if (leading != kNoWindow && first >= leading && last >= trailing) {
    out->Write(0b10, 2);
    out->Write(diff >> trailing, 64 - leading - trailing);
    return;
  }
  leading = first;
  trailing = last;
  const unsigned width = 64 - leading - trailing;
  out->Write(0b11, 2);
  out->Write(leading, 5);
  out->Write(width & 63, 6);  // 64 is written as 0
  out->Write(diff >> trailing, width);
}

bool XorColumn::Read(BitInput* in) {
  if (!in->ReadBit()) return in->ok();
  if (in->ReadBit()) {
    leading = static_cast<unsigned>(in->Read(5));
    unsigned width = static_cast<unsigned>(in->Read(6));
    if (width == 0) width = 64;
    if (leading + width > 64) return false;
    trailing = 64 - leading - width;
  } else if (leading == kNoWindow) {
    return false;
  }
  const std::uint64_t bits = in->Read(64 - leading - trailing) << trailing;
  value = std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) ^ bits);
  return in->ok();
}

void WriteLayout(const FloatHistogram& h, BitOutput* out) {
  WriteThreshold(h.zero_threshold, out);
  out->WriteVarbitInt(h.schema);
  WriteSpans(h.positive_spans, out);
  WriteSpans(h.negative_spans, out);
  if (!h.uses_custom_buckets()) return;
  out->WriteVarbitUint(h.custom_values.size());
  for (const double bound : h.custom_values) WriteBound(bound, out);
}

bool ReadLayout(BitInput* in, FloatHistogram* h) {
  h->zero_threshold = ReadThreshold(in);
  h->schema = static_cast<std::int32_t>(in->ReadVarbitInt());
  if (!ReadSpans(in, &h->positive_spans, &h->positive_buckets)) return false;
  if (!ReadSpans(in, &h->negative_spans, &h->negative_buckets)) return false;
  if (!h->uses_custom_buckets()) return in->ok();
  const std::uint64_t count = in->ReadVarbitUint();
  if (count > in->bits_left()) return false;
  for (std::uint64_t i = 0; i < count && in->ok(); ++i) h->custom_values.push_back(ReadBound(in));
  return in->ok();
}

bool SameLayout(const FloatHistogram& a, const FloatHistogram& b) {
  return a.schema == b.schema && a.zero_threshold == b.zero_threshold && a.positive_spans == b.positive_spans &&
         a.negative_spans == b.negative_spans && a.custom_values == b.custom_values;
}

}  // namespace cachescope::tsdb
