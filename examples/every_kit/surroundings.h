// Surroundings: what stands around the layers: a query cache with two tiers, a cache library, a database, the host, and
// the application's users and money.
#pragma once

#include <string>

#include "cachescope/kits/application.h"
#include "cachescope/kits/database.h"
#include "cachescope/kits/library_cache.h"
#include "cachescope/kits/system.h"
#include "cachescope/kits/two_tier_cache.h"
#include "registries.h"
#include "traffic.h"

namespace every_kit {

struct HostOptions {
  std::string proc = "/proc";
  std::string mount_point = "/";
  /// Name of the programs to watch, as in /proc/PID/comm.
  std::string process = "redis-server";
};

class Surroundings {
 public:
  Surroundings(Registries& registries, const HostOptions& host);
  void Turn(Traffic& traffic);

 private:
  void UseTiers(Traffic& traffic);
  void UseLibrary(Traffic& traffic);
  void UseDatabase(Traffic& traffic);
  void UseApplication(Traffic& traffic);
  void LookAtHost(Traffic& traffic);

  cachescope::kits::TwoTierKit tiers_;
  cachescope::kits::LibraryCacheKit library_;
  cachescope::kits::DatabaseKit database_;
  cachescope::kits::SystemKit system_;
  cachescope::kits::ApplicationKit application_;
};

}  // namespace every_kit
