// FamilyCore's protobuf messages, straight from its cells: labels are taken from the rendered text.
#include <algorithm>
#include <bit>
#include <cstring>

#include "client/exposition/family_cells.h"
#include "client/exposition/family_formats.h"
#include "client/exposition/page_bytes.h"
#include "client/exposition/protobuf_fields.h"
#include "client/family_core.h"
#include "client/name.h"
#include "client/number_text.h"
#include "client/proto_writer.h"

namespace cachescope::client {
namespace {

// Keys and lengths around one label, beside its name and value.
constexpr std::size_t kLabelFrame = 2 * (1 + 2) + 1 + 2;
// Keys and lengths around a metric, its value and its time.
constexpr std::size_t kMetricFrame = 64;

constexpr char Key(std::uint32_t field, std::uint32_t wire_type) noexcept {
  return static_cast<char>(field << 3 | wire_type);
}

// Writes a message whose length is not known yet and is most likely below 128.
template <class Write>
char* WriteMessage(char* at, char key, Write write) noexcept {
  *at++ = key;
  char* const start = at + 1;
  char* end = write(start);
  const auto size = static_cast<std::size_t>(end - start);
  if (size < 0x80) [[likely]] {
    *at = static_cast<char>(size);
    return end;
  }
  const std::size_t more = VarintSize(size) - 1;
  std::memmove(start + more, start, size);
  WriteVarint(at, size);
  return end + more;
}

char* WriteDoubleField(char* at, char key, double value) noexcept {
  *at++ = key;
  return WriteFixed64(at, std::bit_cast<std::uint64_t>(value));
}

char* WriteUintField(char* at, char key, std::uint64_t value) noexcept {
  *at++ = key;
  return WriteVarint(at, value);
}

char* WriteCreated(char* at, char key, const Series& series) noexcept {
  return WriteMessage(at, key, [&](char* inner) {
    inner = WriteUintField(inner, Key(proto::kTimestampSeconds, 0), series.created_seconds);
    if (series.created_ms == 0) return inner;
    return WriteUintField(inner, Key(proto::kTimestampNanoseconds, 0), std::uint64_t{series.created_ms} * 1'000'000);
  });
}

// The label pairs of a family's series.
class LabelWriter {
 public:
  explicit LabelWriter(const FamilySpec& spec) {
    ProtoWriter constant(&constant_);
    for (const LabelPair& label : spec.constant_labels) {
      const auto pair = constant.Begin(proto::kMetricLabel);
      constant.Bytes(proto::kLabelName, label.name);
      std::string value;
      AppendEscapedValue(label.value, &value);
      constant.Bytes(proto::kLabelValue, Unescape(value));
      constant.End(pair);
    }
    for (const std::string& name : spec.label_names) {
      std::string head;
      ProtoWriter(&head).Bytes(proto::kLabelName, name);
      head.push_back(Key(proto::kLabelValue, 2));
      heads_.push_back({std::move(head), name.size() + 2});
      bytes_ += heads_.back().bytes.size() + kLabelFrame;
    }
    bytes_ += constant_.size();
  }

  /// Most bytes besides those of a series' text.
  std::size_t bytes() const noexcept { return bytes_; }

  /// `text` is name="value",name="value" in the order of the spec.
  char* Write(char* at, std::string_view text) const noexcept {
    at = WriteText(at, constant_);
    for (const Head& head : heads_) {
      const char* value = text.data() + head.skip;
      const char* end = static_cast<const char*>(std::memchr(value, '"', static_cast<std::size_t>(text.end() - value)));
      const auto size = static_cast<std::size_t>(end - value);
      if (std::memchr(value, '\\', size) == nullptr) [[likely]] {
        at = WritePair(at, head, value, size);
      } else {
        at = WriteEscapedPair(at, head, value, &end);
      }
      text.remove_prefix(std::min(static_cast<std::size_t>(end - text.data()) + 2, text.size()));
    }
    return at;
  }

 private:
  struct Head {
    std::string bytes;  // the name's field and the value's key
    std::size_t skip;   // name="
  };

  static char* WritePair(char* at, const Head& head, const char* value, std::size_t size) noexcept {
    *at++ = Key(proto::kMetricLabel, 2);
    at = WriteVarint(at, head.bytes.size() + VarintSize(size) + size);
    at = WriteVarint(WriteText(at, head.bytes), size);
    return WriteText(at, {value, size});
  }

  // Finds the real end and drops the escapes.
  static char* WriteEscapedPair(char* at, const Head& head, const char* value, const char** end) noexcept {
    const char* last = value;
    std::size_t escapes = 0;
    for (; *last != '"'; last += *last == '\\' ? 2 : 1) escapes += *last == '\\' ? 1 : 0;
    *end = last;
    const std::size_t size = static_cast<std::size_t>(last - value) - escapes;
    at = WritePair(at, head, value, size);
    at -= size;
    for (const char* from = value; from != last; ++from) {
      if (*from == '\\') {
        ++from;
        *at++ = *from == 'n' ? '\n' : *from;
      } else {
        *at++ = *from;
      }
    }
    return at;
  }

