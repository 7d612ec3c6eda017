// Exemplar: what one recorded value belongs to, so that a reader finds a trace from a number.
//
//   requests.Increment(1, {.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736", .span_id = "00f067aa0ba902b7"});
//   latency.Record(0.25, {.trace_id = id});
//
// A counter keeps the latest exemplar, a histogram the latest of each classic bucket, or of ten groups of buckets when
// it has native ones only. The value is recorded whatever happens to its exemplar: one that is too long
// (kMaxExemplarCharacters) or has a label name that is not valid, and one that comes while another thread or a scrape
// works on the family's exemplars, is dropped and counted in cachescope_client_exemplars_dropped_total.
//
// Never waits for a lock. About 40 ns; the first exemplar of a series, and of a bucket,
// allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cachescope/instrument_family.h"
#include "cachescope/labels.h"

namespace cachescope {

/// Most characters of all names and values of an exemplar's labels together (OpenMetrics 1.0).
inline constexpr std::size_t kMaxExemplarCharacters = 128;

/// The text belongs to the caller and is copied.
struct Exemplar {
  /// Become labels of these names when not empty.
  std::string_view trace_id = {};
  std::string_view span_id = {};
  /// Further labels.
  LabelPairViews labels = {};
  /// Seconds since the Unix epoch; 0 means now.
  double timestamp = 0;
};

namespace detail {
void KeepExemplar(const SeriesRef& series, std::uint32_t bucket, double value, const Exemplar& exemplar) noexcept;
}  // namespace detail

}  // namespace cachescope
