// Catalogue: every metric family of cachescope, by group, as constants: names, labels, buckets and meaning.
//
// One source for the typed instruments (predictive.h and its neighbours), for `cachescope catalog`, for the page
// docs/guide/catalogue.md, and for whoever checks dashboards and rules. All functions are thread-safe and do not
// allocate unless they return a string.
//
// Within one space no two rows share a name; across spaces names may repeat with other labels. Families of one space go
// into one registry; another space needs a registry of its own or a namespace.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cachescope/catalogue/row.h"

namespace cachescope {

namespace catalogue {

enum class Space : std::uint8_t { kLayers, kTiers, kLibrary };

/// "layers", "tiers", "library".
std::string_view SpaceName(Space space) noexcept;
/// "given", "repaired", "added".
std::string_view OriginName(Origin origin) noexcept;

struct Group {
  /// Short name for the command line: "predictive".
  std::string_view name = {};
  /// The struct of typed instruments: "PredictiveCacheMetrics".
  std::string_view type = {};
  /// Header of it, below include/.
  std::string_view header = {};
  std::string_view title = {};
  /// Number of the guide the group comes from: "000", "001", "003", "004"; empty for ours.
  std::string_view source = {};
  Space space = Space::kLayers;
  std::span<const Row> rows = {};
};

/// A row and the group it stands in.
struct Entry {
  const Group* group = nullptr;
  const Row* row = nullptr;
};

}  // namespace catalogue

class Catalogue {
 public:
  static std::span<const catalogue::Group> Groups() noexcept;
  /// All rows, group after group.
  static std::span<const catalogue::Entry> Rows() noexcept;
  /// The group of that short name, or null.
  static const catalogue::Group* FindGroup(std::string_view name) noexcept;
  /// The first entry of that exact name in `space`; its pointers are null if there is none.
  static catalogue::Entry Find(std::string_view name, catalogue::Space space) noexcept;
  /// The first entry of that name in any space.
  static catalogue::Entry Find(std::string_view name) noexcept;

  /// A table for a terminal, a Markdown page, a JSON array. `group` null prints all groups.
  static std::string Text(const catalogue::Group* group = nullptr);
  static std::string Markdown(const catalogue::Group* group = nullptr);
  static std::string Json(const catalogue::Group* group = nullptr);
};

}  // namespace cachescope
