#include "wire/remote_write.h"

#include "wire/proto_histogram.h"
#include "wire/proto_reader.h"
#include "wire/proto_text.h"

namespace cachescope::wire {
namespace {

Status TooMany(const char* what, std::size_t limit) {
  return LimitExceeded("cannot read write request: more than " + std::to_string(limit) + " " + what);
}

Status BadReference() { return Corruption("cannot read write request: symbol reference out of range"); }

MetricType TypeOf(std::int32_t value) {
  return value > 0 && value <= static_cast<std::int32_t>(MetricType::kStateset) ? static_cast<MetricType>(value)
                                                                                : MetricType::kUnknown;
}

// Collects the label fields of a message: one view while they stand together, a copy when they do not.
class LabelSpan {
 public:
  void Clear() {
    begin_ = end_ = nullptr;
    copied_ = false;
  }
  void Add(const char* begin, const char* end) {
    if (begin_ == nullptr) {
      begin_ = begin;
    } else if (copied_ || begin != end_) {
      if (!copied_) copy_.assign(begin_, end_);
      copied_ = true;
      copy_.append(begin, end);
    }
    end_ = end;
  }
  bool copied() const { return copied_; }
  std::string_view view() const {
    if (copied_) return copy_;
    return {begin_, static_cast<std::size_t>(end_ - begin_)};
  }

 private:
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
  bool copied_ = false;
  std::string copy_;
};

class RequestReader {
 public:
  RequestReader(const WriteLimits& limits, WriteSink* sink) : limits_(limits), sink_(sink) {}
  Status ReadOne(pbf_reader request);
  Status ReadTwo(pbf_reader request);

 private:
  Status CountSeries() {
    return ++series_count_ > limits_.max_series ? TooMany("series", limits_.max_series) : Status();
  }
  Status CountSample() {
    return ++sample_count_ > limits_.max_samples ? TooMany("samples", limits_.max_samples) : Status();
  }
  void ClearSeries();
  Status SeriesOne(pbf_reader message);
  Status SeriesTwo(pbf_reader message);
  Status AddSample(pbf_reader message, bool with_start);
  Status AddHistogram(std::string_view message);
  void FillStarts(TimestampMs series_start);
  Status ExemplarOne(pbf_reader message);
  Status ExemplarTwo(pbf_reader message);
  void MetadataOne(pbf_reader message);
  Status MetadataTwo(pbf_reader message);
  Status Symbol(std::uint32_t reference, std::string_view* out) const;
  // Appends the labels that the references name, as version 1 encodes them.
  Status AppendLabels(protozero::iterator_range<pbf_reader::const_uint32_iterator> references, std::string* out) const;

  const WriteLimits& limits_;
  WriteSink* const sink_;
  std::vector<std::string_view> symbols_;
  std::size_t series_count_ = 0;
  std::size_t sample_count_ = 0;
  // Of one series; kept for their capacity.
  WrittenSeries series_;
  LabelSpan labels_;
  std::string encoded_labels_;
  MetricMetadata metadata_;
};

void RequestReader::ClearSeries() {
  series_.samples.clear();
  series_.starts.clear();
  series_.histograms.clear();
  series_.exemplars.clear();
  series_.metadata = nullptr;
  labels_.Clear();
  encoded_labels_.clear();
}

Status RequestReader::AddSample(pbf_reader message, bool with_start) {
  CACHESCOPE_RETURN_IF_ERROR(CountSample());
  Sample sample;
  TimestampMs start = 0;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kWireFixed64):
        sample.v = message.get_double();
        break;
      case tag_and_type(2, kWireVarint):
        sample.t = message.get_int64();
        break;
      case tag_and_type(3, kWireVarint):
        start = message.get_int64();
        break;
      default:
        message.skip();
    }
  }
  series_.samples.push_back(sample);
  if (with_start && start != 0) {
    series_.starts.resize(series_.samples.size());
    series_.starts.back() = start;
  }
  return {};
}

// Gives samples without a start of their own the series' one.
void RequestReader::FillStarts(TimestampMs series_start) {
  if (series_start == 0 && series_.starts.empty()) return;
  series_.starts.resize(series_.samples.size());
  for (TimestampMs& start : series_.starts) start = start != 0 ? start : series_start;
  for (WrittenHistogram& histogram : series_.histograms) {
    if (histogram.start == 0) histogram.start = series_start;
  }
}

