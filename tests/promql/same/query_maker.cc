#include "query_maker.h"

namespace cachescope::promqltest {
namespace {

const std::vector<std::string> kMetrics = {"gets_total", "gets_total",   "temperature",  "latency_bucket",
                                           "sizes",      "mixed",        "typed",        "nothing",
                                           "slow_total", "{a=~\"1|2\"}", "started_total"};
const std::vector<std::string> kMatchers = {
    "a=\"1\"",      "a!=\"1\"",      "a=~\"1|2|3\"", "b=~\"x.*\"",         "b!~\".*y\"",
    "b=~\".*1.*\"", "b=~\"[xy]1?\"", "c=\"\"",       "le=~\"0.5|1|.Inf\"", "b=~\"x.+\""};
const std::vector<std::string> kGroupings = {"",
                                             " by (a)",
                                             " by (b)",
                                             " by (a, b)",
                                             " by (le)",
                                             " without (a)",
                                             " without (b, le)",
                                             " by (__name__)",
                                             " by (__name__, a)",
                                             " without ()"};

}  // namespace

std::string QueryMaker::Modifiers() {
  std::string out;
  if (random_.Chance(10)) out += random_.Pick({" offset 2m", " offset -3m", " offset 1h"});
  if (random_.Chance(5)) out += random_.Pick({" @ 1700001000", " @ start()", " @ end()"});
  return out;
}

std::string QueryMaker::Selector() {
  const std::string& metric = random_.Pick(kMetrics);
  if (metric[0] == '{') return metric;
  std::string out = metric + "{";
  for (std::size_t i = random_.Below(3); i > 0; --i) out += random_.Pick(kMatchers) + ",";
  return out + "}";
}

std::string QueryMaker::Range() {
  return random_.Pick({"[30s]", "[1m]", "[2m]", "[5m]", "[17m]", "[1h]", "[3h]", "[1m1s]"});
}

std::string QueryMaker::RangeCall(int depth) {
  std::string arg = Selector() + Range() + Modifiers();
  if (depth > 0 && random_.Chance(15))
    arg = "(" + Vector(depth - 1) + ")" + random_.Pick({"[5m:1m]", "[10m:7s]", "[1h:5m]"});
  static const std::vector<std::string> kFunctions = {"rate",
                                                      "rate",
                                                      "increase",
                                                      "delta",
                                                      "irate",
                                                      "idelta",
                                                      "resets",
                                                      "changes",
                                                      "deriv",
                                                      "sum_over_time",
                                                      "avg_over_time",
                                                      "min_over_time",
                                                      "max_over_time",
                                                      "count_over_time",
                                                      "last_over_time",
                                                      "first_over_time",
                                                      "stddev_over_time",
                                                      "present_over_time",
                                                      "absent_over_time",
                                                      "ts_of_max_over_time",
                                                      "mad_over_time"};
  if (random_.Chance(5)) return "quantile_over_time(" + random_.Pick({"0.5", "0.9", "1.2"}) + ", " + arg + ")";
  if (random_.Chance(5)) return "predict_linear(" + arg + ", 60)";
  return random_.Pick(kFunctions) + "(" + arg + ")";
}

std::string QueryMaker::Aggregation(int depth) {
  static const std::vector<std::string> kOperators = {"sum", "sum", "avg",    "count", "group",
                                                      "min", "max", "stddev", "stdvar"};
  const std::string grouping = random_.Pick(kGroupings);
  const std::string inner = depth > 0 && random_.Chance(30) ? Vector(depth - 1)
                            : random_.Chance(60)            ? RangeCall(0)
                                                            : Selector() + Modifiers();
  if (random_.Chance(20)) {
    return random_.Pick({"topk", "bottomk", "limitk"}) + grouping + " (" + random_.Pick({"1", "3", "50"}) + ", " +
           inner + ")";
  }
  if (random_.Chance(8)) return "quantile" + grouping + " (0.7, " + inner + ")";
  if (random_.Chance(4)) return "count_values" + grouping + " (\"v\", " + inner + ")";
  return random_.Pick(kOperators) + grouping + " (" + inner + ")";
}

std::string QueryMaker::Binary(int depth) {
  static const std::vector<std::string> kOperators = {"+", "-", "*", "/", ">", "<= bool", "%", "==", "!="};
  if (random_.Chance(30))
    return "(" + Vector(depth - 1) + ") " + random_.Pick(kOperators) + " " + random_.Pick({"2", "0.1", "-1", "time()"});
  if (random_.Chance(30)) {
    return "(" + Vector(depth - 1) + ") " + random_.Pick({"and", "or", "unless"}) +
           random_.Pick({" ", " on (a) ", " ignoring (b) "}) + "(" + Vector(depth - 1) + ")";
  }
  return "(" + Vector(depth - 1) + ") " + random_.Pick(kOperators) +
         random_.Pick({" ", " on (a, b) ", " ignoring (le) "}) + "(" + Vector(depth - 1) + ")";
}

std::string QueryMaker::Function(int depth) {
  const std::string inner = Vector(depth - 1);
  if (random_.Chance(35)) {
    return "histogram_quantile(" + random_.Pick({"0.95", "0.5", "0.99"}) + ", " +
           (random_.Chance(60)
                ? "sum by (le" + random_.Pick({"", ", a", ", b"}) + ") (rate(latency_bucket" + Range() + "))"
                : inner) +
           ")";
  }
  if (random_.Chance(15)) return "label_replace(" + inner + ", \"n\", \"$1\", \"a\", \"(.*)\")";
  static const std::vector<std::string> kFunctions = {"abs",    "ceil",      "timestamp",       "absent",
                                                      "scalar", "sort",      "histogram_count", "histogram_sum",
                                                      "sgn",    "clamp_min", "start_timestamp", "-"};
  const std::string& name = random_.Pick(kFunctions);
  if (name == "-") return "-(" + inner + ")";
  if (name == "scalar") return "vector(scalar(" + inner + "))";
  if (name == "clamp_min") return "clamp_min(" + inner + ", 3)";
  return name + "(" + inner + ")";
}

std::string QueryMaker::Vector(int depth) {
  const std::size_t kind = random_.Below(10);
  if (depth <= 0) return kind < 4 ? Selector() + Modifiers() : kind < 7 ? RangeCall(0) : Aggregation(0);
  if (kind < 1) return Selector() + Modifiers();
  if (kind < 4) return RangeCall(depth);
  if (kind < 7) return Aggregation(depth);
  return kind < 9 ? Binary(depth) : Function(depth);
}

}  // namespace cachescope::promqltest
