#include "cachescope/kits/vector_diary.h"

namespace cachescope::kits {

VectorDiaryKit::VectorDiaryKit(Registry& registry, const VectorDiaryOptions& options)
    : name_(options.layer),
      layer_(registry, name_,
             {Operation::kAdd, Operation::kSearch, Operation::kUpdate, Operation::kDelete, Operation::kAnalyse,
              Operation::kArchive},
             options.kit),
      metrics_(registry),
      adds_(metrics_.add_requests, name_),
      searches_(metrics_.search_requests, name_),
      updates_(metrics_.update_requests, name_),
      deletes_(metrics_.delete_requests, name_),
      analyses_(metrics_.pattern_analysis_requests, name_),
      archives_(metrics_.archive_requests, name_),
      size_(metrics_.cache_size.With(name_)),
      entries_(metrics_.entries.With(name_)),
      archived_(metrics_.archived_entries.With(name_)),
      threshold_(metrics_.importance_threshold.With(name_)),
      importance_(metrics_.importance_scores.With(name_)),
      analysis_latency_(metrics_.pattern_analysis_latency.With(name_)),
      archive_latency_(metrics_.archive_latency.With(name_)),
      patterns_(registry, "pattern_type", options.kit.max_values) {
  SetImportanceThreshold(options.importance_threshold);
}

void VectorDiaryKit::RecordPatterns(std::string_view pattern_type, std::uint64_t found) noexcept {
  patterns_.For(pattern_type, [&](std::string_view text) { return metrics_.pattern_discoveries.With(name_, text); })
      .Increment(found);
}

}  // namespace cachescope::kits
