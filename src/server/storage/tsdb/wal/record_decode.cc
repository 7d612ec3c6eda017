// Records read.
#include <bit>

#include "base/coding.h"
#include "server/storage/tsdb/wal/record.h"

namespace cachescope::tsdb {
namespace {

Labels ReadLabels(ByteReader* reader) {
  const std::uint64_t count = reader->Uvarint();
  std::vector<LabelView> views;
  bool sorted = true;
  for (std::uint64_t i = 0; i < count && reader->ok(); ++i) {
    const std::string_view name = reader->UvarintString();
    const std::string_view value = reader->UvarintString();
    sorted = sorted && !value.empty() && (views.empty() || views.back().name < name);
    views.push_back({name, value});
  }
  if (sorted) return Labels::FromSorted(views);
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const LabelView& view : views) pairs.emplace_back(view.name, view.value);
  return Labels::FromPairs(std::move(pairs));
}

// Reference and time of the entries stand as differences from the first ones.
struct Base {
  explicit Base(ByteReader* reader) : ref(reader->Be64()), t(static_cast<std::uint64_t>(reader->Be64())) {}
  SeriesRef Ref(ByteReader* reader) const { return ref + static_cast<std::uint64_t>(reader->Varint()); }
  TimestampMs Time(ByteReader* reader) const {
    return static_cast<TimestampMs>(t + static_cast<std::uint64_t>(reader->Varint()));
  }
  SeriesRef ref;
  std::uint64_t t;
};

double ReadDouble(ByteReader* reader) { return std::bit_cast<double>(reader->Be64()); }

// A count that the bytes left could hold, at least one byte each.
std::uint64_t ReadCount(ByteReader* reader) {
  const std::uint64_t count = reader->Uvarint();
  if (count <= reader->left()) return count;
  reader->Skip(UINT64_MAX);  // makes the reader fail
  return 0;
}

void ReadSpans(ByteReader* reader, std::vector<BucketSpan>* out) {
  for (std::uint64_t left = ReadCount(reader); left > 0 && reader->ok(); --left) {
    const auto offset = static_cast<std::int32_t>(reader->Varint());
    out->push_back({offset, static_cast<std::uint32_t>(reader->Uvarint())});
  }
}

void ReadBuckets(ByteReader* reader, bool floats, std::vector<double>* out) {
  std::int64_t count = 0;
  for (std::uint64_t left = ReadCount(reader); left > 0 && reader->ok(); --left) {
    if (floats) {
      out->push_back(ReadDouble(reader));
    } else {
      count =
          static_cast<std::int64_t>(static_cast<std::uint64_t>(count) + static_cast<std::uint64_t>(reader->Varint()));
      out->push_back(static_cast<double>(count));
    }
  }
}

FloatHistogram ReadHistogram(ByteReader* reader, bool floats) {
  FloatHistogram h;
  const std::uint8_t hint = reader->Byte();
  h.reset_hint = hint <= 3 ? static_cast<CounterResetHint>(hint) : CounterResetHint::kUnknown;
  h.schema = static_cast<std::int32_t>(reader->Varint());
  h.zero_threshold = ReadDouble(reader);
  h.zero_count = floats ? ReadDouble(reader) : static_cast<double>(reader->Uvarint());
  h.count = floats ? ReadDouble(reader) : static_cast<double>(reader->Uvarint());
  h.sum = ReadDouble(reader);
  ReadSpans(reader, &h.positive_spans);
  ReadSpans(reader, &h.negative_spans);
  ReadBuckets(reader, floats, &h.positive_buckets);
  ReadBuckets(reader, floats, &h.negative_buckets);
  if (h.uses_custom_buckets()) ReadBuckets(reader, true, &h.custom_values);
  return h;
}

std::uint64_t BucketsOf(const std::vector<BucketSpan>& spans) {
  std::uint64_t count = 0;
  for (const BucketSpan& span : spans) count += span.length;
  return count;
}

// Where spans and buckets disagree there is no histogram.
bool BucketsFit(const FloatHistogram& h) {
  return BucketsOf(h.positive_spans) == h.positive_buckets.size() &&
         BucketsOf(h.negative_spans) == h.negative_buckets.size();
}

void ReadSeries(ByteReader* reader, RecordBatch* out) {
  while (!reader->empty()) {
    const SeriesRef ref = reader->Be64();
    Labels labels = ReadLabels(reader);
    if (reader->ok()) out->series.push_back({ref, std::move(labels)});
  }
}

void ReadSamples(ByteReader* reader, RecordBatch* out) {
  if (reader->empty()) return;
  const Base base(reader);
  while (!reader->empty()) {
    const SeriesRef ref = base.Ref(reader);
    const TimestampMs t = base.Time(reader);
    const double value = ReadDouble(reader);
    if (reader->ok()) out->samples.push_back({ref, t, value});
  }
}

void ReadHistograms(ByteReader* reader, bool floats, RecordBatch* out) {
  if (reader->empty()) return;
  const Base base(reader);
  while (!reader->empty()) {
    const SeriesRef ref = base.Ref(reader);
    const TimestampMs t = base.Time(reader);
    auto histogram = std::make_shared<FloatHistogram>(ReadHistogram(reader, floats));
    if (!reader->ok()) return;
    if (!BucketsFit(*histogram)) continue;
    out->histograms.push_back({ref, t, std::move(histogram)});
  }
}

// The head of an entry in the records with start times: the first stands whole; of the others reference and time as
// differences, the one from the entry before, the other from the first, then one byte that says how the start stands.
class StartedEntry {
 public:
  void Read(ByteReader* reader) {
    const auto number = [&] { return static_cast<std::uint64_t>(reader->Varint()); };
    if (first_) {
      ref_ = number();
      first_t_ = t_ = number();
      first_start_ = start_ = number();
      first_ = false;
      return;
    }
    ref_ += number();
    t_ = first_t_ + number();
    const std::uint8_t marker = reader->Byte();
    if (marker == 0) start_ = 0;
    if (marker > 1) start_ = first_start_ + number();
  }
  SeriesRef ref() const { return ref_; }
  TimestampMs t() const { return static_cast<TimestampMs>(t_); }
  void NoteStart(RecordBatch* out) const {
    if (start_ != 0) out->starts.push_back({ref_, t(), static_cast<TimestampMs>(start_)});
  }

