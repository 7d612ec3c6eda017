// Functions that map each float on its own, and scalars.
#include <cmath>
#include <limits>
#include <numbers>

#include "server/promql/function_call.h"

namespace cachescope::promql {
namespace {

using FloatFunction = double (*)(double);

FloatFunction FindFloatFunction(std::string_view name) {
  struct Entry {
    std::string_view name;
    FloatFunction f;
  };
  static constexpr Entry kEntries[] = {
      {"abs", [](double v) { return std::fabs(v); }},
      {"ceil", [](double v) { return std::ceil(v); }},
      {"floor", [](double v) { return std::floor(v); }},
      {"exp", [](double v) { return std::exp(v); }},
      {"sqrt", [](double v) { return std::sqrt(v); }},
      {"ln", [](double v) { return std::log(v); }},
      {"log2", [](double v) { return std::log2(v); }},
      {"log10", [](double v) { return std::log10(v); }},
      {"sin", [](double v) { return std::sin(v); }},
      {"cos", [](double v) { return std::cos(v); }},
      {"tan", [](double v) { return std::tan(v); }},
      {"asin", [](double v) { return std::asin(v); }},
      {"acos", [](double v) { return std::acos(v); }},
      {"atan", [](double v) { return std::atan(v); }},
      {"sinh", [](double v) { return std::sinh(v); }},
      {"cosh", [](double v) { return std::cosh(v); }},
      {"tanh", [](double v) { return std::tanh(v); }},
      {"asinh", [](double v) { return std::asinh(v); }},
      {"acosh", [](double v) { return std::acosh(v); }},
      {"atanh", [](double v) { return std::atanh(v); }},
      {"rad", [](double v) { return v * std::numbers::pi / 180; }},
      {"deg", [](double v) { return v * 180 / std::numbers::pi; }},
      {"sgn", [](double v) { return v < 0 ? -1.0 : (v > 0 ? 1.0 : v); }},
  };
  for (const Entry& entry : kEntries) {
    if (entry.name == name) return entry.f;
  }
  return nullptr;
}

// Applies f(value, step) to every float; histograms have no place in the result.
template <typename F>
void MapFloats(SeriesBlock* block, F f) {
  bool removed = false;
  for (std::size_t row = 0; row < block->rows(); ++row) {
    const Cell* cells = block->cells(row);
    double* values = block->values(row);
    for (std::size_t step = 0; step < block->steps(); ++step) {
      if (cells[step] == Cell::kFloat) {
        values[step] = f(values[step], step);
      } else if (cells[step] == Cell::kHistogram) {
        block->Clear(row, step);
        removed = true;
      }
    }
  }
  if (removed) block->RemoveEmptyRows();
}

// As Go's math.Max and math.Min: the infinity that decides does so even against NaN.
double Larger(double a, double b) {
  if (a == HUGE_VAL || b == HUGE_VAL) return HUGE_VAL;
  return std::isnan(a) || std::isnan(b) ? std::nan("") : std::fmax(a, b);
}
double Smaller(double a, double b) {
  if (a == -HUGE_VAL || b == -HUGE_VAL) return -HUGE_VAL;
  return std::isnan(a) || std::isnan(b) ? std::nan("") : std::fmin(a, b);
}

}  // namespace

Result<Value> CallMath(const CallContext& c) {
  const FloatFunction f = FindFloatFunction(c.name());
  if (f == nullptr) return Internal("cannot evaluate: not a mathematical function");
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block, c.Vector(0));
  MapFloats(&block, [f](double v, std::size_t) { return f(v); });
  return NamelessVector(&c.ev, std::move(block));
}

Result<Value> CallClamp(const CallContext& c) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block, c.Vector(0));
  std::vector<double> least(c.grid.steps, -kInf);
  std::vector<double> most(c.grid.steps, kInf);
  if (c.name() != "clamp_max") {
    CACHESCOPE_ASSIGN_OR_RETURN(least, c.Scalar(1));
  }
  if (c.name() != "clamp_min") {
    CACHESCOPE_ASSIGN_OR_RETURN(most, c.Scalar(c.name() == "clamp" ? 2 : 1));
  }
  MapFloats(&block, [&](double v, std::size_t step) { return Larger(least[step], Smaller(most[step], v)); });
  bool removed = false;
  for (std::size_t step = 0; step < c.grid.steps; ++step) {
    if (!(most[step] < least[step])) continue;
    for (std::size_t row = 0; row < block.rows(); ++row) block.Clear(row, step);
    removed = true;
  }
  if (removed) block.RemoveEmptyRows();
  return NamelessVector(&c.ev, std::move(block));
}

Result<Value> CallRound(const CallContext& c) {
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block, c.Vector(0));
  std::vector<double> nearest(c.grid.steps, 1.0);
  if (c.args() > 1) {
    CACHESCOPE_ASSIGN_OR_RETURN(nearest, c.Scalar(1));
  }
  MapFloats(&block, [&](double v, std::size_t step) {
    const double inverse = 1.0 / nearest[step];  // more exact than dividing by the step
    return std::floor(v * inverse + 0.5) / inverse;
  });
  return NamelessVector(&c.ev, std::move(block));
}

Result<Value> CallConstant(const CallContext& c) {
  const QueryTimes& query = c.ev.plan().query();
  std::vector<double> values(c.grid.steps, std::numbers::pi);
  for (std::size_t step = 0; step < c.grid.steps; ++step) {
    if (c.name() == "time") values[step] = static_cast<double>(c.grid.At(step)) / 1000;
    if (c.name() == "start") values[step] = static_cast<double>(query.start) / 1000;
    if (c.name() == "end") values[step] = static_cast<double>(query.end) / 1000;
    if (c.name() == "range") values[step] = static_cast<double>(query.end - query.start) / 1000;
    if (c.name() == "step") values[step] = static_cast<double>(query.step) / 1000;
  }
  return ScalarValue(std::move(values));
}

Result<Value> CallExtreme(const CallContext& c) {
  CACHESCOPE_ASSIGN_OR_RETURN(std::vector<double> a, c.Scalar(0));
  CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<double> b, c.Scalar(1));
  for (std::size_t step = 0; step < a.size(); ++step) {
    a[step] = c.name() == "max_of" ? Larger(a[step], b[step]) : Smaller(a[step], b[step]);
  }
  return ScalarValue(std::move(a));
}

Result<Value> CallScalar(const CallContext& c) {
  CACHESCOPE_ASSIGN_OR_RETURN(const SeriesBlock block, c.Vector(0));
  std::vector<double> values(c.grid.steps, std::nan(""));
  std::vector<unsigned char> found(c.grid.steps, 0);
  for (std::size_t row = 0; row < block.rows(); ++row) {
    for (std::size_t step = 0; step < c.grid.steps; ++step) {
      if (block.cells(row)[step] != Cell::kFloat) continue;
      values[step] = found[step] != 0 ? std::nan("") : block.values(row)[step];
      found[step] = 1;
    }
  }
  return ScalarValue(std::move(values));
}

Result<Value> CallVector(const CallContext& c) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<double> values, c.Scalar(0));
  Value value;
  value.block = SeriesBlock(c.grid.steps);
  value.block.AddRow(Labels(), false);
  for (std::size_t step = 0; step < c.grid.steps; ++step) value.block.SetFloat(0, step, values[step]);
  CACHESCOPE_RETURN_IF_ERROR(value.block.Charge(&c.ev.budget()));
  return value;
}

}  // namespace cachescope::promql
