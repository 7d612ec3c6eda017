// ExportCounters: what the exports of a registry did, as metrics of that registry: cachescope_client_export_*.
//
// One set for each exporter name, kept as long as the registry, so that the numbers never go back when an export is
// stopped and another started. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "cachescope/export/exporter.h"

namespace cachescope::client {

class RegistryCore;

/// Exporter names kept apart in one registry; further ones share "other".
inline constexpr std::size_t kMaxExporterNames = 32;

struct ExportCounters {
  std::atomic<std::uint64_t> rounds{0};
  std::atomic<std::uint64_t> packets{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::uint64_t> errors{0};

  void Add(const ExportTally& tally) noexcept;
};

/// The counters of that name; adds a collector to the registry on first use. May throw std::bad_alloc.
std::shared_ptr<ExportCounters> CountersOf(const std::shared_ptr<RegistryCore>& registry, std::string_view exporter);

}  // namespace cachescope::client
