// MetricSink: a class of your own that receives the numbers.
//
//   struct Console : cachescope::MetricSink {
//     void Increment(std::string_view name, double delta, const cachescope::LabelPairs&) override {
//       std::cout << name << " +" << delta << '\n';
//     }
//   };
//   auto console = cachescope::StartExport(registry, cachescope::MakeSinkExporter(std::make_unique<Console>()));
//
// All calls come from the export's thread, one at a time. An exception from a call is caught and counted
// (cachescope_client_export_errors_total), and the call counts as not delivered: what it carried is part of the next
// round's call.
//
// Histograms arrive as groups of observations. The library keeps counts by bucket, so a group is the observations of
// one bucket since the last round: their number is exact, and `value` stands for them. It is the middle of the bucket,
// moved so that value · count over all groups of the round is what was added to the histogram's sum: the mean is exact,
// and each value lies within its bucket. So the error of a value is less than its bucket's width. A bucket of a native
// histogram is taken if there is one: its width is at most 2^(2^-schema) - 1 of the value (4.4 % at schema 4). Values
// of the first bucket are taken as 0 or more if its bound is; those above the last bound have no other limit than the
// sum.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cachescope/export/exporter.h"
#include "cachescope/labels.h"

namespace cachescope {

/// Override what you want; the rest does nothing.
class MetricSink {
 public:
  virtual ~MetricSink() = default;

  /// `delta` was added since the last delivery; more than 0. Of a summary also NAME_count and NAME_sum.
  virtual void Increment(std::string_view /*name*/, double /*delta*/, const LabelPairs& /*labels*/) {}
  /// Each round. Gauges, states (0 or 1), facts (1), and a summary's quantiles under the label `quantile`.
  virtual void Gauge(std::string_view /*name*/, double /*value*/, const LabelPairs& /*labels*/) {}
  /// `count` observations of about `value`.
  virtual void Histogram(std::string_view /*name*/, double /*value*/, std::uint64_t /*count*/,
                         const LabelPairs& /*labels*/) {}
  /// The same for histograms of durations: their unit is "seconds" or their name ends in "_seconds".
  virtual void Timing(std::string_view /*name*/, double /*seconds*/, std::uint64_t /*count*/,
                      const LabelPairs& /*labels*/) {}
  /// The round's end.
  virtual void Flush() {}
};

/// `name` is the label `exporter` of the export's own counters. A null sink gives a no-op.
std::unique_ptr<Exporter> MakeSinkExporter(std::unique_ptr<MetricSink> sink, std::string name = "custom");

}  // namespace cachescope
