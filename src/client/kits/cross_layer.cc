#include "cachescope/kits/cross_layer.h"

#include "cachescope/catalogue/cross_layer.h"
#include "cachescope/catalogue/system.h"
#include "cachescope/kits/window.h"

namespace cachescope::kits {

using catalogue::CrossLayerMetrics;
using catalogue::Family;
using catalogue::FamilySet;
using catalogue::kSystemRows;

LayerRecorder::LayerRecorder(Registry& registry, std::string_view layer, std::initializer_list<Operation> operations,
                             const KitOptions& options) noexcept {
  const CrossLayerMetrics all(registry);
  for (std::size_t i = 0; i < kOutcomeCount; ++i) {
    requests_[i] = all.requests.With(layer, OutcomeName(static_cast<Outcome>(i)));
  }
  hits_ = all.hits.With(layer);
  misses_ = all.misses.With(layer);
  size_ = all.size.With(layer);
  response_time_ = all.response_time.With(layer);

  const FamilySet system(registry);
  const Family<kSystemRows, "cache_system_response_time_seconds"> by_operation(system);
  for (const Operation operation : operations) {
    by_operation_[static_cast<std::size_t>(operation)] = by_operation.With(layer, OperationName(operation));
  }
  try {
    const std::vector<Counter> requests(std::begin(requests_), std::end(requests_));
    const std::vector<Counter> bad = {requests_[1], requests_[2]};
    Family<kSystemRows, "cache_system_throughput_requests_per_second">(system).Function(RateOver(requests, options),
                                                                                        layer);
    Family<kSystemRows, "cache_system_error_rate">(system).Function(RatioOver(Ratio{bad, requests}, options), layer);
  } catch (...) {
    // Without memory the two gauges stay away; the counters they come from are there.
  }
}

}  // namespace cachescope::kits
