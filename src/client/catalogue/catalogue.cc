// The tables of all groups in one, and the checks that need all of them.
#include "cachescope/catalogue/catalogue.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "cachescope/catalogue/application.h"
#include "cachescope/catalogue/cross_layer.h"
#include "cachescope/catalogue/database.h"
#include "cachescope/catalogue/diary.h"
#include "cachescope/catalogue/global.h"
#include "cachescope/catalogue/library.h"
#include "cachescope/catalogue/predictive.h"
#include "cachescope/catalogue/semantic.h"
#include "cachescope/catalogue/service.h"
#include "cachescope/catalogue/system.h"
#include "cachescope/catalogue/tenant_api.h"
#include "cachescope/catalogue/two_tier.h"
#include "cachescope/catalogue/vector.h"

namespace cachescope {
namespace {

using catalogue::Entry;
using catalogue::Group;
using catalogue::Row;
using catalogue::Space;

constexpr Group kGroups[] = {
    {"predictive", "PredictiveCacheMetrics", "cachescope/catalogue/predictive.h", "Predictive cache", "000",
     Space::kLayers, catalogue::kPredictiveRows},
    {"semantic", "SemanticCacheMetrics", "cachescope/catalogue/semantic.h", "Semantic cache", "000", Space::kLayers,
     catalogue::kSemanticRows},
    {"vector", "VectorCacheMetrics", "cachescope/catalogue/vector.h", "Vector cache", "000", Space::kLayers,
     catalogue::kVectorRows},
    {"global", "GlobalCacheMetrics", "cachescope/catalogue/global.h", "Global cache", "000", Space::kLayers,
     catalogue::kGlobalRows},
    {"diary", "VectorDiaryMetrics", "cachescope/catalogue/diary.h", "Vector diary", "000", Space::kLayers,
     catalogue::kDiaryRows},
    {"system", "SystemMetrics", "cachescope/catalogue/system.h", "System", "000", Space::kLayers,
     catalogue::kSystemRows},
    {"cross-layer", "CrossLayerMetrics", "cachescope/catalogue/cross_layer.h", "All layers together", "000",
     Space::kLayers, catalogue::kCrossLayerRows},
    {"database", "DatabaseMetrics", "cachescope/catalogue/database.h", "Databases", "000", Space::kLayers,
     catalogue::kDatabaseRows},
    {"two-tier", "TwoTierMetrics", "cachescope/catalogue/two_tier.h", "Two-tier query cache", "001", Space::kTiers,
     catalogue::kTwoTierRows},
    {"tenant-api", "TenantApiMetrics", "cachescope/catalogue/tenant_api.h", "Multi-tenant API", "003", Space::kLayers,
     catalogue::kTenantApiRows},
    {"service", "ServiceMetrics", "cachescope/catalogue/service.h", "Service, beside the multi-tenant API", "",
     Space::kLayers, catalogue::kServiceRows},
    {"application", "ApplicationMetrics", "cachescope/catalogue/application.h", "Application and business", "",
     Space::kLayers, catalogue::kApplicationRows},
    {"library", "LibraryCacheMetrics", "cachescope/catalogue/library.h", "Cache library", "004", Space::kLibrary,
     catalogue::kLibraryRows},
    {"library-health", "LibraryHealthMetrics", "cachescope/catalogue/library.h", "Cache library: health and errors",
     "004", Space::kLibrary, catalogue::kLibraryHealthRows},
};

constexpr std::size_t CountRows() {
  std::size_t count = 0;
  for (const Group& group : kGroups) count += group.rows.size();
  return count;
}

constexpr auto MakeEntries() {
  std::array<Entry, CountRows()> entries = {};
  std::size_t next = 0;
  for (const Group& group : kGroups) {
    for (const Row& row : group.rows) entries[next++] = {&group, &row};
  }
  return entries;
}

constexpr auto kEntries = MakeEntries();

// Compilers bound the steps of a constant: sizes are compared before characters.
constexpr bool Same(std::string_view a, std::string_view b) { return a.size() == b.size() && a == b; }

// True if `longer` is a line of the histogram or summary `name`.
constexpr bool IsLineOf(std::string_view name, std::string_view longer) {
  if (longer.size() <= name.size() || longer.size() > name.size() + 7 || longer[name.size()] != '_') return false;
  const std::string_view rest = longer.substr(name.size());
  return (rest == "_bucket" || rest == "_sum" || rest == "_count") && longer.starts_with(name);
}

constexpr bool HasLines(const Row& row) {
  return row.type == InstrumentType::kHistogram || row.type == InstrumentType::kSummary;
}

constexpr bool NamesAreDistinctInSpaces() {
  const Entry* entries = kEntries.data();
  for (std::size_t i = 0; i < kEntries.size(); ++i) {
    const Row& a = *entries[i].row;
    for (std::size_t j = 0; j < i; ++j) {
      if (Same(a.name, entries[j].row->name) && entries[i].group->space == entries[j].group->space) return false;
    }
  }
  return true;
}

constexpr bool LinesAreDistinctInSpaces() {
  const Entry* entries = kEntries.data();
  for (std::size_t i = 0; i < kEntries.size(); ++i) {
    if (!HasLines(*entries[i].row)) continue;
    for (std::size_t j = 0; j < kEntries.size(); ++j) {
      if (IsLineOf(entries[i].row->name, entries[j].row->name) && entries[i].group->space == entries[j].group->space) {
        return false;
      }
    }
  }
  return true;
}

// A name shared by spaces has other labels in each: with the same labels it would be one family told twice.
constexpr bool SharedNamesDiffer() {
  const Entry* entries = kEntries.data();
  for (std::size_t i = 0; i < kEntries.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (Same(entries[i].row->name, entries[j].row->name) && entries[i].row->labels == entries[j].row->labels) {
        return false;
      }
    }
  }
  return true;
}

constexpr bool DottedNamesAreDistinct() {
  const Entry* entries = kEntries.data();
  for (std::size_t i = 0; i < kEntries.size(); ++i) {
    if (entries[i].row->dotted.empty()) continue;
    for (std::size_t j = 0; j < i; ++j) {
      if (Same(entries[i].row->dotted, entries[j].row->dotted)) return false;
    }
  }
  return true;
}

static_assert(NamesAreDistinctInSpaces());
static_assert(LinesAreDistinctInSpaces());
static_assert(SharedNamesDiffer());
static_assert(DottedNamesAreDistinct());

}  // namespace

namespace catalogue {

std::string_view SpaceName(Space space) noexcept {
  constexpr std::string_view kNames[] = {"layers", "tiers", "library"};
  return kNames[static_cast<std::size_t>(space)];
}

std::string_view OriginName(Origin origin) noexcept {
  constexpr std::string_view kNames[] = {"given", "repaired", "added"};
  return kNames[static_cast<std::size_t>(origin)];
}

}  // namespace catalogue

std::span<const Group> Catalogue::Groups() noexcept { return kGroups; }
std::span<const Entry> Catalogue::Rows() noexcept { return kEntries; }

const Group* Catalogue::FindGroup(std::string_view name) noexcept {
  const auto* found =
      std::find_if(std::begin(kGroups), std::end(kGroups), [&](const Group& group) { return group.name == name; });
  return found == std::end(kGroups) ? nullptr : found;
}

Entry Catalogue::Find(std::string_view name, Space space) noexcept {
  for (const Entry& entry : kEntries) {
    if (entry.row->name == name && entry.group->space == space) return entry;
  }
  return {};
}

Entry Catalogue::Find(std::string_view name) noexcept {
  for (const Entry& entry : kEntries) {
    if (entry.row->name == name) return entry;
  }
  return {};
}

}  // namespace cachescope
