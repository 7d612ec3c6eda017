#include "wire/remote_read.h"

#include "base/crc32c.h"
#include "wire/proto_histogram.h"
#include "wire/proto_reader.h"
#include "wire/proto_text.h"

namespace cachescope::wire {
namespace {

constexpr std::int32_t kStreamedXorChunks = 1;

Result<Matcher> ReadMatcher(pbf_reader message) {
  constexpr MatchType kTypes[] = {MatchType::kEqual, MatchType::kNotEqual, MatchType::kRegex, MatchType::kNotRegex};
  std::int32_t type = 0;
  std::string name;
  std::string value;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kWireVarint):
        type = message.get_enum();
        break;
      case tag_and_type(2, kWireBytes):
        name = message.get_string();
        break;
      case tag_and_type(3, kWireBytes):
        value = message.get_string();
        break;
      default:
        message.skip();
    }
  }
  if (type < 0 || type > 3) return InvalidArgument("invalid matcher type");
  return Matcher::New(kTypes[type], std::move(name), std::move(value));
}

Result<ReadQuery> ReadOneQuery(pbf_reader message) {
  ReadQuery out;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kWireVarint):
        out.mint = message.get_int64();
        break;
      case tag_and_type(2, kWireVarint):
        out.maxt = message.get_int64();
        break;
      case tag_and_type(3, kWireBytes): {
        if (out.matchers.size() == kMaxReadQueries) return LimitExceeded("cannot read request: too many matchers");
        CACHESCOPE_ASSIGN_OR_RETURN(Matcher matcher, ReadMatcher(message.get_message()));
        out.matchers.push_back(std::move(matcher));
        break;
      }
      default:
        message.skip();
    }
  }
  return out;
}

// Upstream answers with the first type of the client's list that it knows; an empty list means samples.
class Negotiation {
 public:
  void Offer(std::int32_t type) {
    if (type != 0 && type != kStreamedXorChunks) return;
    if (!decided_) streamed_ = type == kStreamedXorChunks;
    decided_ = true;
  }
  bool streamed() const { return streamed_; }

 private:
  bool decided_ = false;
  bool streamed_ = false;
};

Result<ReadRequest> ReadFields(pbf_reader message) {
  ReadRequest out;
  Negotiation negotiation;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kWireBytes): {
        if (out.queries.size() == kMaxReadQueries) return LimitExceeded("cannot read request: too many queries");
        CACHESCOPE_ASSIGN_OR_RETURN(ReadQuery query, ReadOneQuery(message.get_message()));
        out.queries.push_back(std::move(query));
        break;
      }
      case tag_and_type(2, kWireVarint):
        negotiation.Offer(message.get_enum());
        break;
      case tag_and_type(2, kWireBytes):
        for (const std::int32_t type : message.get_packed_enum()) negotiation.Offer(type);
        break;
      default:
        message.skip();
    }
  }
  out.streamed = negotiation.streamed();
  return out;
}

}  // namespace

Result<ReadRequest> ReadReadRequest(std::string_view message) {
  try {
    return ReadFields(pbf_reader(message.data(), message.size()));
  } catch (const protozero::exception& error) {
    return Corruption(std::string("cannot read request: malformed protobuf: ") + error.what());
  }
}

void SeriesMessage::Begin(const Labels& labels) {
  text_.clear();
  for (const LabelView& label : labels) AppendLabelMessage(&text_, 1, label.name, label.value);
}

void SeriesMessage::AddSample(TimestampMs t, double v) {
  part_.clear();
  AppendDoubleField(&part_, 1, v);
  AppendVarintField(&part_, 2, static_cast<std::uint64_t>(t));
  AppendBytesField(&text_, 2, part_);
}

void SeriesMessage::AddHistogram(TimestampMs t, const FloatHistogram& histogram) {
  part_.clear();
  AppendProtoHistogram(&part_, t, histogram);
  AppendBytesField(&text_, 4, part_);
}

void ChunkedSeriesMessage::Begin(const Labels& labels) {
  text_.clear();
  for (const LabelView& label : labels) AppendLabelMessage(&text_, 1, label.name, label.value);
  label_bytes_ = text_.size();
}

void ChunkedSeriesMessage::AddChunk(TimestampMs mint, TimestampMs maxt, ChunkType type,
                                    std::span<const std::uint8_t> bytes) {
  part_.clear();
  AppendVarintField(&part_, 1, static_cast<std::uint64_t>(mint));
  AppendVarintField(&part_, 2, static_cast<std::uint64_t>(maxt));
  AppendVarintField(&part_, 3, static_cast<std::uint64_t>(type));
  AppendBytesField(&part_, 4, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  AppendBytesField(&text_, 2, part_);
}

void AppendReadFrame(std::string* out, std::string_view chunked_series, std::size_t query_index) {
  std::string message;
  AppendBytesField(&message, 1, chunked_series);
  AppendVarintField(&message, 2, query_index);
  PutUvarint(out, message.size());
  PutBe32(out, Crc32c(message));
  *out += message;
}

}  // namespace cachescope::wire
