#include "server/api/json_writer.h"

#include <fmt/format.h>

#include <cmath>

#include "base/number.h"
#include "base/quote.h"
#include "base/rfc3339.h"
#include "server/api/histogram_buckets.h"

namespace cachescope::api {
namespace {

constexpr std::size_t kFlushBytes = 32 << 10;

}  // namespace

void JsonWriter::Separate() {
  if (need_comma_) text_.push_back(',');
  need_comma_ = true;
}

void JsonWriter::MaybeFlush() {
  if (out_ != nullptr && text_.size() >= kFlushBytes) Flush();
}

bool JsonWriter::Flush() {
  if (out_ == nullptr || gone_) return !gone_;
  if (!out_->Write(text_).ok()) gone_ = true;
  text_.clear();
  return !gone_;
}

JsonWriter& JsonWriter::BeginObject() {
  Separate();
  text_.push_back('{');
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::EndObject() {
  text_.push_back('}');
  need_comma_ = true;
  MaybeFlush();
  return *this;
}

JsonWriter& JsonWriter::BeginArray() {
  Separate();
  text_.push_back('[');
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::EndArray() {
  text_.push_back(']');
  need_comma_ = true;
  MaybeFlush();
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  String(key);
  text_.push_back(':');
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view text) {
  Separate();
  AppendQuotedText(&text_, text, QuoteStyle::kJsonForHtml);
  return *this;
}

JsonWriter& JsonWriter::Int(std::int64_t value) {
  Separate();
  fmt::format_to(std::back_inserter(text_), "{}", value);
  return *this;
}

JsonWriter& JsonWriter::Double(double value) {
  if (!std::isfinite(value)) return Null();
  Separate();
  AppendApiFloat(&text_, value);
  return *this;
}

JsonWriter& JsonWriter::Bool(bool value) {
  Separate();
  text_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::Null() {
  Separate();
  text_ += "null";
  return *this;
}

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Separate();
  text_ += json;
  MaybeFlush();
  return *this;
}

JsonWriter& JsonWriter::Timestamp(TimestampMs t) {
  Separate();
  if (t < 0) text_.push_back('-');
  const auto magnitude = static_cast<std::uint64_t>(t < 0 ? -t : t);
  fmt::format_to(std::back_inserter(text_), "{}", magnitude / 1000);
  if (const auto fraction = magnitude % 1000; fraction != 0)
    fmt::format_to(std::back_inserter(text_), ".{:03}", fraction);
  return *this;
}

JsonWriter& JsonWriter::SampleValue(double value) {
  Separate();
  text_.push_back('"');
  AppendApiFloat(&text_, value);
  text_.push_back('"');
  return *this;
}

JsonWriter& JsonWriter::LabelObject(const Labels& labels) {
  BeginObject();
  for (const LabelView& label : labels) Key(label.name).String(label.value);
  return EndObject();
}

JsonWriter& JsonWriter::HistogramObject(const FloatHistogram& histogram) {
  BeginObject().Key("count").SampleValue(histogram.count).Key("sum").SampleValue(histogram.sum);
  const auto buckets = NonEmptyBuckets(histogram);
  if (!buckets.empty()) {
    Key("buckets").BeginArray();
    for (const HistogramBucket& bucket : buckets) {
      BeginArray()
          .Int(bucket.boundary)
          .SampleValue(bucket.lower)
          .SampleValue(bucket.upper)
          .SampleValue(bucket.count)
          .EndArray();
    }
    EndArray();
  }
  return EndObject();
}

JsonWriter& JsonWriter::Time(TimestampMs t) { return String(FormatRfc3339OrNever(t)); }

}  // namespace cachescope::api
