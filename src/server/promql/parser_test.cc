#include "server/promql/parser.h"

#include <gtest/gtest.h>

#include "server/promql/lexer.h"

namespace cachescope::promql {
namespace {

ParserOptions AllOn() {
  ParserOptions options;
  options.experimental_functions = true;
  options.extended_range_selectors = true;
  options.binop_fill_modifiers = true;
  return options;
}

struct Case {
  const char* query;
  const char* printed;  // null: the same text
};

void ExpectPrinted(const Case& c, const ParserOptions& options) {
  const auto expr = ParseExpr(c.query, options);
  ASSERT_TRUE(expr.ok()) << c.query << ": " << expr.status().ToString();
  EXPECT_EQ(ToString(**expr), c.printed == nullptr ? c.query : c.printed) << c.query;
}

constexpr Case kNumbers[] = {
    {"1", nullptr},
    {"+Inf", nullptr},
    {"-Inf", nullptr},
    {"inf", "+Inf"},
    {"NaN", nullptr},
    {"nAn", "NaN"},
    {"-NaN", "NaN"},
    {".5", "0.5"},
    {"5.", "5"},
    {"123.4567", nullptr},
    {"5e-3", "0.005"},
    {"5e3", "5000"},
    {"1e21", "1000000000000000000000"},
    {"0xc", "12"},
    {"0x1E", "30"},
    {"0X_1f", "31"},
    {"0755", "493"},
    {"+5.5e-3", "0.0055"},
    {"-0755", "-493"},
    {"08", "8"},
    {"1_000_000", "1000000"},
    {"00_1_23", "83"},
    {"0", nullptr},
    {"-0", nullptr},
    {"- - 1", "1"},
    {"5m", nullptr},
    {"-1h30m", nullptr},
    {"90m", "1h30m"},
    {"1y2w3d4h5m6s7ms", "382d4h5m6s7ms"},
    {"1d", nullptr},
    {"7ms", nullptr},
    {"0s", nullptr},
};

TEST(ParserTest, Numbers) {
  for (const Case& c : kNumbers) ExpectPrinted(c, {});
}

constexpr Case kStrings[] = {
    {R"("double-quoted string \" with escaped quote")", nullptr},
    {R"('single-quoted string \' with escaped quote')", R"("single-quoted string ' with escaped quote")"},
    {R"("it's")", nullptr},
    {R"('say "hi"')", R"("say \"hi\"")"},
    {"`backtick \\n string`", R"("backtick \\n string")"},
    {"`two\nlines`", R"("two\nlines")"},
    {R"("\a\b\f\n\r\t\v\\\" - \xFF\377\u1234\U00010111\U0001011111☺")",
     "\"\\a\\b\\f\\n\\r\\t\\v\\\\\\\" - \\xff\\xff\xE1\x88\xB4\xF0\x90\x84\x91\xF0\x90\x84\x91"
     "11\xE2\x98\xBA\""},
    {R"("\ufffd")", nullptr},
    {R"("")", nullptr},
};

TEST(ParserTest, Strings) {
  for (const Case& c : kStrings) ExpectPrinted(c, {});
}

constexpr Case kSelectors[] = {
    {"foo", nullptr},
    {"min", nullptr},
    {"foo:bar", nullptr},
    {":foo", nullptr},
    {"foo { }", "foo"},
    {"foo{a=\"b\"}", nullptr},
    {"foo{NaN='bc'}", "foo{NaN=\"bc\"}"},
    {"foo{bar='}'}", "foo{bar=\"}\"}"},
    {"foo{c=~\"d\",a!=\"b\",}", "foo{a!=\"b\",c=~\"d\"}"},
    {"foo{a=\"b\",\"c d\"!~\"e\"}", "foo{\"c d\"!~\"e\",a=\"b\"}"},
    {"foo{on=\"x\",by=\"y\",sum=\"z\"}", "foo{by=\"y\",on=\"x\",sum=\"z\"}"},
    {"{\"a.b\"}", "{__name__=\"a.b\"}"},
    {"{\"a.b\",c=\"d\"}", "{__name__=\"a.b\",c=\"d\"}"},
    {"{'foo\\'bar', 'a\\\\dos\\\\path'='boo'}", "{\"a\\\\dos\\\\path\"=\"boo\",__name__=\"foo'bar\"}"},
    {"{`x`}", "{__name__=\"x\"}"},
    {"{__name__=~\"a.+\"}", nullptr},
    {"offset offset 5m", nullptr},
    {"by + without", nullptr},
    {"and and or or unless", nullptr},
    {"start + end + step + range", nullptr},
    {"anchored * smoothed", nullptr},
    {"fill + fill_left - fill_right", nullptr},
    {"foo # comment\n + bar # }", "foo + bar"},
    {"foo{a=\"b\" # comment }\n}", "foo{a=\"b\"}"},
    {"foo offset 5m", nullptr},
    {"foo offset -7m", nullptr},
    {"foo OFFSET 1h30m", "foo offset 1h30m"},
    {"foo OFFSET 1h30ms", "foo offset 1h30ms"},
    {"foo offset 90", "foo offset 1m30s"},
    {"foo offset 1.5", "foo offset 1s500ms"},
    {"foo offset 0", "foo"},
    {"foo @ 10", "foo @ 10.000"},
    {"foo @ -10.5", "foo @ -10.500"},
    {"foo @ +1603774568", "foo @ 1603774568.000"},
    {"foo @ 1h", "foo @ 3600.000"},
    {"foo @ start()", nullptr},
    {"foo @ end ( )", "foo @ end()"},
    {"foo offset 5m @ 7", "foo @ 7.000 offset 5m"},
    {"foo[5m]", nullptr},
    {"foo[ 5m ]", "foo[5m]"},
    {"foo[300]", "foo[5m]"},
    {"foo[0x10]", "foo[16s]"},
    {"foo[5m] offset 1w @ start()", "foo[5m] @ start() offset 1w"},
    {"foo{a=\"b\"}[5m] OFFSET 3d", "foo{a=\"b\"}[5m] offset 3d"},
    {"foo[5h] @ 1603775091", "foo[5h] @ 1603775091.000"},
    {"foo[10m:6s]", nullptr},
    {"foo[10m:]", nullptr},
    {"foo[10m5s:1h6ms] offset 7m @ 2", "foo[10m5s:1h6ms] @ 2.000 offset 7m"},
    {"min_over_time(rate(foo[2s])[5m:] @ 1603775091)[4m:3s]",
     "min_over_time(rate(foo[2s])[5m:] @ 1603775091.000)[4m:3s]"},
    {"(foo + bar)[5m:] offset 10m", nullptr},
};

TEST(ParserTest, Selectors) {
  for (const Case& c : kSelectors) ExpectPrinted(c, {});
}

constexpr Case kExpressions[] = {
    {"1 + 2 * 3", nullptr},
    {"(1 + 2) * 3", nullptr},
    {"1 <bool 2", "1 < bool 2"},
    {"-foo", nullptr},
    {"+foo", nullptr},
    {"-1 ^ 2", nullptr},
    {"-1*2", "-1 * 2"},
    {"2 ^ -3 ^ 2", nullptr},
    {"Inf ^ 2", nullptr},
    {"+Inf * 2", nullptr},
    {"foo == 1", nullptr},
    {"foo == bool 1", nullptr},
    {"2.5 / bar", nullptr},
    {"foo and bar or baz unless qux", nullptr},
    {"foo atan2 bar", nullptr},
    {"foo </ 2 + 1", nullptr},
    {"foo >/ bar", nullptr},
    {"foo * on (a, b) bar", nullptr},
    {"foo * on(a,b,) group_left bar", "foo * on (a, b) group_left () bar"},
    {"foo * on() bar", "foo * on () bar"},
    {"foo * ignoring() bar", "foo * bar"},
    {"foo - ignoring(test,blub) group_right(bar,foo) bar", "foo - ignoring (test, blub) group_right (bar, foo) bar"},
    {"foo - on(test,blub) group_right(bar,foo) bar", "foo - on (test, blub) group_right (bar, foo) bar"},
    {"foo and on(\"a b\", c) bar", "foo and on (\"a b\", c) bar"},
    {"foo unless ignoring (on, by, sum, bool, atan2) bar", nullptr},
    {"sum(foo)", nullptr},
    {"SUM BY (foo)(bar)", "sum by (foo) (bar)"},
    {"sum (foo) by (a, b,)", "sum by (a, b) (foo)"},
    {"sum by () (foo)", "sum(foo)"},
    {"sum without () (foo)", nullptr},
    {"sum by (\"a.b\", \"c\") (foo)", "sum by (\"a.b\", c) (foo)"},
    {"topk(5, foo)", nullptr},
    {"topk by (x) (scalar(foo), bar)", nullptr},
    {"count_values(\"value\", foo)", nullptr},
    {"quantile without (x) (0.9, foo)", nullptr},
    {"group(foo) without (bool)", "group without (bool) (foo)"},
    {"sum by (job) (rate(x[5m]))", nullptr},
    {"rate(foo{a=\"b\"}[5m])", nullptr},
    {"time()", nullptr},
    {"round(foo)", nullptr},
    {"round(foo, 5)", nullptr},
    {"hour()", nullptr},
    {"label_join(foo, \"a\", \",\")", nullptr},
    {"label_join(foo, \"a\", \",\", \"b\", \"c\")", nullptr},
    {"label_replace(a, `b`, `c\\d`, `d`, `e`)", "label_replace(a, \"b\", \"c\\\\d\", \"d\", \"e\")"},
    {"floor(foo{bar!=\"baz\"})", nullptr},
    {"clamp(foo, -1, +Inf)", nullptr},
    {"histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m]))) > 1", nullptr},
    {"a + on (x) group_left (y) b", nullptr},
    {"-foo offset 5m ^ -2", nullptr},
    {"first_over_time(foo[1m])", nullptr},
};

TEST(ParserTest, Expressions) {
  for (const Case& c : kExpressions) ExpectPrinted(c, {});
}

constexpr Case kDurationExpressions[] = {
    {"foo[5m+1m]", "foo[5m + 1m]"},
    {"foo[-5m + 35m]", nullptr},
    {"foo[60*30]", "foo[60 * 30]"},
    {"foo[2m * (10 + 5)]", nullptr},
    {"foo[(5m)]", nullptr},
    {"foo[2 ^ 3 ^ 1 % 7 / 2 - 1s]", nullptr},
    {"foo[STEP()]", "foo[step()]"},
    {"foo[1 + (step() - 5) * 2]", nullptr},
    {"foo[range()]", nullptr},
    {"foo[Max_of(min_of(step() + 1, 1h), 1ms)]", "foo[max_of(min_of(step() + 1, 1h), 1ms)]"},
    {"foo[29s + 1s:20 * 500ms]", nullptr},
    {"foo[step():step()]", nullptr},
    {"foo offset (5m + 1m)", nullptr},
    {"foo offset (100 + 2) * 3", nullptr},
    {"foo offset 100 + 2", "foo offset 1m40s + 2"},
    {"foo offset -2 ^ 2", "foo offset -2s ^ 2"},
    {"foo offset -(5 * 2)", nullptr},
    {"foo offset -step() * 2", nullptr},
    {"foo offset step()^0", "foo offset step() ^ 0"},
    {"foo offset +min_of(step(), 1s) + 8000", "foo offset min_of(step(), 1s) + 8000"},
    {"foo offset --step()", nullptr},
    {"foo offset - - 5", "foo offset 5s"},
    {"foo[5m] offset range()", nullptr},
};

TEST(ParserTest, DurationExpressions) {
  for (const Case& c : kDurationExpressions) ExpectPrinted(c, {});
}

constexpr Case kExperimental[] = {
    {"limitk(2, foo)", nullptr},
    {"limit_ratio by (a) (-0.5, foo)", nullptr},
    {"mad_over_time(foo[5m])", nullptr},
    {"info(foo)", nullptr},
    {"info(foo, {})", nullptr},
    {"info(foo, {a=~\".*\"})", nullptr},
    {"histogram_quantiles(foo, \"q\", 0.5, 0.9, 0.99)", nullptr},
    {"sort_by_label(foo, \"a\", \"b\")", nullptr},
    {"start() + end() - STEP() * range()", "start() + end() - step() * range()"},
    {"max_of(1, min_of(2, time()))", nullptr},
    {"start_timestamp(foo)", nullptr},
    {"rate(foo[5m] anchored)", nullptr},
    {"rate(foo[5m] offset 1m @ 3 smoothed)", "rate(foo[5m] smoothed @ 3.000 offset 1m)"},
    {"foo smoothed offset 1m", nullptr},
    {"foo @ 2 anchored", "foo @ 2.000 anchored"},
    {"foo + fill(0) bar", "foo + fill (0) bar"},
    {"foo + fill(-Inf) bar", "foo + fill (-Inf) bar"},
    {"foo + fill_left(5) fill_right(7) bar", "foo + fill_left (5) fill_right (7) bar"},
    {"foo + fill_right(1e30) fill_left(0) bar", "foo + fill_left (0) fill_right (1e+30) bar"},
    {"foo == bool on (a) group_left (b) fill_right (+1) bar", "foo == bool on (a) group_left (b) fill_right (1) bar"},
};

TEST(ParserTest, ExperimentalFeatures) {
  for (const Case& c : kExperimental) ExpectPrinted(c, AllOn());
}

TEST(ParserTest, FillsTheTree) {
  const auto expr = ParseExpr("a{x=\"y\"} offset 5m == bool on (l) group_left (m) b @ end()");
  ASSERT_TRUE(expr.ok());
  ASSERT_EQ((*expr)->kind, ExprKind::kBinary);
  const auto& binary = static_cast<const Binary&>(**expr);
  EXPECT_EQ(binary.op, BinaryOp::kEqual);
  EXPECT_TRUE(binary.return_bool);
  ASSERT_TRUE(binary.matching);
  EXPECT_EQ(binary.matching->cardinality, Cardinality::kManyToOne);
  EXPECT_TRUE(binary.matching->on);
  EXPECT_EQ(binary.matching->labels, std::vector<std::string>{"l"});
  EXPECT_EQ(binary.matching->include, std::vector<std::string>{"m"});
  const auto& left = static_cast<const VectorSelector&>(*binary.lhs);
  EXPECT_EQ(left.name, "a");
  ASSERT_EQ(left.matchers.size(), 2U);
  EXPECT_EQ(left.matchers[1].name(), "__name__");
  EXPECT_EQ(left.time.offset_ms, 300'000);
  EXPECT_EQ(left.pos.begin, 0U);
  EXPECT_EQ(left.pos.end, 18U);
  const auto& right = static_cast<const VectorSelector&>(*binary.rhs);
  EXPECT_EQ(right.time.at_function, TimeModifiers::AtFunction::kEnd);
}

TEST(ParserTest, BindsAsUpstream) {
  const auto expr = ParseExpr("1 + 2 ^ 3 ^ 4 * 5 - 6");
  ASSERT_TRUE(expr.ok());
  const auto& minus = static_cast<const Binary&>(**expr);
  EXPECT_EQ(minus.op, BinaryOp::kSub);
  const auto& plus = static_cast<const Binary&>(*minus.lhs);
  EXPECT_EQ(plus.op, BinaryOp::kAdd);
  const auto& times = static_cast<const Binary&>(*plus.rhs);
  EXPECT_EQ(times.op, BinaryOp::kMul);
  const auto& power = static_cast<const Binary&>(*times.lhs);
  EXPECT_EQ(power.op, BinaryOp::kPow);
  EXPECT_EQ(static_cast<const Binary&>(*power.rhs).op, BinaryOp::kPow);
}

TEST(ParserTest, Selector) {
  const auto matchers = ParseSelector("foo{a!~\"b\"}");
  ASSERT_TRUE(matchers.ok());
  ASSERT_EQ(matchers->size(), 2U);
  EXPECT_EQ((*matchers)[0].ToString(), "a!~\"b\"");
  EXPECT_EQ((*matchers)[1].ToString(), "__name__=\"foo\"");
  EXPECT_EQ(ParseSelector("{\"a.b\"}")->size(), 1U);
  EXPECT_TRUE(ParseSelector("{}").ok());
  EXPECT_EQ(ParseSelector("foo[5m]").status().message(), "1:4: parse error: unexpected \"[\"");
  EXPECT_EQ(ParseSelector("foo(x)").status().message(), "1:4: parse error: unexpected \"(\"");
  EXPECT_EQ(ParseSelector("").status().message(), "unknown position: parse error: unexpected end of input");
}

TEST(ParserTest, Metric) {
  EXPECT_EQ(ParseMetric("foo{b=\"c\",a='d',}")->ToString(), "foo{a=\"d\", b=\"c\"}");
  EXPECT_EQ(ParseMetric("{\"a.b\",\"c d\"=\"e\"}")->Get("__name__"), "a.b");
  EXPECT_EQ(ParseMetric("sum")->metric_name(), "sum");
  EXPECT_TRUE(ParseMetric("")->empty());
  EXPECT_FALSE(ParseMetric("foo{a!=\"b\"}").ok());
  EXPECT_FALSE(ParseMetric("foo bar").ok());
}

TEST(ParserTest, MetricPrefix) {
  std::string_view rest;
  EXPECT_EQ(ParseMetricPrefix("foo{a=\"} 1\"} 1+1x5", &rest)->ToString(), "foo{a=\"} 1\"}");
  EXPECT_EQ(rest, " 1+1x5");
  EXPECT_EQ(ParseMetricPrefix("foo {{schema:0}}", &rest)->ToString(), "foo");
  EXPECT_EQ(rest, " {{schema:0}}");
  EXPECT_EQ(ParseMetricPrefix("foo{a=\"b\"}@st 1x3", &rest)->ToString(), "foo{a=\"b\"}");
  EXPECT_EQ(rest, "@st 1x3");
  EXPECT_EQ(ParseMetricPrefix("foo \xff\xff", &rest)->ToString(), "foo");
  EXPECT_TRUE(ParseMetricPrefix("{} 1", &rest)->empty());
  EXPECT_EQ(rest, " 1");
  EXPECT_FALSE(ParseMetricPrefix("1", &rest).ok());
  EXPECT_FALSE(ParseMetricPrefix("", &rest).ok());
}

TEST(ParserTest, DepthIsBounded) {
  ParserOptions options;
  options.max_depth = 50;
  const auto nested = [](int n, const std::string& open, const std::string& close) {
    std::string out;
    for (int i = 0; i < n; ++i) out += open;
    out += "foo";
    for (int i = 0; i < n; ++i) out += close;
    return out;
  };
  EXPECT_TRUE(ParseExpr(nested(20, "(", ")"), options).ok());
  for (const auto& query : {nested(60, "(", ")"), nested(60, "-", ""), nested(60, "abs(", ")"), nested(60, "1 ^ ", ""),
                            "foo[" + nested(60, "(", ")") + "]", nested(1000, "", "[5m:]"),
                            nested(60, "sum by (x) (", ")"), nested(300, "", " + 1"), nested(100'000, "(", "")}) {
    EXPECT_EQ(ParseExpr(query, options).status().code(), Code::kLimitExceeded) << query.substr(0, 40);
  }
  EXPECT_TRUE(ParseExpr(nested(190, "", " + 1"), options).ok());
  options.max_bytes = 10;
  EXPECT_EQ(ParseExpr("foo + bar + baz", options).status().code(), Code::kLimitExceeded);
}

TEST(ParserTest, FunctionTable) {
  EXPECT_EQ(AllFunctions().size(), 90U);
  for (const FunctionSignature& function : AllFunctions()) EXPECT_EQ(FindFunction(function.name), &function);
  EXPECT_EQ(FindFunction("nope"), nullptr);
  EXPECT_EQ(FindFunction("rate")->args, std::vector<ValueType>{ValueType::kMatrix});
  EXPECT_TRUE(FindFunction("info")->experimental);
}

TEST(ParserTest, ClonesEveryNode) {
  const char* query =
      "-(sum by (a) (rate(foo{b=~\"c\"}[step()] anchored @ end() offset range())) + fill (0) topk(1, "
      "max_over_time(x[5m:1m]))) * on (a) group_left (b) label_replace({\"n\"}, \"a\", \"b\", \"c\", \"d\")";
  const auto expr = ParseExpr(query, AllOn());
  ASSERT_TRUE(expr.ok()) << expr.status().ToString();
  const ExprPtr copy = Clone(**expr);
  EXPECT_EQ(ToString(*copy), ToString(**expr));
  EXPECT_EQ(copy->pos.end, (*expr)->pos.end);
}

TEST(ParserTest, LineAndColumn) {
  EXPECT_EQ(LineColumn("a\nbc", 0), "1:1");
  EXPECT_EQ(LineColumn("a\nbc", 2), "2:1");
  EXPECT_EQ(LineColumn("a\nbc", 4), "2:3");
  EXPECT_EQ(LineColumn("", 0), "unknown position");
  EXPECT_EQ(LineColumn("a", 5), "invalid position");
}

}  // namespace
}  // namespace cachescope::promql
