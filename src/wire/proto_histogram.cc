#include "wire/proto_histogram.h"

#include <cmath>
#include <limits>

#include "base/number.h"
#include "wire/proto_reader.h"
#include "wire/proto_text.h"

namespace cachescope::wire {
namespace {

BucketSpan ReadSpan(pbf_reader message) {
  BucketSpan out;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kWireVarint):
        out.offset = message.get_sint32();
        break;
      case tag_and_type(2, kWireVarint):
        out.length = message.get_uint32();
        break;
      default:
        message.skip();
    }
  }
  return out;
}

class HistogramReader {
 public:
  HistogramReader(std::size_t max_buckets, ProtoHistogram* whole)
      : max_buckets_(max_buckets), whole_(whole), out_(&whole->histogram) {}

  Status Read(pbf_reader message) {
    while (message.next()) CACHESCOPE_RETURN_IF_ERROR(ReadField(&message));
    return {};
  }

 private:
  Status ReadField(pbf_reader* m);
  Status ReadBuckets(pbf_reader* m);
  template <typename Range>
  Status AddDeltas(const Range& deltas, std::int64_t* count, std::vector<double>* out) {
    for (const std::int64_t delta : deltas) {
      // Wraps instead of overflowing: the check of validity speaks of counts that are negative then.
      *count = static_cast<std::int64_t>(static_cast<std::uint64_t>(*count) + static_cast<std::uint64_t>(delta));
      CACHESCOPE_RETURN_IF_ERROR(AddValue(static_cast<double>(*count), out));
    }
    return {};
  }
  template <typename Range>
  Status AddValues(const Range& values, std::vector<double>* out) {
    for (const double value : values) CACHESCOPE_RETURN_IF_ERROR(AddValue(value, out));
    return {};
  }
  Status AddValue(double value, std::vector<double>* out) {
    if (++values_ > max_buckets_)
      return LimitExceeded("cannot read histogram: more than " + std::to_string(max_buckets_) + " buckets");
    out->push_back(value);
    return {};
  }
  Status AddSpan(BucketSpan span, std::vector<BucketSpan>* out) {
    if (out->size() == max_buckets_)
      return LimitExceeded("cannot read histogram: more than " + std::to_string(max_buckets_) + " spans");
    out->push_back(span);
    return {};
  }

  const std::size_t max_buckets_;
  ProtoHistogram* const whole_;
  FloatHistogram* const out_;
  std::size_t values_ = 0;
  std::int64_t positive_count_ = 0;  // of the bucket before, for deltas
  std::int64_t negative_count_ = 0;
};

Status HistogramReader::ReadField(pbf_reader* m) {
  switch (m->tag_and_type()) {
    case tag_and_type(1, kWireVarint):
      whole_->integer = true;
      out_->count = static_cast<double>(m->get_uint64());
      return {};
    case tag_and_type(2, kWireFixed64):
      out_->count = m->get_double();
      return {};
    case tag_and_type(3, kWireFixed64):
      out_->sum = m->get_double();
      return {};
    case tag_and_type(4, kWireVarint):
      out_->schema = m->get_sint32();
      return {};
    case tag_and_type(5, kWireFixed64):
      out_->zero_threshold = m->get_double();
      return {};
    case tag_and_type(6, kWireVarint):
      out_->zero_count = static_cast<double>(m->get_uint64());
      return {};
    case tag_and_type(7, kWireFixed64):
      out_->zero_count = m->get_double();
      return {};
    case tag_and_type(14, kWireVarint): {
      const std::int32_t hint = m->get_enum();
      out_->reset_hint = hint >= 0 && hint <= 3 ? static_cast<CounterResetHint>(hint) : CounterResetHint::kUnknown;
      return {};
    }
    case tag_and_type(15, kWireVarint):
      whole_->t = m->get_int64();
      return {};
    case tag_and_type(17, kWireVarint):
      whole_->start = m->get_int64();
      return {};
    default:
      return ReadBuckets(m);
  }
}

