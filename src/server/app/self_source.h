// Reads this program's own registry as a scrape target, so that its metrics have history like any other's.
#pragma once

#include <memory>

#include "cachescope/registry.h"
#include "server/collect/source.h"

namespace cachescope::app {

// `registry` must outlive the source.
std::shared_ptr<collect::Source> NewSelfSource(const Registry& registry);

}  // namespace cachescope::app
