// What `query` gives to templates. Pure.
#pragma once

#include "server/template/value.h"

namespace cachescope::templating {

// One element of a query result: .Labels, a map of texts with the name as "__name__", and .Value.
Value SampleValue(Map labels, double value);
// A query result.
Value SamplesValue(List samples);

}  // namespace cachescope::templating