// Repeated numbers come packed, or one by one from an old encoder.
Status HistogramReader::ReadBuckets(pbf_reader* m) {
  switch (m->tag_and_type()) {
    case tag_and_type(8, kWireBytes):
      return AddSpan(ReadSpan(m->get_message()), &out_->negative_spans);
    case tag_and_type(9, kWireBytes):
      return AddDeltas(m->get_packed_sint64(), &negative_count_, &out_->negative_buckets);
    case tag_and_type(9, kWireVarint):
      return AddDeltas(std::initializer_list<std::int64_t>{m->get_sint64()}, &negative_count_, &out_->negative_buckets);
    case tag_and_type(10, kWireBytes):
      return AddValues(m->get_packed_double(), &out_->negative_buckets);
    case tag_and_type(10, kWireFixed64):
      return AddValue(m->get_double(), &out_->negative_buckets);
    case tag_and_type(11, kWireBytes):
      return AddSpan(ReadSpan(m->get_message()), &out_->positive_spans);
    case tag_and_type(12, kWireBytes):
      return AddDeltas(m->get_packed_sint64(), &positive_count_, &out_->positive_buckets);
    case tag_and_type(12, kWireVarint):
      return AddDeltas(std::initializer_list<std::int64_t>{m->get_sint64()}, &positive_count_, &out_->positive_buckets);
    case tag_and_type(13, kWireBytes):
      return AddValues(m->get_packed_double(), &out_->positive_buckets);
    case tag_and_type(13, kWireFixed64):
      return AddValue(m->get_double(), &out_->positive_buckets);
    case tag_and_type(16, kWireBytes):
      return AddValues(m->get_packed_double(), &out_->custom_values);
    case tag_and_type(16, kWireFixed64):
      return AddValue(m->get_double(), &out_->custom_values);
    default:
      m->skip();
      return {};
  }
}

void AppendSpans(std::string* out, std::uint32_t field, const std::vector<BucketSpan>& spans) {
  for (const BucketSpan& span : spans) {
    std::string message;
    AppendVarintField(&message, 1, ZigZag(span.offset));
    AppendVarintField(&message, 2, span.length);
    AppendBytesField(out, field, message);
  }
}

void AppendDoubles(std::string* out, std::uint32_t field, const std::vector<double>& values) {
  if (values.empty()) return;
  AppendKey(out, field, ProtoKind::kBytes);
  PutUvarint(out, values.size() * sizeof(double));
  for (const double value : values) AppendFixed64(out, std::bit_cast<std::uint64_t>(value));
}

Status CheckSide(const char* side, const std::vector<BucketSpan>& spans, const std::vector<double>& buckets,
                 double* sum) {
  std::uint64_t length = 0;
  // Indexes must stay numbers that bounds can be computed from.
  std::int64_t index = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i > 0 && spans[i].offset < 0) {
      return InvalidArgument(std::string(side) + " side: span number " + std::to_string(i + 1) + " with offset " +
                             std::to_string(spans[i].offset) + ": histogram has a span whose offset is negative");
    }
    length += spans[i].length;
    index += spans[i].offset + static_cast<std::int64_t>(spans[i].length);
    if (index > std::numeric_limits<std::int32_t>::max() || index < std::numeric_limits<std::int32_t>::min())
      return InvalidArgument(std::string(side) + " side: histogram has a span beyond every bucket");
  }
  if (length != buckets.size()) {
    return InvalidArgument(std::string(side) + " side: spans need " + std::to_string(length) + " buckets, have " +
                           std::to_string(buckets.size()) +
                           " buckets: histogram spans specify different number of buckets than provided");
  }
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (buckets[i] < 0) {
      return InvalidArgument(std::string(side) + " side: bucket number " + std::to_string(i + 1) +
                             " has observation count of " + FormatGeneral(buckets[i]) +
                             ": histogram has a bucket whose observation count is negative");
    }
    *sum += buckets[i];
  }
  return {};
}

