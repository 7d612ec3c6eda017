// Operations: profiled and tracked: how often, how long, how many fail and why, what runs now.
#pragma once

#include <string>

#include "cachescope/error_tracker.h"
#include "cachescope/operation_tracker.h"
#include "cachescope/profiler.h"
#include "registries.h"
#include "traffic.h"

namespace every_kit {

class Operations {
 public:
  explicit Operations(Registries& registries);
  void Turn(Traffic& traffic);

  /// For people.
  std::string Report() const;

 private:
  cachescope::Profiler profiler_;
  cachescope::ErrorTracker errors_;  // counts operation_errors_total of its registry, too
  cachescope::OperationTracker tracker_;
  cachescope::ProfiledOperation lookup_;
  cachescope::OperationId rebuild_ = cachescope::OperationId::kNone;
};

}  // namespace every_kit