Status RequestReader::AddHistogram(std::string_view message) {
  CACHESCOPE_RETURN_IF_ERROR(CountSample());
  WrittenHistogram out;
  ProtoHistogram read;
  CACHESCOPE_RETURN_IF_ERROR(ReadProtoHistogram(message, limits_.max_buckets, &read));
  out.t = read.t;
  out.start = read.start;
  out.error = CheckHistogram(read.histogram, read.integer);
  if (out.error.ok()) out.histogram = std::make_shared<FloatHistogram>(std::move(read.histogram));
  series_.histograms.push_back(std::move(out));
  return {};
}

Status RequestReader::ExemplarOne(pbf_reader message) {
  CACHESCOPE_RETURN_IF_ERROR(CountSample());
  WrittenExemplar out;
  for (const char* before = message.data().data(); message.next(); before = message.data().data()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kWireBytes):
        message.skip();
        out.label_bytes.append(before, message.data().data());
        break;
      case tag_and_type(2, kWireFixed64):
        out.value = message.get_double();
        break;
      case tag_and_type(3, kWireVarint):
        out.t = message.get_int64();
        break;
      default:
        message.skip();
    }
  }
  series_.exemplars.push_back(std::move(out));
  return {};
}

Status RequestReader::SeriesOne(pbf_reader message) {
  CACHESCOPE_RETURN_IF_ERROR(CountSeries());
  ClearSeries();
  for (const char* before = message.data().data(); message.next(); before = message.data().data()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kWireBytes):
        message.skip();
        labels_.Add(before, message.data().data());
        break;
      case tag_and_type(2, kWireBytes):
        CACHESCOPE_RETURN_IF_ERROR(AddSample(message.get_message(), false));
        break;
      case tag_and_type(3, kWireBytes):
        CACHESCOPE_RETURN_IF_ERROR(ExemplarOne(message.get_message()));
        break;
      case tag_and_type(4, kWireBytes):
        CACHESCOPE_RETURN_IF_ERROR(AddHistogram(View(message.get_view())));
        break;
      default:
        message.skip();
    }
  }
  series_.label_bytes = labels_.view();
  series_.labels_in_message = !labels_.copied();
  sink_->Series(series_);
  return {};
}

void RequestReader::MetadataOne(pbf_reader message) {
  std::string_view family;
  metadata_ = {};
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kWireVarint):
        metadata_.type = TypeOf(message.get_enum());
        break;
      case tag_and_type(2, kWireBytes):
        family = View(message.get_view());
        break;
      case tag_and_type(4, kWireBytes):
        metadata_.help = View(message.get_view());
        break;
      case tag_and_type(5, kWireBytes):
        metadata_.unit = View(message.get_view());
        break;
      default:
        message.skip();
    }
  }
  sink_->Metadata(family, metadata_);
}

Status RequestReader::ReadOne(pbf_reader request) {
  while (request.next()) {
    switch (request.tag_and_type()) {
      case tag_and_type(1, kWireBytes):
        CACHESCOPE_RETURN_IF_ERROR(SeriesOne(request.get_message()));
        break;
      case tag_and_type(3, kWireBytes):
        MetadataOne(request.get_message());
        break;
      default:
        request.skip();
    }
  }
  return {};
}

Status RequestReader::Symbol(std::uint32_t reference, std::string_view* out) const {
  if (reference >= symbols_.size()) return BadReference();
  *out = symbols_[reference];
  return {};
}

Status RequestReader::AppendLabels(protozero::iterator_range<pbf_reader::const_uint32_iterator> references,
                                   std::string* out) const {
  std::size_t labels = 0;
  for (auto it = references.begin(); it != references.end(); ++it) {
    std::string_view name;
    std::string_view value;
    CACHESCOPE_RETURN_IF_ERROR(Symbol(*it, &name));
    if (++it == references.end()) return Corruption("cannot read write request: odd number of label references");
    CACHESCOPE_RETURN_IF_ERROR(Symbol(*it, &value));
    if (++labels > limits_.max_labels) return TooMany("labels of one series", limits_.max_labels);
    AppendLabelMessage(out, 1, name, value);
  }
  return {};
}

