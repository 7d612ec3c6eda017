// Families as snapshots in each format. May throw std::bad_alloc.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "cachescope/exposition.h"
#include "client/exposition/name_escaping.h"

namespace cachescope::client {

class RegistryCore;

/// In the format of the options. A family without series is left out.
void AppendFamily(const FamilySnapshot& family, const ExpositionOptions& options, bool stem_taken, std::string* out);

/// What stands after the last family.
void AppendPageEnd(ExpositionFormat format, std::string* out);

/// One page of several registries, as exposition.h says.
void AppendJoined(std::span<const std::shared_ptr<RegistryCore>> registries, const ExpositionOptions& options,
                  std::string* out);

void AppendTextFamily(const FamilySnapshot& family, NameEscaping escaping, std::string* out);

/// How OpenMetrics shows a family.
struct OpenMetricsShape {
  std::string_view type;
  /// At the end of the full name, not part of the family's: "_total", "_info" or "".
  std::string_view suffix;
};

/// `stem_taken` says whether another family has the name that is left without the suffix; the full name stays then.
OpenMetricsShape ShapeOf(InstrumentType type, std::string_view full_name, bool stem_taken) noexcept;

/// The full name without "_total" of a counter and "_info" of an info; the name itself if it ends otherwise.
std::string_view StemOf(InstrumentType type, std::string_view full_name) noexcept;

/// True if `stem` ends in the unit, which OpenMetrics demands of a family with a UNIT line.
bool ShowsUnit(InstrumentType type, std::string_view stem, std::string_view unit) noexcept;

/// HELP, TYPE and UNIT. `shown_type` is the shape's.
void AppendOpenMetricsHead(const ShownName& stem, std::string_view shown_type, InstrumentType type,
                           std::string_view help, std::string_view unit, std::string* out);

void AppendOpenMetricsFamily(const FamilySnapshot& family, const ExpositionOptions& options, bool stem_taken,
                             std::string* out);

void AppendProtobufFamily(const FamilySnapshot& family, NameEscaping escaping, std::string* out);

}  // namespace cachescope::client
