// StatsD and DogStatsD over UDP or a Unix datagram socket.
// https://github.com/statsd/statsd/blob/master/docs/metric_types.md
// https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/
//
//   MakeStatsdExporter({.address = "127.0.0.1:8125", .prefix = "shop"})
//   MakeStatsdExporter({.address = "unix:///run/datadog/dsd.socket", .dialect = StatsdDialect::kDogStatsd})
//
// Lines: a counter's delta as |c, if not zero; a gauge as |g, in plain StatsD with a 0 first if negative, since a sign
// means "change by" there; a histogram as values (metric_sink.h says which stand for a bucket) with a sample rate that
// makes their counts exact; a summary as .count, .sum and a gauge for each quantile. NaN is no value and has no line.
// Infinite values, and in plain StatsD negative histogram values, have none either and are counted as errors.
//
// Lines are packed into datagrams. Sending never blocks longer than `timeout` a round; a datagram that the kernel does
// not take is dropped and counted, and what it carried stays in the next round's deltas. Names are resolved on the
// export's thread, and again every minute. A socket that is missing is tried again after 1 s, 2 s, … 60 s.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cachescope/export/exporter.h"
#include "cachescope/labels.h"

namespace cachescope {

enum class StatsdDialect : std::uint8_t {
  kPlain,      // labels are part of the name
  kDogStatsd,  // labels are tags: |#tier:l1,env:prod
};

enum class StatsdHistogram : std::uint8_t {
  kAutomatic,     // timing in plain StatsD, histogram in DogStatsD
  kTiming,        // |ms; values of histograms in seconds are sent in milliseconds
  kHistogram,     // |h, DogStatsD; in the histogram's own unit
  kDistribution,  // |d, DogStatsD; in the histogram's own unit
};

/// How plain StatsD names carry labels.
enum class StatsdLabels : std::uint8_t {
  kValues,          // prefix.cache_lookups_total.l1.hit
  kNamesAndValues,  // prefix.cache_lookups_total.tier.l1.result.hit
};

/// 1500 bytes of Ethernet less the largest usual headers.
inline constexpr std::size_t kStatsdUdpPacketBytes = 1432;
/// What the receivers of Unix datagrams read at once.
inline constexpr std::size_t kStatsdUnixPacketBytes = 8192;

struct StatsdOptions {
  /// HOST:PORT, [IPv6]:PORT, :PORT (this machine), udp://HOST:PORT, or a Unix datagram socket: unix:///path, /path,
  /// unix:@name (Linux's abstract names).
  std::string address = "127.0.0.1:8125";
  StatsdDialect dialect = StatsdDialect::kPlain;
  /// Before each name, with a dot between; may have dots itself.
  std::string prefix = {};
  /// On each line, before the labels. In plain StatsD part of the name as labels are.
  LabelPairs tags = {};
  StatsdLabels labels = StatsdLabels::kValues;
  StatsdHistogram histograms = StatsdHistogram::kAutomatic;
  /// The name for a family's name, for example with dots; "" keeps it. Called by the export's thread for each family
  /// and round.
  std::function<std::string(std::string_view)> rename = {};
  /// Plain StatsD: share of a histogram's observations sent as lines of their own, 0 to 1; the rest goes into @rate.
  /// Its servers count by the rate but take percentiles from the lines. Counters and gauges are sums and states
  /// already: leaving some out would only lose, so it does not concern them.
  double sample_rate = 1;
  /// Plain StatsD: most lines for one histogram series and round, 1 to 10000, but at least one for each used bucket.
  std::size_t max_values = 100;
  /// DogStatsD 1.1: values with the same count share a line, name:1:2:3|h.
  bool pack_values = true;
  /// 0 for kStatsdUdpPacketBytes or kStatsdUnixPacketBytes; 64 to 65000.
  std::size_t max_packet_bytes = 0;
  /// Most time that a round waits for a full socket; zero never waits.
  std::chrono::milliseconds timeout{100};
};

/// problem() says what is wrong with the address or options. Its name is "statsd" or "dogstatsd".
std::unique_ptr<Exporter> MakeStatsdExporter(const StatsdOptions& options = {});

}  // namespace cachescope
