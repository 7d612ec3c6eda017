// MetricSink as an exporter.
#include <chrono>
#include <exception>
#include <utility>

#include "cachescope/export/metric_sink.h"
#include "client/export/delta_walk.h"

namespace cachescope {
namespace client {
namespace {

double EpochSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

class SinkExporter final : public Exporter, private DeltaVisitor {
 public:
  SinkExporter(std::unique_ptr<MetricSink> sink, std::string name)
      : sink_(std::move(sink)), name_(std::move(name)), baselines_(EpochSeconds()) {}

  std::string_view name() const noexcept override { return name_; }

  void Export(const ExportRound& round, ExportTally* tally) override {
    tally_ = tally;
    if (!WalkDeltas(round, &baselines_, this)) tally->Fail("cannot export to " + name_ + ": out of time");
    Call([&] { sink_->Flush(); }, {});
    baselines_.EndRound();
  }

  void Remember(const ExportRound& round) override { RememberAll(round, &baselines_); }

 private:
  // One call to the sink; what it carried is delivered unless it throws.
  template <class Function>
  void Call(Function call, const Delivery& delivery) {
    try {
      call();
    } catch (const std::exception& e) {
      return tally_->Fail("cannot export to " + name_ + ": " + e.what());
    } catch (...) {
      return tally_->Fail("cannot export to " + name_ + ": an exception");
    }
    ++tally_->packets;
    delivery.Apply();
  }

  std::string_view FullName(const SeriesName& name) {
    if (name.part.empty() || name.part == "quantile") return name.family;
    full_name_.assign(name.family).append("_").append(name.part);
    return full_name_;
  }

  void OnIncrement(const SeriesName& name, double delta, const Delivery& delivery) override {
    Call([&] { sink_->Increment(FullName(name), delta, *name.labels); }, delivery);
  }
  void OnGauge(const SeriesName& name, double value) override {
    Call([&] { sink_->Gauge(FullName(name), value, *name.labels); }, {});
  }
  void OnValues(const SeriesName& name, std::span<const ValueGroup> groups, Baseline* baseline) override {
    for (const ValueGroup& group : groups) {
      const double sum = group.value * static_cast<double>(group.count);
      Call(
          [&] {
            if (name.seconds) {
              sink_->Timing(name.family, group.value, group.count, *name.labels);
            } else {
              sink_->Histogram(name.family, group.value, group.count, *name.labels);
            }
          },
          {Delivery::Kind::kCell, baseline, sum, group.key, group.count});
    }
  }

  const std::unique_ptr<MetricSink> sink_;
  const std::string name_;
  Baselines baselines_;
  ExportTally* tally_ = nullptr;  // during a round
  std::string full_name_;
};

}  // namespace
}  // namespace client

std::unique_ptr<Exporter> MakeSinkExporter(std::unique_ptr<MetricSink> sink, std::string name) {
  if (sink == nullptr) return nullptr;
  return std::make_unique<client::SinkExporter>(std::move(sink), std::move(name));
}

}  // namespace cachescope
