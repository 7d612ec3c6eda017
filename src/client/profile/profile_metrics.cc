#include <utility>

#include "cachescope/profiler.h"
#include "client/profile/profiler_core.h"

namespace cachescope {
namespace {

FamilySnapshot Family(const char* name, const char* help, const char* unit, InstrumentType type) {
  FamilySnapshot family;
  family.name = name;
  family.help = help;
  family.unit = unit;
  family.type = type;
  return family;
}

SeriesSnapshot Series(const OperationProfile& profile) {
  SeriesSnapshot series;
  series.labels = {{"operation", profile.name}};
  return series;
}

SeriesSnapshot DurationSeries(const OperationProfile& profile) {
  SeriesSnapshot series = Series(profile);
  series.sum = profile.total;
  series.count = profile.count;
  series.quantiles = {{0.5, profile.p50}, {0.95, profile.p95}, {0.99, profile.p99}};
  return series;
}

void Collect(const ProfileReport& report, std::vector<FamilySnapshot>* out) {
  FamilySnapshot durations = Family("profiled_operation_duration_seconds", "Durations of profiled operations.",
                                    "seconds", InstrumentType::kSummary);
  FamilySnapshot failures =
      Family("profiled_operation_failures_total", "Profiled operations that failed.", "", InstrumentType::kCounter);
  FamilySnapshot active =
      Family("profiled_operation_active", "Profiled operations running now.", "", InstrumentType::kGauge);
  for (const OperationProfile& profile : report.operations) {
    durations.series.push_back(DurationSeries(profile));
    failures.series.push_back(Series(profile));
    failures.series.back().value = static_cast<double>(profile.failures);
    active.series.push_back(Series(profile));
    active.series.back().value = static_cast<double>(profile.active);
  }
  for (FamilySnapshot* family : {&durations, &failures, &active}) {
    if (!family->series.empty()) out->push_back(std::move(*family));
  }
}

}  // namespace

std::uint64_t AddProfileMetrics(Registry& registry, const Profiler& profiler) {
  return registry.AddCollector([core = profiler.core()](std::vector<FamilySnapshot>* out) {
    Collect(core->Report(detail::SteadyNanoseconds()), out);
  });
}

}  // namespace cachescope
