#include "server/api/json_writer.h"

#include <fmt/format.h>

#include <cmath>
#include <ctime>

#include "base/number.h"
#include "server/api/histogram_buckets.h"

namespace cachescope::api {
namespace {

constexpr std::size_t kFlushBytes = 32 << 10;

void AppendEscaped(std::string* out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\t':
        *out += "\\t";
        break;
      // Harmless inside JSON, dangerous when somebody pastes the answer into a page.
      case '<':
        *out += "\\u003c";
        break;
      case '>':
        *out += "\\u003e";
        break;
      case '&':
        *out += "\\u0026";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          *out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out->push_back(c);
        }
    }
  }
}

// Replaces every byte that is not part of valid UTF-8.
std::string Sanitized(std::string_view text) {
  std::string out;
  std::size_t i = 0;
  while (i < text.size()) {
    std::size_t length = 1;
    while (length <= 4 && i + length <= text.size() && !IsValidUtf8(text.substr(i, length))) ++length;
    if (length <= 4 && i + length <= text.size()) {
      out += text.substr(i, length);
      i += length;
    } else {
      out += "\xef\xbf\xbd";
      ++i;
    }
  }
  return out;
}

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
  text_.push_back('"');
  if (IsValidUtf8(text)) {
    AppendEscaped(&text_, text);
  } else {
    AppendEscaped(&text_, Sanitized(text));
  }
  text_.push_back('"');
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

JsonWriter& JsonWriter::Time(TimestampMs t) { return String(t == 0 ? "0001-01-01T00:00:00Z" : FormatTime(t)); }

std::string FormatTime(TimestampMs t) {
  std::time_t seconds = static_cast<std::time_t>(t / 1000);
  auto ms = t % 1000;
  if (ms < 0) {
    ms += 1000;
    --seconds;
  }
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  const std::string base = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", utc.tm_year + 1900, utc.tm_mon + 1,
                                       utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return ms == 0 ? base + "Z" : fmt::format("{}.{:03}Z", base, ms);
}

}  // namespace cachescope::api
