// Runs one eval command in all the ways the reference runner does and compares results.
#pragma once

#include <string>

#include "script.h"
#include "server/promql/engine.h"

namespace cachescope::promqltest {

// Empty when the command passes, else what differs.
std::string CheckEval(const EvalCommand& eval, const promql::Engine& engine, storage::Queryable* store);

// Comparisons with the tolerances of the reference runner.
bool SameFloat(double a, double b);
bool SameHistogramResult(const Point& expected, const FloatHistogram& actual);

}  // namespace cachescope::promqltest