 private:
  bool first_ = true;
  std::uint64_t ref_ = 0;  // numbers wrap, as hostile bytes may ask
  std::uint64_t t_ = 0;
  std::uint64_t start_ = 0;
  std::uint64_t first_t_ = 0;
  std::uint64_t first_start_ = 0;
};

void ReadStartedSamples(ByteReader* reader, RecordBatch* out) {
  StartedEntry entry;
  while (!reader->empty()) {
    entry.Read(reader);
    const double value = ReadDouble(reader);
    if (!reader->ok()) return;
    entry.NoteStart(out);
    out->samples.push_back({entry.ref(), entry.t(), value});
  }
}

void ReadStartedHistograms(ByteReader* reader, bool floats, RecordBatch* out) {
  StartedEntry entry;
  while (!reader->empty()) {
    entry.Read(reader);
    auto histogram = std::make_shared<FloatHistogram>(ReadHistogram(reader, floats));
    if (!reader->ok()) return;
    if (!BucketsFit(*histogram)) continue;
    entry.NoteStart(out);
    out->histograms.push_back({entry.ref(), entry.t(), std::move(histogram)});
  }
}

void ReadTombstones(ByteReader* reader, RecordBatch* out) {
  while (!reader->empty()) {
    TombstoneRecord record;
    record.ref = reader->Be64();
    record.mint = reader->Varint();
    record.maxt = reader->Varint();
    if (reader->ok()) out->tombstones.push_back(record);
  }
}

void ReadExemplars(ByteReader* reader, RecordBatch* out) {
  if (reader->empty()) return;
  const Base base(reader);
  while (!reader->empty()) {
    ExemplarRecord record;
    record.ref = base.Ref(reader);
    record.t = base.Time(reader);
    record.value = ReadDouble(reader);
    record.labels = ReadLabels(reader);
    if (reader->ok()) out->exemplars.push_back(std::move(record));
  }
}

void ReadStarts(ByteReader* reader, RecordBatch* out) {
  if (reader->empty()) return;
  const Base base(reader);
  while (!reader->empty()) {
    StartRecord record;
    record.ref = base.Ref(reader);
    record.t = base.Time(reader);
    record.start = base.Time(reader);
    if (reader->ok()) out->starts.push_back(record);
  }
}

void ReadMetadata(ByteReader* reader, RecordBatch* out) {
  while (!reader->empty()) {
    MetadataRecord record;
    record.ref = reader->Uvarint();
    record.type = reader->Byte();
    for (std::uint64_t left = ReadCount(reader); left > 0 && reader->ok(); --left) {
      const std::string_view name = reader->UvarintString();
      const std::string_view value = reader->UvarintString();
      if (name == "UNIT") record.unit = value;
      if (name == "HELP") record.help = value;
    }
    if (reader->ok()) out->metadata.push_back(std::move(record));
  }
}

}  // namespace

