#include "cachescope/kits/predictive_cache.h"

#include <vector>

namespace cachescope::kits {
namespace {

constexpr Operation kOperations[] = {Operation::kGet, Operation::kSet, Operation::kDelete, Operation::kUpdate,
                                     Operation::kPredict};

}  // namespace

PredictiveCacheKit::PredictiveCacheKit(Registry& registry, std::string_view layer, const KitOptions& options)
    : name_(layer),
      layer_(registry, layer,
             {Operation::kGet, Operation::kSet, Operation::kDelete, Operation::kUpdate, Operation::kPredict}, options),
      metrics_(registry),
      confidence_(std::make_shared<Mean>()),
      models_(registry, "model_name", options.max_values),
      evictions_(registry, "reason", options.max_values) {
  TakeHandles();
  Compute(options);
}

void PredictiveCacheKit::TakeHandles() {
  for (const Operation operation : kOperations) {
    const auto i = static_cast<std::size_t>(operation);
    for (std::size_t outcome = 0; outcome < kOutcomeCount; ++outcome) {
      requests_[i][outcome] =
          metrics_.requests.With(name_, OutcomeName(static_cast<Outcome>(outcome)), OperationName(operation));
    }
    durations_[i] = metrics_.request_duration.With(name_, OperationName(operation));
  }
  hits_ = metrics_.hits.With(name_);
  misses_ = metrics_.misses.With(name_);
  correct_ = metrics_.predictions.With(name_, "correct");
  wrong_ = metrics_.predictions.With(name_, "wrong");
  size_ = metrics_.size.With(name_);
  memory_ = metrics_.memory_usage.With(name_);
  cpu_ = metrics_.cpu_usage.With(name_);
  request_size_ = metrics_.request_size.With(name_);
  response_size_ = metrics_.response_size.With(name_);
  prediction_latency_ = metrics_.prediction_latency.With(name_);
}

void PredictiveCacheKit::Compute(const KitOptions& options) const {
  std::vector<Counter> all;
  std::vector<Counter> bad;
  for (const Operation operation : kOperations) {
    const Counter* counters = requests_[static_cast<std::size_t>(operation)];
    all.insert(all.end(), counters, counters + kOutcomeCount);
    bad.insert(bad.end(), counters + 1, counters + kOutcomeCount);
  }
  metrics_.prediction_accuracy.Function(RatioOver(Ratio{{correct_}, {correct_, wrong_}}, options), name_);
  metrics_.prediction_confidence.Function(RatioOver([mean = confidence_] { return mean->Read(); }, options), name_);
  metrics_.throughput.Function(RateOver(all, options), name_);
  metrics_.error_rate.Function(RatioOver(Ratio{bad, all}, options), name_);
}

void PredictiveCacheKit::RecordEviction(std::string_view reason, std::uint64_t entries) noexcept {
  evictions_.For(reason, [&](std::string_view text) { return metrics_.evictions.With(name_, text); })
      .Increment(entries);
}

void PredictiveCacheKit::RecordPrediction(double confidence, double seconds, Outcome outcome) const noexcept {
  RecordRequest(Operation::kPredict, outcome, seconds);
  prediction_latency_.Record(seconds);
  if (outcome == Outcome::kSuccess) confidence_->Record(confidence);
}

const PredictiveCacheKit::Model& PredictiveCacheKit::ModelOf(std::string_view name) noexcept {
  return models_.For(name, [&](std::string_view text) {
    return Model{metrics_.model_load.With(name_, text), metrics_.model_update.With(name_, text),
                 metrics_.model_version.With(name_, text), metrics_.model_update_timestamp.With(name_, text)};
  });
}

void PredictiveCacheKit::RecordModelLoad(std::string_view model, double seconds, double version) noexcept {
  const Model& handles = ModelOf(model);
  handles.load.Record(seconds);
  handles.version.Set(version);
}

void PredictiveCacheKit::RecordModelUpdate(std::string_view model, double seconds, double version) noexcept {
  const Model& handles = ModelOf(model);
  handles.update.Record(seconds);
  handles.version.Set(version);
  handles.updated.SetToCurrentTime();
}

}  // namespace cachescope::kits
