#include "cachescope/negotiation.h"

#include <gtest/gtest.h>

#include <string>

namespace cachescope {
namespace {

constexpr char kText[] = "text/plain; version=0.0.4; charset=utf-8";
constexpr char kOpen[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const std::string kProto =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

TEST(Negotiation, ChoosesFormats) {
  const auto f = [](std::string_view accept, const std::string& want) {
    EXPECT_EQ(NegotiateExposition(accept).content_type, want) << accept;
  };
  f("", kText);
  f("*/*", kText);
  f("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", kText);
  f("image/png", kText);
  f("text/plain", kText);
  f("text/plain;version=0.0.2", kText);
  f("text/plain;version=1.0.0", "text/plain; version=1.0.0; charset=utf-8");
  f("application/openmetrics-text", kOpen);
  f("application/openmetrics-text;version=1.0.0", kOpen);
  f("application/openmetrics-text; version=0.0.1", "application/openmetrics-text; version=0.0.1; charset=utf-8");
  f("application/openmetrics-text;version=2.0.0", kText);
  f("APPLICATION/OpenMetrics-Text ; Version=\"1.0.0\"", kOpen);
  f("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", kProto);
  f("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", kText);
  f("application/vnd.google.protobuf;proto=something.Else;encoding=delimited", kText);
  f("application/vnd.google.protobuf", kText);
}

TEST(Negotiation, KnowsPrometheus) {
  const auto f = [](std::string_view accept, const std::string& want) {
    EXPECT_EQ(NegotiateExposition(accept).content_type, want) << accept;
  };
  f("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    kOpen);
  f("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
    "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    kProto);
  f("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    std::string(kOpen) + "; escaping=allow-utf-8");
  f("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=values;q=0.6,"
    "text/plain;q=0.5",
    kProto + "; escaping=values");
}

TEST(Negotiation, WeighsQualities) {
  const auto f = [](std::string_view accept, ExpositionFormat want) {
    EXPECT_EQ(NegotiateExposition(accept).options.format, want) << accept;
  };
  using enum ExpositionFormat;
  f("text/plain;q=0.5, application/openmetrics-text;q=0.4", kText);
  f("text/plain;q=0.4, application/openmetrics-text;q=0.5", kOpenMetrics);
  f("text/plain, application/openmetrics-text", kText);
  f("application/openmetrics-text, text/plain", kOpenMetrics);
  f("*/*, application/openmetrics-text", kOpenMetrics);
  f("text/*, application/openmetrics-text", kOpenMetrics);
  f("*/*;q=0.9, application/openmetrics-text;q=0.8", kText);
  f("application/openmetrics-text;q=0", kText);
  f("application/openmetrics-text;q=-1", kText);
  f("application/openmetrics-text;q=2", kText);
  f("application/openmetrics-text;q=nan", kText);
  f("application/openmetrics-text;q=", kText);
  f("application/openmetrics-text;q=0.001", kOpenMetrics);
  f("application/openmetrics-text;q=1.000", kOpenMetrics);
  f(",,;;,application/openmetrics-text;;;", kOpenMetrics);
  f("application/openmetrics-text;x=\"a,b;q=0\\\"\";q=1", kOpenMetrics);
  f("\"application/openmetrics-text", kText);
}

TEST(Negotiation, ReadsEscaping) {
  const auto f = [](std::string_view accept, NameEscaping want, const std::string& content_type) {
    const NegotiatedExposition got = NegotiateExposition(accept);
    EXPECT_EQ(got.options.escaping, want) << accept;
    EXPECT_EQ(got.content_type, content_type) << accept;
  };
  const std::string text = kText;
  f("text/plain;escaping=underscores", NameEscaping::kUnderscores, text + "; escaping=underscores");
  f("text/plain;escaping=dots", NameEscaping::kDots, text + "; escaping=dots");
  f("text/plain;escaping=values", NameEscaping::kValues, text + "; escaping=values");
  f("text/plain;escaping=allow-utf-8", NameEscaping::kAllowUtf8, text + "; escaping=allow-utf-8");
  f("text/plain;escaping=other", NameEscaping::kUnderscores, text);
  f("image/png;escaping=dots", NameEscaping::kUnderscores, text);
  f("text/plain;escaping=dots;q=0.1,text/plain;q=0.2", NameEscaping::kUnderscores, text);
}

TEST(Negotiation, ReadsEncodings) {
  const auto f = [](std::string_view header, bool want) { EXPECT_EQ(AcceptsGzip(header), want) << header; };
  f("", false);
  f("gzip", true);
  f("GZIP", true);
  f("x-gzip", true);
  f("deflate, gzip;q=1.0, *;q=0.5", true);
  f("gzip;q=0", false);
  f("gzip;q=0, *", false);
  f("*", true);
  f("*;q=0", false);
  f("identity", false);
  f("gzipped", false);
  f("br;q=1,gzip;q=0.001", true);
}

}  // namespace
}  // namespace cachescope