  std::string constant_;
  std::vector<Head> heads_;
  std::size_t bytes_ = 0;
};

}  // namespace

void FamilyCore::AppendProtobuf(std::string* out) const {
  ProtoWriter writer(out);
  const auto message = writer.BeginDelimited();
  WriteProtoFamilyHead(spec_.name, ValidText(spec_.help), spec_.type, &writer);
  if (spec_.type == InstrumentType::kHistogram) {
    AppendProtobufHistograms(out);
  } else {
    AppendProtobufScalars(out);
  }
  if (!spec_.unit.empty()) writer.Bytes(proto::kFamilyUnit, ValidText(spec_.unit));
  writer.End(message);
}

void FamilyCore::AppendProtobufScalars(std::string* out) const {
  const LabelWriter labels(spec_);
  const bool counter = spec_.type == InstrumentType::kCounter;
  const std::span<Series* const> all(table_.series());
  std::uint32_t cells[kCellBatch];
  std::uint64_t values[kCellBatch];
  for (std::size_t start = 0; start < all.size(); start += kCellBatch) {
    const auto batch = all.subspan(start, std::min(kCellBatch, all.size() - start));
    std::size_t bytes = batch.size() * (labels.bytes() + kMetricFrame);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      cells[i] = batch[i]->cell;
      bytes += batch[i]->text_size;
    }
    if (counter) {
      SumCells({cells, batch.size()}, values);
    } else {
      for (std::size_t i = 0; i < batch.size(); ++i) values[i] = SharedCell(cells[i]).load(std::memory_order_relaxed);
    }
    WriteInto(out, bytes, [&](char* at) {
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const Series& series = *batch[i];
        at = WriteMessage(at, Key(proto::kFamilyMetric, 2), [&](char* metric) {
          metric = labels.Write(metric, series.text());
          if (!counter) {
            return WriteMessage(metric, Key(proto::kMetricGauge, 2), [&](char* inner) {
              return WriteDoubleField(inner, Key(proto::kScalarValue, 1), std::bit_cast<double>(values[i]));
            });
          }
          double value = static_cast<double>(values[i]);
          if (series.fraction_cell.load(std::memory_order_relaxed) != 0) value += CounterFraction(series);
          return WriteMessage(metric, Key(proto::kMetricCounter, 2), [&](char* inner) {
            inner = WriteDoubleField(inner, Key(proto::kCounterValue, 1), value);
            return WriteCreated(inner, Key(proto::kCounterCreated, 2), series);
          });
        });
      }
      return at;
    });
  }
}

void FamilyCore::AppendProtobufHistograms(std::string* out) const {
  constexpr std::size_t kBucketBytes = 2 + 1 + kMaxVarint + 1 + sizeof(double);
  const LabelWriter labels(spec_);
  const std::size_t buckets = spec_.bounds.size() + 1;
  const auto write_histogram = [&](char* at, const Series& series, const std::uint64_t* run) {
    std::uint64_t total = 0;
    for (std::size_t b = 0; b < buckets; ++b) total += run[1 + b];
    at = WriteUintField(at, Key(proto::kHistogramCount, 0), total);
    at = WriteDoubleField(at, Key(proto::kHistogramSum, 1), std::bit_cast<double>(run[0]));
    std::uint64_t count = 0;
    for (std::size_t b = 0; b < buckets; ++b) {
      count += run[1 + b];
      const double bound = b + 1 < buckets ? spec_.bounds[b] : std::numeric_limits<double>::infinity();
      at = WriteMessage(at, Key(proto::kHistogramBucket, 2), [&](char* inner) {
        inner = WriteUintField(inner, Key(proto::kBucketCount, 0), count);
        return WriteDoubleField(inner, Key(proto::kBucketBound, 1), bound);
      });
    }
    return WriteCreated(at, Key(proto::kHistogramCreated, 2), series);
  };
  ForEachRun(table_.series(), cells_per_series_, [&](const Series& series, const std::uint64_t* run) {
    WriteInto(out, labels.bytes() + series.text_size + kMetricFrame + buckets * kBucketBytes, [&](char* at) {
      return WriteMessage(at, Key(proto::kFamilyMetric, 2), [&](char* metric) {
        return WriteMessage(labels.Write(metric, series.text()), Key(proto::kMetricHistogram, 2),
                            [&](char* inner) { return write_histogram(inner, series, run); });
      });
    });
  });
}

}  // namespace cachescope::client
