// Registries: one for each set of families that share names with others (docs/guide/kits.md, "Registries").
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "cachescope/cachescope.h"
#include "cachescope/kits/options.h"

namespace every_kit {

struct Registries {
  /// Layers, databases, HTTP, tenants, host, application: most kits.
  cachescope::Registry layers;
  /// Caches by tier and name: instrumented ones and the two-tier kit. One page for all registries needs the library's
  /// own counters only once.
  cachescope::Registry tiers{{.self_metrics = false}};
  /// A cache library: its names are those of others but for the namespace.
  cachescope::Registry library{{.namespace_ = "app", .self_metrics = false}};
  /// What this program counts besides.
  cachescope::Registry own{{.namespace_ = "shop", .self_metrics = false}};

  using Named = std::pair<std::string_view, cachescope::Registry*>;
  std::array<Named, 4> All() {
    return {{{"layers", &layers}, {"tiers", &tiers}, {"library", &library}, {"own", &own}}};
  }
};

/// Rates over ten seconds, so that somebody who watches sees them move; five minutes is usual.
inline constexpr cachescope::kits::KitOptions kKitOptions = {.window = std::chrono::seconds(10)};

}  // namespace every_kit
