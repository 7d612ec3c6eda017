#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "cachescope/export/otlp.h"

namespace cachescope {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

// Variables set while it lives.
class Environment {
 public:
  Environment(std::initializer_list<std::pair<const char*, const char*>> variables) : variables_(variables) {
    for (const auto& [name, value] : variables_) setenv(name, value, 1);
  }
  ~Environment() {
    for (const auto& [name, value] : variables_) unsetenv(name);
  }

 private:
  std::vector<std::pair<const char*, const char*>> variables_;
};

TEST(OtlpEnvironment, ReplacesOptions) {
  {
    const OtlpEnvironment nothing = OtlpFromEnvironment();
    EXPECT_EQ(nothing.options.endpoint, "http://127.0.0.1:4318/v1/metrics");
    EXPECT_EQ(nothing.interval, milliseconds(60000));
    EXPECT_FALSE(nothing.disabled);
    EXPECT_TRUE(nothing.problems.empty());
  }
  const Environment set({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"},
                         {"OTEL_EXPORTER_OTLP_HEADERS", "a=1, X-Key = b%20c"},
                         {"OTEL_EXPORTER_OTLP_METRICS_HEADERS", "A=2"},
                         {"OTEL_EXPORTER_OTLP_TIMEOUT", "1500"},
                         {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta"},
                         {"OTEL_RESOURCE_ATTRIBUTES", "service.name=x,zone=z%2C1"},
                         {"OTEL_SERVICE_NAME", "shop"},
                         {"OTEL_METRIC_EXPORT_INTERVAL", "250"}});
  const OtlpEnvironment environment = OtlpFromEnvironment();
  EXPECT_EQ(environment.options.endpoint, "http://c:4318/v1/metrics");
  EXPECT_THAT(environment.options.headers, ElementsAre(LabelPair{"A", "2"}, LabelPair{"X-Key", "b c"}));
  EXPECT_EQ(environment.options.timeout, milliseconds(1500));
  EXPECT_EQ(environment.options.temporality, OtlpTemporality::kDelta);
  EXPECT_THAT(environment.options.resource, ElementsAre(LabelPair{"service.name", "shop"}, LabelPair{"zone", "z,1"}));
  EXPECT_EQ(environment.interval, milliseconds(250));
  EXPECT_TRUE(environment.problems.empty());
  const Environment own({{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://d/x"}});
  EXPECT_EQ(OtlpFromEnvironment().options.endpoint, "http://d/x");
}

TEST(OtlpEnvironment, SaysWhatIsWrong) {
  const Environment set({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
                         {"OTEL_EXPORTER_OTLP_TIMEOUT", "soon"},
                         {"OTEL_EXPORTER_OTLP_HEADERS", "=x"},
                         {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
                         {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "none"}});
  EXPECT_THAT(
      OtlpFromEnvironment().problems,
      ElementsAre("cannot use OTEL_EXPORTER_OTLP_HEADERS==x: want key=value,…",
                  "cannot use OTEL_EXPORTER_OTLP_TIMEOUT=soon: want milliseconds",
                  "cannot use OTEL_EXPORTER_OTLP_PROTOCOL=grpc: want http/protobuf",
                  "cannot use OTEL_EXPORTER_OTLP_COMPRESSION=gzip: want OtlpOptions::gzip for that",
                  "cannot use OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=none: want cumulative, delta or "
                  "lowmemory"));
  Registry registry;
  const Environment disabled({{"OTEL_SDK_DISABLED", "TRUE"}});
  EXPECT_FALSE(StartOtlpFromEnvironment(registry).running());
}

}  // namespace
}  // namespace cachescope