void RecordBatch::clear() {
  series.clear();
  samples.clear();
  histograms.clear();
  tombstones.clear();
  exemplars.clear();
  metadata.clear();
  mmap_markers.clear();
  starts.clear();
  cut = INT64_MIN;
}

Status DecodeRecord(std::string_view record, RecordBatch* out) {
  ByteReader reader(record);
  const std::uint8_t type = reader.Byte();
  switch (static_cast<RecordType>(type)) {
    case RecordType::kCut:
      out->cut = std::max(out->cut, static_cast<TimestampMs>(reader.Be64()));
      break;
    case RecordType::kStarts:
      ReadStarts(&reader, out);
      break;
    case RecordType::kSeries:
    case RecordType::kSeriesAgain:
      ReadSeries(&reader, out);
      break;
    case RecordType::kSamples:
      ReadSamples(&reader, out);
      break;
    case RecordType::kTombstones:
      ReadTombstones(&reader, out);
      break;
    case RecordType::kExemplars:
      ReadExemplars(&reader, out);
      break;
    case RecordType::kMmapMarkers:
      while (!reader.empty()) {
        const SeriesRef ref = reader.Be64();
        const std::uint64_t chunk = reader.Be64();
        if (reader.ok()) out->mmap_markers.push_back({ref, chunk});
      }
      break;
    case RecordType::kMetadata:
      ReadMetadata(&reader, out);
      break;
    case RecordType::kHistograms:
    case RecordType::kCustomHistograms:
      ReadHistograms(&reader, false, out);
      break;
    case RecordType::kFloatHistograms:
    case RecordType::kCustomFloatHistograms:
      ReadHistograms(&reader, true, out);
      break;
    case RecordType::kStartedSamples:
      ReadStartedSamples(&reader, out);
      break;
    case RecordType::kStartedHistograms:
      ReadStartedHistograms(&reader, false, out);
      break;
    case RecordType::kStartedFloatHistograms:
      ReadStartedHistograms(&reader, true, out);
      break;
    case RecordType::kMinValidTime:
      (void)reader.Be64();
      break;
    default:
      if (!reader.ok()) return Corruption("cannot read log record: it is empty");
      return InvalidArgument("cannot read log record: type " + std::to_string(type) + " is not known to this program");
  }
  if (reader.ok()) return {};
  return Corruption("cannot read log record of type " + std::to_string(type) + ": it is cut off");
}

}  // namespace cachescope::tsdb
