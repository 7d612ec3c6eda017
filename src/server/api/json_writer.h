// Writes JSON as text, piece by piece, into a response. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/histogram.h"
#include "model/labels.h"
#include "model/sample.h"
#include "server/http/server.h"

namespace cachescope::api {

// Commas are placed by the writer. Text goes to the response every 32 KiB, so an answer is never held as a whole.
class JsonWriter {
 public:
  // `out` may be null: then everything stays in text().
  explicit JsonWriter(http::ResponseWriter* out) : out_(out) {}

  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view key);
  JsonWriter& String(std::string_view text);  // invalid UTF-8 becomes U+FFFD
  JsonWriter& Int(std::int64_t value);
  JsonWriter& Double(double value);  // null for NaN and infinities, which JSON has not
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  // A value that is JSON text already.
  JsonWriter& Raw(std::string_view json);

  // Forms of the Prometheus API.
  JsonWriter& Timestamp(TimestampMs t);           // seconds: 1435781451.781
  JsonWriter& SampleValue(double value);          // "1.5", "NaN", "+Inf"
  JsonWriter& LabelObject(const Labels& labels);  // {"a":"b"}
  JsonWriter& HistogramObject(const FloatHistogram& histogram);
  JsonWriter& Time(TimestampMs t);  // RFC 3339 text in UTC; 0 is "0001-01-01T00:00:00Z"

  // Sends what is left. False when the client has gone.
  bool Flush();
  bool client_gone() const { return gone_; }
  const std::string& text() const { return text_; }

 private:
  void Separate();
  void MaybeFlush();
  http::ResponseWriter* out_;
  std::string text_;
  bool need_comma_ = false;
  bool gone_ = false;
};

}  // namespace cachescope::api
