#include "client/exposition/protobuf_reader_test.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include "client/exposition/protobuf_fields.h"

namespace cachescope::client {
namespace {

std::uint64_t TakeVarint(std::string_view* bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (bytes->empty()) break;
    const auto byte = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  ADD_FAILURE() << "a varint has no end";
  *bytes = {};
  return 0;
}

std::int64_t UnZigZag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

struct Field {
  std::uint32_t number = 0;
  std::uint64_t integer = 0;
  double real = 0;
  std::string_view bytes;
};

std::string_view TakeBytes(std::string_view* bytes) {
  const std::uint64_t size = TakeVarint(bytes);
  EXPECT_LE(size, bytes->size());
  const std::string_view taken = bytes->substr(0, size);
  bytes->remove_prefix(taken.size());
  return taken;
}

// Calls `read` with each field of a message.
template <class Read>
void ForEach(std::string_view message, Read read) {
  while (!message.empty()) {
    const std::uint64_t key = TakeVarint(&message);
    Field field{static_cast<std::uint32_t>(key >> 3), 0, 0, {}};
    if ((key & 7) == 0) {
      field.integer = TakeVarint(&message);
    } else if ((key & 7) == 1) {
      ASSERT_GE(message.size(), sizeof field.real);
      std::memcpy(&field.real, message.data(), sizeof field.real);
      message.remove_prefix(sizeof field.real);
    } else {
      ASSERT_EQ(key & 7, 2U);
      field.bytes = TakeBytes(&message);
    }
    read(field);
  }
}

void Unknown(const char* message, const Field& field) { ADD_FAILURE() << message << " has field " << field.number; }

LabelPair ReadLabel(std::string_view message) {
  LabelPair label;
  ForEach(message, [&](const Field& field) {
    if (field.number == proto::kLabelName) return static_cast<void>(label.name = field.bytes);
    if (field.number == proto::kLabelValue) return static_cast<void>(label.value = field.bytes);
    Unknown("LabelPair", field);
  });
  return label;
}

double ReadTimestamp(std::string_view message) {
  double seconds = 0;
  ForEach(message, [&](const Field& field) {
    if (field.number == proto::kTimestampSeconds) {
      seconds += static_cast<double>(field.integer);
    } else {
      EXPECT_EQ(field.number, proto::kTimestampNanoseconds);
      EXPECT_LT(field.integer, 1'000'000'000U);
      seconds += static_cast<double>(field.integer) / 1e9;
    }
  });
  return seconds;
}

ExemplarSnapshot ReadExemplar(std::string_view message) {
  ExemplarSnapshot exemplar;
  ForEach(message, [&](const Field& field) {
    switch (field.number) {
      case proto::kExemplarLabel:
        return exemplar.labels.push_back(ReadLabel(field.bytes));
      case proto::kExemplarValue:
        return static_cast<void>(exemplar.value = field.real);
      case proto::kExemplarTimestamp:
        return static_cast<void>(exemplar.timestamp = ReadTimestamp(field.bytes));
      default:
        Unknown("Exemplar", field);
    }
  });
  return exemplar;
}

void ReadScalar(std::string_view message, SeriesSnapshot* series) {
  ForEach(message, [&](const Field& field) {
    EXPECT_EQ(field.number, proto::kScalarValue);
    series->value = field.real;
  });
}

void ReadCounter(std::string_view message, SeriesSnapshot* series) {
  ForEach(message, [&](const Field& field) {
    switch (field.number) {
      case proto::kCounterValue:
        return static_cast<void>(series->value = field.real);
      case proto::kCounterExemplar:
        return series->exemplars.push_back(ReadExemplar(field.bytes));
      case proto::kCounterCreated:
        return static_cast<void>(series->created = ReadTimestamp(field.bytes));
      default:
        Unknown("Counter", field);
    }
  });
}

void ReadSummary(std::string_view message, SeriesSnapshot* series) {
  ForEach(message, [&](const Field& field) {
    switch (field.number) {
      case proto::kSummaryCount:
        return static_cast<void>(series->count = field.integer);
      case proto::kSummarySum:
        return static_cast<void>(series->sum = field.real);
      case proto::kSummaryQuantile:
        series->quantiles.emplace_back();
        return ForEach(field.bytes, [&](const Field& part) {
          (part.number == proto::kQuantile ? series->quantiles.back().quantile : series->quantiles.back().value) =
              part.real;
        });
      case proto::kSummaryCreated:
        return static_cast<void>(series->created = ReadTimestamp(field.bytes));
      default:
        Unknown("Summary", field);
    }
  });
}

void ReadBucket(std::string_view message, SeriesSnapshot* series) {
  series->buckets.emplace_back();
  ForEach(message, [&](const Field& field) {
    switch (field.number) {
      case proto::kBucketCount:
        return static_cast<void>(series->buckets.back().cumulative_count = field.integer);
      case proto::kBucketBound:
        return static_cast<void>(series->buckets.back().upper_bound = field.real);
      case proto::kBucketExemplar:
        return series->exemplars.push_back(ReadExemplar(field.bytes));
      default:
        Unknown("Bucket", field);
    }
  });
}

BucketSpanSnapshot ReadSpan(std::string_view message) {
  BucketSpanSnapshot span;
  ForEach(message, [&](const Field& field) {
    if (field.number == proto::kSpanOffset)
      return static_cast<void>(span.offset = static_cast<int>(UnZigZag(field.integer)));
    EXPECT_EQ(field.number, proto::kSpanLength);
    span.length = static_cast<std::uint32_t>(field.integer);
  });
  return span;
}

std::vector<std::uint64_t> ReadDeltas(std::string_view packed) {
  std::vector<std::uint64_t> counts;
  std::uint64_t count = 0;
  while (!packed.empty()) counts.push_back(count += static_cast<std::uint64_t>(UnZigZag(TakeVarint(&packed))));
  return counts;
}

// False for a field that is none of the native ones.
bool ReadNative(const Field& field, NativeHistogramSnapshot* native) {
  switch (field.number) {
    case proto::kHistogramSchema:
      native->schema = static_cast<std::int32_t>(UnZigZag(field.integer));
      return true;
    case proto::kHistogramZeroThreshold:
      native->zero_threshold = field.real;
      return true;
    case proto::kHistogramZeroCount:
      native->zero_count = field.integer;
      return true;
    case proto::kHistogramNegativeSpan:
      native->negative_spans.push_back(ReadSpan(field.bytes));
      return true;
    case proto::kHistogramNegativeDelta:
      native->negative_counts = ReadDeltas(field.bytes);
      return true;
    case proto::kHistogramPositiveSpan:
      native->positive_spans.push_back(ReadSpan(field.bytes));
      return true;
    case proto::kHistogramPositiveDelta:
      native->positive_counts = ReadDeltas(field.bytes);
      return true;
    default:
      return false;
  }
}

void ReadHistogram(std::string_view message, SeriesSnapshot* series) {
  NativeHistogramSnapshot native;
  std::vector<ExemplarSnapshot> exemplars;
  bool is_native = false;
  ForEach(message, [&](const Field& field) {
    switch (field.number) {
      case proto::kHistogramCount:
        return static_cast<void>(native.count = field.integer);
      case proto::kHistogramSum:
        return static_cast<void>(series->sum = field.real);
      case proto::kHistogramBucket:
        return ReadBucket(field.bytes, series);
      case proto::kHistogramCreated:
        return static_cast<void>(series->created = ReadTimestamp(field.bytes));
      case proto::kHistogramExemplar:
        return exemplars.push_back(ReadExemplar(field.bytes));
      default:
        if (!ReadNative(field, &native)) Unknown("Histogram", field);
        is_native = true;
    }
  });
  if (!is_native) return;
  series->native = std::make_shared<NativeHistogramSnapshot>(native);
  if (series->exemplars.empty()) series->exemplars = exemplars;  // else they stand at the buckets too
}

SeriesSnapshot ReadMetric(std::string_view message) {
  SeriesSnapshot series;
  ForEach(message, [&](const Field& field) {
    switch (field.number) {
      case proto::kMetricLabel:
        return series.labels.push_back(ReadLabel(field.bytes));
      case proto::kMetricCounter:
        return ReadCounter(field.bytes, &series);
      case proto::kMetricSummary:
        return ReadSummary(field.bytes, &series);
      case proto::kMetricHistogram:
        return ReadHistogram(field.bytes, &series);
      case proto::kMetricGauge:
      case proto::kMetricUntyped:
        return ReadScalar(field.bytes, &series);
      default:
        Unknown("Metric", field);
    }
  });
  return series;
}

FamilySnapshot ReadFamily(std::string_view message) {
  constexpr InstrumentType kTypes[] = {InstrumentType::kCounter, InstrumentType::kGauge, InstrumentType::kSummary,
                                       InstrumentType::kUntyped, InstrumentType::kHistogram};
  FamilySnapshot family;
  ForEach(message, [&](const Field& field) {
    switch (field.number) {
      case proto::kFamilyName:
        return static_cast<void>(family.name = field.bytes);
      case proto::kFamilyHelp:
        return static_cast<void>(family.help = field.bytes);
      case proto::kFamilyType:
        ASSERT_LT(field.integer, std::size(kTypes));
        return static_cast<void>(family.type = kTypes[field.integer]);
      case proto::kFamilyMetric:
        return family.series.push_back(ReadMetric(field.bytes));
      case proto::kFamilyUnit:
        return static_cast<void>(family.unit = field.bytes);
      default:
        Unknown("MetricFamily", field);
    }
  });
  return family;
}

}  // namespace

std::vector<FamilySnapshot> ReadProtobuf(std::string_view bytes) {
  std::vector<FamilySnapshot> families;
  while (!bytes.empty()) families.push_back(ReadFamily(TakeBytes(&bytes)));
  return families;
}

}  // namespace cachescope::client
