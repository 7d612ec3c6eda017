#include "cachescope/kits/library_cache.h"

#include "cachescope/kits/window.h"

namespace cachescope::kits {

LibraryCacheKit::LibraryCacheKit(Registry& registry, const KitOptions& options)
    : metrics_(registry),
      health_metrics_(registry),
      get_hits_(metrics_.gets.With("hit")),
      get_misses_(metrics_.gets.With("miss")),
      hits_(metrics_.hits.With()),
      misses_(metrics_.misses.With()),
      sets_(metrics_.sets.With()),
      deletes_(metrics_.deletes.With()),
      invalidations_(metrics_.invalidations.With()),
      size_(metrics_.size.With()),
      keys_(metrics_.keys.With()),
      health_(health_metrics_.health.With()),
      check_duration_(health_metrics_.check_duration.With()),
      check_errors_(health_metrics_.check_errors.With()),
      broken_(std::make_shared<Broken>()),
      operations_(registry, "operation", kLibraryOperationCount),
      types_(registry, "error_type", options.max_values),
      classes_(registry, "error_class", options.max_values),
      errors_(options.max_values * 4, operations_, types_, classes_) {
  for (std::size_t i = 0; i < kLibraryOperationCount; ++i) {
    durations_[i] = metrics_.operation_duration.With(LibraryOperationName(static_cast<LibraryOperation>(i)));
  }
  Compute(options);
}

void LibraryCacheKit::Compute(const KitOptions& options) const {
  metrics_.hit_rate.Function(RatioOver(Ratio{{hits_}, {hits_, misses_}}, options));
  for (std::size_t i = 0; i < kLibraryOperationCount; ++i) {
    const auto read = [broken = broken_, done = durations_[i], i] {
      const auto calls = static_cast<double>(broken->calls[i].load(std::memory_order_relaxed));
      return PartAndWhole{calls, calls + static_cast<double>(done.Count())};
    };
    health_metrics_.error_rate.Function(RatioOver(read, options),
                                        LibraryOperationName(static_cast<LibraryOperation>(i)));
  }
  const auto now = options.now != nullptr ? options.now : &SteadySeconds;
  health_metrics_.uptime.Function([now, start = now()] { return now() - start; });
}

void LibraryCacheKit::RecordError(LibraryOperation operation, std::string_view error_type,
                                  std::string_view error_class) noexcept {
  broken_->calls[static_cast<std::size_t>(operation)].fetch_add(1, std::memory_order_relaxed);
  const auto make = [&](std::string_view name, std::string_view type, std::string_view kind) {
    return health_metrics_.errors.With(name, type, kind);
  };
  errors_.For(make, LibraryOperationName(operation), error_type, error_class).Increment();
}

}  // namespace cachescope::kits
