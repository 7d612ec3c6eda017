#include "otel_peer.h"

// NOLINTBEGIN(misc-include-cleaner)
#include <opentelemetry/context/context.h>
#include <opentelemetry/metrics/sync_instruments.h>
#include <opentelemetry/sdk/metrics/meter.h>
#include <opentelemetry/sdk/metrics/meter_provider.h>
// NOLINTEND(misc-include-cleaner)

#include <chrono>
#include <string>

namespace cachescope::bench {
namespace {

namespace api = opentelemetry::metrics;
namespace sdk = opentelemetry::sdk::metrics;

// Without a reader the SDK keeps no numbers; this one is never asked to collect.
class IdleReader : public sdk::MetricReader {
 public:
  sdk::AggregationTemporality GetAggregationTemporality(sdk::InstrumentType) const noexcept override {
    return sdk::AggregationTemporality::kCumulative;
  }

 private:
  bool OnForceFlush(std::chrono::microseconds) noexcept override { return true; }
  bool OnShutDown(std::chrono::microseconds) noexcept override { return true; }
};

}  // namespace

struct OtelPeer::Instruments {
  sdk::MeterProvider provider;
  opentelemetry::nostd::unique_ptr<api::Counter<std::uint64_t>> counter;
  opentelemetry::nostd::unique_ptr<api::Counter<std::uint64_t>> labelled;
  opentelemetry::nostd::unique_ptr<api::Histogram<double>> histogram;
};

OtelPeer::OtelPeer() : instruments_(std::make_unique<Instruments>()) {
  instruments_->provider.AddMetricReader(std::make_shared<IdleReader>());
  const auto meter = instruments_->provider.GetMeter("bench");
  instruments_->counter = meter->CreateUInt64Counter("a");
  instruments_->labelled = meter->CreateUInt64Counter("b");
  instruments_->histogram = meter->CreateDoubleHistogram("h");
}

OtelPeer::~OtelPeer() = default;

void OtelPeer::Add(int n) {
  for (int i = 0; i < n; ++i) instruments_->counter->Add(1);
}

void OtelPeer::AddWithAttribute(int n) {
  for (int i = 0; i < n; ++i) instruments_->labelled->Add(1, {{"tier", "l1"}});
}

void OtelPeer::Record(int n, double (*value)(int)) {
  const opentelemetry::context::Context context;
  for (int i = 0; i < n; ++i) instruments_->histogram->Record(value(i), context);
}

}  // namespace cachescope::bench