Status RequestReader::ExemplarTwo(pbf_reader message) {
  CACHESCOPE_RETURN_IF_ERROR(CountSample());
  WrittenExemplar out;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kWireBytes):
        CACHESCOPE_RETURN_IF_ERROR(AppendLabels(message.get_packed_uint32(), &out.label_bytes));
        break;
      case tag_and_type(2, kWireFixed64):
        out.value = message.get_double();
        break;
      case tag_and_type(3, kWireVarint):
        out.t = message.get_int64();
        break;
      default:
        message.skip();
    }
  }
  series_.exemplars.push_back(std::move(out));
  return {};
}

Status RequestReader::MetadataTwo(pbf_reader message) {
  metadata_ = {};
  std::string_view text;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kWireVarint):
        metadata_.type = TypeOf(message.get_enum());
        break;
      case tag_and_type(3, kWireVarint):
        CACHESCOPE_RETURN_IF_ERROR(Symbol(message.get_uint32(), &text));
        metadata_.help = text;
        break;
      case tag_and_type(4, kWireVarint):
        CACHESCOPE_RETURN_IF_ERROR(Symbol(message.get_uint32(), &text));
        metadata_.unit = text;
        break;
      default:
        message.skip();
    }
  }
  series_.metadata = &metadata_;
  return {};
}

Status RequestReader::SeriesTwo(pbf_reader message) {
  CACHESCOPE_RETURN_IF_ERROR(CountSeries());
  ClearSeries();
  TimestampMs start = 0;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kWireBytes):
        CACHESCOPE_RETURN_IF_ERROR(AppendLabels(message.get_packed_uint32(), &encoded_labels_));
        break;
      case tag_and_type(2, kWireBytes):
        CACHESCOPE_RETURN_IF_ERROR(AddSample(message.get_message(), true));
        break;
      case tag_and_type(3, kWireBytes):
        CACHESCOPE_RETURN_IF_ERROR(AddHistogram(View(message.get_view())));
        break;
      case tag_and_type(4, kWireBytes):
        CACHESCOPE_RETURN_IF_ERROR(ExemplarTwo(message.get_message()));
        break;
      case tag_and_type(5, kWireBytes):
        CACHESCOPE_RETURN_IF_ERROR(MetadataTwo(message.get_message()));
        break;
      case tag_and_type(6, kWireVarint):
        start = message.get_int64();
        break;
      default:
        message.skip();
    }
  }
  FillStarts(start);
  series_.label_bytes = encoded_labels_;
  series_.labels_in_message = false;
  sink_->Series(series_);
  return {};
}

Status RequestReader::ReadTwo(pbf_reader request) {
  // Symbols usually come first, but nothing obliges a sender.
  for (pbf_reader symbols = request; symbols.next(4);) symbols_.push_back(View(symbols.get_view()));
  while (request.next()) {
    if (request.tag_and_type() == tag_and_type(5, kWireBytes)) {
      CACHESCOPE_RETURN_IF_ERROR(SeriesTwo(request.get_message()));
    } else {
      request.skip();
    }
  }
  return {};
}

}  // namespace

Status ReadWriteRequest(std::string_view message, WriteVersion version, const WriteLimits& limits, WriteSink* sink) {
  // protozero reports malformed bytes by exception; it ends here.
  try {
    RequestReader reader(limits, sink);
    const pbf_reader request(message.data(), message.size());
    return version == WriteVersion::kOne ? reader.ReadOne(request) : reader.ReadTwo(request);
  } catch (const protozero::exception& error) {
    return Corruption(std::string("cannot read write request: malformed protobuf: ") + error.what());
  }
}

Status ReadWrittenLabels(std::string_view label_bytes, std::size_t max_labels, std::vector<LabelView>* out) {
  out->clear();
  try {
    pbf_reader labels(label_bytes.data(), label_bytes.size());
    while (labels.next(1, kWireBytes)) {
      if (out->size() == max_labels) return TooMany("labels of one series", max_labels);
      LabelView label;
      pbf_reader message = labels.get_message();
      while (message.next()) {
        switch (message.tag_and_type()) {
          case tag_and_type(1, kWireBytes):
            label.name = View(message.get_view());
            break;
          case tag_and_type(2, kWireBytes):
            label.value = View(message.get_view());
            break;
          default:
            message.skip();
        }
      }
      out->push_back(label);
    }
  } catch (const protozero::exception& error) {
    return Corruption(std::string("cannot read labels: malformed protobuf: ") + error.what());
  }
  return {};
}

}  // namespace cachescope::wire
