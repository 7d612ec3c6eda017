#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>

#include "server/promql/parser.h"

namespace cachescope::promql {
namespace {

ParserOptions AllOn() {
  ParserOptions options;
  options.experimental_functions = true;
  options.extended_range_selectors = true;
  options.binop_fill_modifiers = true;
  return options;
}

std::string Prettified(const std::string& query) {
  const auto expr = ParseExpr(query, AllOn());
  return expr.ok() ? Pretty(**expr) : expr.status().ToString();
}

const std::string kLong(90, 'x');  // a metric name too long to share a line

TEST(PrettyTest, ShortExpressionsStayOnOneLine) {
  EXPECT_EQ(Prettified("sum(foo)by(a)"), "sum by (a) (foo)");
  EXPECT_EQ(Prettified(" a+b "), "a + b");
}

TEST(PrettyTest, SplitsAtExactlyOneHundredColumns) {
  EXPECT_EQ(Prettified(kLong + " + 234567"), kLong + " + 234567");
  EXPECT_EQ(Prettified(kLong + " + 23456789"), "  " + kLong + "\n+\n  23456789");
}

TEST(PrettyTest, Aggregation) {
  EXPECT_EQ(Prettified("topk by (a) (5, " + kLong + ")"), "topk by (a) (\n  5,\n  " + kLong + "\n)");
}

TEST(PrettyTest, CallsAndParentheses) {
  EXPECT_EQ(Prettified("clamp((" + kLong + "), 1, 2)"), "clamp(\n  (" + kLong + "),\n  1,\n  2\n)");
  EXPECT_EQ(Prettified("abs((" + kLong + " + " + kLong + "))"),
            "abs(\n  (\n      " + kLong + "\n    +\n      " + kLong + "\n  )\n)");
}

TEST(PrettyTest, BinaryKeepsItsMatching) {
  EXPECT_EQ(Prettified(kLong + " == bool on (a) group_left (b) foo"),
            "  " + kLong + "\n== bool on (a) group_left (b)\n  foo");
}

TEST(PrettyTest, UnaryStandsBeforeItsOperand) {
  EXPECT_EQ(Prettified("-abs(" + kLong + " + 123456)"), "-abs(\n  " + kLong + " + 123456\n)");
}

TEST(PrettyTest, Subqueries) {
  EXPECT_EQ(Prettified("max_over_time(abs(" + kLong + " + 123456)[5m:1m] offset 1m)"),
            "max_over_time(\n  abs(\n    " + kLong + " + 123456\n  )[5m:1m] offset 1m\n)");
  EXPECT_EQ(Prettified("max_over_time(" + kLong + "[5m:])"), "max_over_time(\n" + kLong + "[5m:]\n)");
}

// One eval of a promqltest script and whether its block expects it to fail.
struct Eval {
  std::string where;
  std::string query;
  bool fails = false;
};

std::string Trimmed(const std::string& line) {
  const auto first = line.find_first_not_of(" \t\r");
  if (first == line.npos || line[first] == '#') return "";
  return line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
}

void CollectEvals(const std::filesystem::path& path, std::vector<Eval>* out) {
  static const std::regex kInstant(R"(eval(_\w+)?\s+instant\s+(at\s+\S+\s+)?(.+))");
  static const std::regex kRange(R"(eval(_\w+)?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(\S+)\s+(.+))");
  std::ifstream file(path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    line = Trimmed(line);
    std::smatch match;
    if (line.starts_with("eval")) {
      Eval eval;
      eval.where = path.filename().string() + ":" + std::to_string(number);
      eval.fails = line.starts_with("eval_fail");
      if (std::regex_match(line, match, kRange)) {
        eval.query = match[5];
      } else if (std::regex_match(line, match, kInstant)) {
        eval.query = match[3];
      } else {
        ADD_FAILURE() << eval.where << ": not an eval: " << line;
      }
      out->push_back(std::move(eval));
    } else if (line.starts_with("expect fail") && !out->empty()) {
      out->back().fails = true;
    }
  }
}

void ExpectRoundTrip(const Eval& eval) {
  const auto expr = ParseExpr(eval.query, AllOn());
  ASSERT_TRUE(expr.ok()) << eval.where << ": " << eval.query << ": " << expr.status().ToString();
  const std::string printed = ToString(**expr);
  const auto again = ParseExpr(printed, AllOn());
  ASSERT_TRUE(again.ok()) << eval.where << ": " << printed << ": " << again.status().ToString();
  EXPECT_EQ(ToString(**again), printed) << eval.where;
  const std::string pretty = Pretty(**expr);
  const auto from_pretty = ParseExpr(pretty, AllOn());
  ASSERT_TRUE(from_pretty.ok()) << eval.where << ": " << pretty << ": " << from_pretty.status().ToString();
  EXPECT_EQ(ToString(**from_pretty), printed) << eval.where;
  EXPECT_EQ(Pretty(**from_pretty), pretty) << eval.where;
}

TEST(PrinterTest, ConformanceQueriesParseAndRoundTrip) {
  const std::filesystem::path folder = CACHESCOPE_SOURCE_DIR "/../shared/conformance/promqltest";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no conformance scripts in " << folder;
  std::vector<Eval> evals;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".test") CollectEvals(entry.path(), &evals);
  }
  std::size_t parsed = 0;
  for (const Eval& eval : evals) {
    if (eval.fails) continue;
    ExpectRoundTrip(eval);
    ++parsed;
  }
  std::printf("%zu queries parsed and printed back, %zu expected to fail\n", parsed, evals.size() - parsed);
  EXPECT_GT(parsed, 2000U);
}

}  // namespace
}  // namespace cachescope::promql
