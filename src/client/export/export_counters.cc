#include "client/export/export_counters.h"

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "client/registry_core.h"

namespace cachescope::client {
namespace {

using Field = std::atomic<std::uint64_t> ExportCounters::*;

struct FieldRow {
  const char* name;
  const char* help;
  Field field;
};

constexpr FieldRow kFields[] = {
    {"cachescope_client_export_bytes_total", "Bytes that exporters delivered.", &ExportCounters::bytes},
    {"cachescope_client_export_dropped_total", "Packets and requests that exporters gave up.",
     &ExportCounters::dropped},
    {"cachescope_client_export_errors_total", "Errors of exporters.", &ExportCounters::errors},
    {"cachescope_client_export_packets_total", "Datagrams, requests or calls that exporters delivered.",
     &ExportCounters::packets},
    {"cachescope_client_export_rounds_total", "Rounds that exporters began.", &ExportCounters::rounds},
};

// All counters of one registry; its collector owns it.
class CounterBoard {
 public:
  std::shared_ptr<ExportCounters> Find(std::string_view exporter) {
    const std::lock_guard lock(mu_);
    auto found = by_name_.find(exporter);
    if (found == by_name_.end()) {
      const std::string_view key = by_name_.size() < kMaxExporterNames ? exporter : "other";
      found = by_name_.try_emplace(std::string(key), std::make_shared<ExportCounters>()).first;
    }
    return found->second;
  }

  void Collect(std::vector<FamilySnapshot>* out) const {
    const std::lock_guard lock(mu_);
    for (const FieldRow& row : kFields) {
      FamilySnapshot family{row.name, row.help, {}, InstrumentType::kCounter, {}};
      for (const auto& [name, counters] : by_name_) {
        SeriesSnapshot series;
        series.labels = {{"exporter", name}};
        series.value = static_cast<double>(((*counters).*row.field).load(std::memory_order_relaxed));
        family.series.push_back(std::move(series));
      }
      out->push_back(std::move(family));
    }
  }

 private:
  mutable std::mutex mu_;
  std::map<std::string, std::shared_ptr<ExportCounters>, std::less<>> by_name_;  // guarded by mu_
};

// Boards by registry. An entry whose board has gone belonged to a registry that was at the same address.
struct Boards {
  std::mutex mu;
  std::map<const RegistryCore*, std::weak_ptr<CounterBoard>> by_registry;
};

Boards& AllBoards() {
  static Boards& boards = *new Boards();
  return boards;
}

}  // namespace

void ExportCounters::Add(const ExportTally& tally) noexcept {
  packets.fetch_add(tally.packets, std::memory_order_relaxed);
  bytes.fetch_add(tally.bytes, std::memory_order_relaxed);
  dropped.fetch_add(tally.dropped, std::memory_order_relaxed);
  errors.fetch_add(tally.errors, std::memory_order_relaxed);
}

std::shared_ptr<ExportCounters> CountersOf(const std::shared_ptr<RegistryCore>& registry, std::string_view exporter) {
  std::shared_ptr<CounterBoard> board;
  bool made = false;
  {
    Boards& boards = AllBoards();
    const std::lock_guard lock(boards.mu);
    std::erase_if(boards.by_registry, [](const auto& entry) { return entry.second.expired(); });
    std::weak_ptr<CounterBoard>& known = boards.by_registry[registry.get()];
    board = known.lock();
    if (board == nullptr) {
      known = board = std::make_shared<CounterBoard>();
      made = true;
    }
  }
  auto counters = board->Find(exporter);
  // Outside the lock: it waits for a scrape under way.
  if (made) registry->AddCollector([board](std::vector<FamilySnapshot>* out) { board->Collect(out); });
  return counters;
}

}  // namespace cachescope::client