Status CheckBounds(const FloatHistogram& h) {
  if (!h.uses_custom_buckets()) {
    if (h.schema < -4 || h.schema > 8)
      return InvalidArgument("histogram has an invalid schema: " + std::to_string(h.schema));
    return h.custom_values.empty() ? Status()
                                   : InvalidArgument("histogram with exponential schema must not have custom bounds");
  }
  for (std::size_t i = 0; i < h.custom_values.size(); ++i) {
    const double bound = h.custom_values[i];
    if (std::isnan(bound) || std::isinf(bound) || (i > 0 && bound <= h.custom_values[i - 1]))
      return InvalidArgument("custom buckets: histogram custom bounds must be in strictly increasing order");
  }
  std::uint64_t buckets = 0;
  for (const BucketSpan& span : h.positive_spans) {
    if (span.offset < 0) return InvalidArgument("custom buckets: histogram has a span whose offset is negative");
    buckets += static_cast<std::uint64_t>(span.offset) + span.length;
  }
  if (buckets > h.custom_values.size() + 1)
    return InvalidArgument("custom buckets: histogram has more buckets than custom bounds allow");
  if (h.zero_count != 0) return InvalidArgument("custom buckets: must have zero count of 0");
  if (!h.negative_spans.empty() || !h.negative_buckets.empty())
    return InvalidArgument("custom buckets: must not have negative buckets");
  return {};
}

}  // namespace

Status ReadProtoHistogram(std::string_view message, std::size_t max_buckets, ProtoHistogram* out) {
  try {
    return HistogramReader(max_buckets, out).Read(pbf_reader(message.data(), message.size()));
  } catch (const protozero::exception& error) {
    return Corruption(std::string("cannot read histogram: malformed protobuf: ") + error.what());
  }
}

void AppendProtoHistogram(std::string* out, TimestampMs t, const FloatHistogram& h) {
  // Of a oneof the member that is set is written even when it is 0.
  AppendKey(out, 2, ProtoKind::kFixed64);
  AppendFixed64(out, std::bit_cast<std::uint64_t>(h.count));
  AppendDoubleField(out, 3, h.sum);
  AppendVarintField(out, 4, ZigZag(h.schema));
  AppendDoubleField(out, 5, h.zero_threshold);
  AppendKey(out, 7, ProtoKind::kFixed64);
  AppendFixed64(out, std::bit_cast<std::uint64_t>(h.zero_count));
  AppendSpans(out, 8, h.negative_spans);
  AppendDoubles(out, 10, h.negative_buckets);
  AppendSpans(out, 11, h.positive_spans);
  AppendDoubles(out, 13, h.positive_buckets);
  AppendVarintField(out, 14, static_cast<std::uint64_t>(h.reset_hint));
  AppendVarintField(out, 15, static_cast<std::uint64_t>(t));
  AppendDoubles(out, 16, h.custom_values);
}

Status CheckHistogram(const FloatHistogram& h, bool integer) {
  if (IsStaleMarker(h.sum)) return {};
  CACHESCOPE_RETURN_IF_ERROR(CheckBounds(h));
  double in_buckets = 0;
  double negative = 0;
  CACHESCOPE_RETURN_IF_ERROR(CheckSide("positive", h.positive_spans, h.positive_buckets, &in_buckets));
  CACHESCOPE_RETURN_IF_ERROR(CheckSide("negative", h.negative_spans, h.negative_buckets, &negative));
  if (h.zero_count < 0 || h.count < 0 || std::isnan(h.count))
    return InvalidArgument("histogram has a negative count of observations");
  if (!integer) return {};
  in_buckets += negative + h.zero_count;
  // Observations of NaN count but are in no bucket.
  if (std::isnan(h.sum) ? in_buckets <= h.count : in_buckets == h.count) return {};
  return InvalidArgument(FormatGeneral(in_buckets) + " observations found in buckets, but the Count field is " +
                         FormatGeneral(h.count) +
                         ": histogram's observation count should equal the number of observations found in the buckets"
                         " (in absence of NaN)");
}

}  // namespace cachescope::wire
