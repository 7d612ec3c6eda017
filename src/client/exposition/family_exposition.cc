// FamilyCore in any format: from its cells where the format has a short way, else by a snapshot.
#include "client/exposition/family_formats.h"
#include "client/family_core.h"

namespace cachescope::client {

void FamilyCore::AppendExposition(const ExpositionOptions& options, bool stem_taken, std::string* out) {
  const bool as_registered = has_legacy_names() && options.escaping != NameEscaping::kDots;
  if (options.format == ExpositionFormat::kText && (as_registered || options.escaping == NameEscaping::kUnderscores)) {
    return AppendText(out);
  }
  const bool of_cells = !has_sketches() && spec_.type != InstrumentType::kStateSet;
  if (!as_registered || !of_cells || exemplars_.used()) {
    return AppendFamily(Snapshot(), options, stem_taken, out);
  }
  SortIfNeeded();
  const std::shared_lock lock(mu_);
  if (table_.series().empty()) return;
  if (options.format == ExpositionFormat::kOpenMetrics) {
    AppendOpenMetrics(stem_taken, options.created_lines, out);
  } else {
    AppendProtobuf(out);
  }
}

}  // namespace cachescope::client
