// What is wrong and where: the texts are those of upstream, because people search for them.
#include <gtest/gtest.h>

#include "server/promql/parser.h"

namespace cachescope::promql {
namespace {

struct Case {
  const char* query;
  const char* error;
};

void ExpectErrors(const std::vector<Case>& cases, const ParserOptions& options = {}) {
  for (const Case& c : cases) {
    const auto expr = ParseExpr(c.query, options);
    ASSERT_FALSE(expr.ok()) << c.query;
    EXPECT_EQ(expr.status().message(), c.error) << c.query;
  }
}

TEST(ParserErrorTest, Tokens) {
  ExpectErrors({
      {"", "unknown position: parse error: no expression found in input"},
      {"# just a comment\n\n", "1:1: parse error: no expression found in input"},
      {"1+", "1:3: parse error: unexpected end of input"},
      {".", "1:1: parse error: unexpected character: '.'"},
      {"2.5.", "1:1: parse error: bad number or duration syntax: \"2.5.\""},
      {"100..4", "1:1: parse error: bad number or duration syntax: \"100..\""},
      {"0deadbeef", "1:1: parse error: bad number or duration syntax: \"0de\""},
      {"1 /", "1:4: parse error: unexpected end of input"},
      {"*1", "1:1: parse error: unexpected <op:*>"},
      {"(1))", "1:5: parse error: unexpected right parenthesis ')'"},
      {"((1)", "1:5: parse error: unclosed left parenthesis"},
      {"(", "1:2: parse error: unclosed left parenthesis"},
      {"999999999999999999999999999999999999999999999999999999999999999999999e999999",
       "1:1: parse error: error parsing number: strconv.ParseFloat: parsing "
       "\"999999999999999999999999999999999999999999999999999999999999999999999e999999\": value out of range"},
      {"1_000.5", "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"1_000.5\": invalid syntax"},
      {"1 and 1 &", "1:9: parse error: unexpected character: '&'"},
      {"1 !~ 1", "1:3: parse error: unexpected character after '!': '~'"},
      {"1 =~ 1", "1:3: parse error: unexpected character after '=': '~'"},
      {"$", "1:1: parse error: unexpected character: '$'"},
      {"foo\n + $", "2:4: parse error: unexpected character: '$'"},
      {"\xff", "1:1: parse error: unexpected character: '\xEF\xBF\xBD'"},
      {"\xE2\x98\xBA", "1:1: parse error: unexpected character: '\xE2\x98\xBA'"},
      {"\"", "1:1: parse error: unterminated quoted string"},
      {"\"a\nb\"", "1:1: parse error: unterminated quoted string"},
      {"`abc", "1:1: parse error: unterminated raw string"},
      {"\"\\c\"", "1:1: parse error: unknown escape sequence U+0063 'c'"},
      {"\"\\x.\"", "1:1: parse error: illegal character U+002E '.' in escape sequence"},
      {"\"\\", "1:1: parse error: escape sequence not terminated"},
      {"\"\\ud800\"", "1:1: parse error: escape sequence is an invalid Unicode code point"},
      {"\"\\400\"", "1:1: parse error: escape sequence is an invalid Unicode code point"},
      {"\"\xff\"", "1:1: parse error: invalid UTF-8 rune"},
      {"5m1h", "1:1: parse error: not a valid duration string: \"5m1h\""},
      {"5mm", "1:1: parse error: bad number or duration syntax: \"5mm\""},
      {"300y", "1:1: parse error: duration out of range"},
  });
}

TEST(ParserErrorTest, Selectors) {
  ExpectErrors({
      {"foo{", "1:5: parse error: unexpected end of input inside braces"},
      {"{", "1:2: parse error: unexpected end of input inside braces"},
      {"}", "1:1: parse error: unexpected character: '}'"},
      {"some{", "1:6: parse error: unexpected end of input inside braces"},
      {"some}", "1:5: parse error: unexpected character: '}'"},
      {"some_metric{a=b}", "1:15: parse error: unexpected identifier \"b\" in label matching, expected string"},
      {"some_metric{a:b=\"b\"}", "1:14: parse error: unexpected character inside braces: ':'"},
      {"foo{a*\"b\"}", "1:6: parse error: unexpected character inside braces: '*'"},
      {"foo{a>=\"b\"}", "1:6: parse error: unexpected character inside braces: '>'"},
      {"some_metric{a=\"\xff\"}", "1:15: parse error: invalid UTF-8 rune"},
      {"foo{gibberish}", "1:14: parse error: unexpected \"}\" in label matching, expected label matching operator"},
      {"foo{1}", "1:5: parse error: unexpected character inside braces: '1'"},
      {"foo{__name__=\"bar\"}", "1:1: parse error: metric name must not be set twice: \"foo\" or \"bar\""},
      {"foo{\"bar\"}", "1:1: parse error: metric name must not be set twice: \"foo\" or \"bar\""},
      {"{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"{x=\"\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"{x=~\".*\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"{x!~\".+\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"{x!=\"a\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"foo{,}", "1:5: parse error: unexpected \",\" in label matching, expected identifier or \"}\""},
      {"foo{a=\"b\",,}", "1:11: parse error: unexpected \",\" in label matching, expected identifier or \"}\""},
      {"foo{a=\"b\" or c=\"d\"}",
       "1:11: parse error: unexpected identifier \"or\" in label matching, expected \",\" or \"}\""},
      {"foo{a=\"b\" c=\"d\"}",
       "1:11: parse error: unexpected identifier \"c\" in label matching, expected \",\" or \"}\""},
      {"foo{a!\"b\"}", "1:6: parse error: unexpected character after '!' inside braces: '\"'"},
      {"foo{{}}", "1:5: parse error: unexpected left brace '{'"},
      {"foo{a=\"b\"}{c=\"d\"}", "1:11: parse error: unexpected \"{\""},
      {"foo bar", "1:5: parse error: unexpected identifier \"bar\""},
      {"foo a:b", "1:5: parse error: unexpected metric identifier \"a:b\""},
      {"foo 12", "1:5: parse error: unexpected number \"12\""},
      {"foo \"a long string\"", "1:5: parse error: unexpected string \"\\\"a long st\"..."},
      {"bool", "1:1: parse error: unexpected <bool>"},
      {"foo:bar(x)", "1:8: parse error: unexpected \"(\""},
  });
}

TEST(ParserErrorTest, TimeModifiers) {
  ExpectErrors({
      {"foo offset",
       "1:11: parse error: unexpected end of input in offset, expected number, duration, step(), or range()"},
      {"foo offset x",
       "1:12: parse error: unexpected identifier \"x\" in offset, expected number, duration, step(), or range()"},
      {"foo offset 1m offset 2m", "1:1: parse error: offset may not be set multiple times"},
      {"sum(foo) offset 1m",
       "1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a "
       "subquery"},
      {"1 @ 2",
       "1:1: parse error: @ modifier must be preceded by an instant vector selector or range vector selector or a "
       "subquery"},
      {"foo @", "1:6: parse error: unexpected end of input in @, expected timestamp"},
      {"foo @ x", "1:7: parse error: unexpected identifier \"x\" in @, expected timestamp"},
      {"foo @ start", "1:12: parse error: unexpected end of input in @, expected timestamp"},
      {"foo @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times"},
      {"foo @ start() @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times"},
      {"foo @ Inf", "1:1: parse error: timestamp out of bounds for @ modifier: +Inf"},
      {"foo @ -Inf", "1:1: parse error: timestamp out of bounds for @ modifier: -Inf"},
      {"foo @ NaN", "1:1: parse error: timestamp out of bounds for @ modifier: NaN"},
      {"foo @ 9223372036854775809",
       "1:1: parse error: timestamp out of bounds for @ modifier: 9223372036854775808.000000"},
      {"foo anchored", "1:1: parse error: anchored modifier is experimental and not enabled"},
      {"foo[5m] smoothed", "1:1: parse error: smoothed modifier is experimental and not enabled"},
  });
  ParserOptions options;
  options.extended_range_selectors = true;
  ExpectErrors(
      {{"foo[5m] smoothed anchored", "1:1: parse error: anchored and smoothed modifiers cannot be used together"},
       {"foo[5m:] anchored", "1:1: parse error: anchored modifier is not supported for subqueries"},
       {"abs(foo) smoothed", "1:1: parse error: smoothed modifier not implemented"}},
      options);
}

TEST(ParserErrorTest, Ranges) {
  ExpectErrors({
      {"foo[", "1:5: parse error: unexpected end of input in duration expression"},
      {"foo[]",
       "1:5: parse error: unexpected \"]\" in subquery or range selector, expected number, duration, step(), or "
       "range()"},
      {"foo[5m", "1:7: parse error: unclosed left bracket"},
      {"foo]", "1:4: parse error: unexpected right bracket ']'"},
      {"foo[\"5m\"]", "1:5: parse error: unexpected character in duration expression: '\"'"},
      {"foo[5mm]", "1:5: parse error: bad number or duration syntax: \"5mm\""},
      {"foo[0m]", "1:5: parse error: duration must be greater than 0"},
      {"foo[-1s]", "1:5: parse error: duration must be greater than 0"},
      {"foo[5m:0s]", "1:8: parse error: duration must be greater than 0"},
      {"foo[99999999999999]", "1:5: parse error: duration out of range"},
      {"foo[5m 3]", "1:8: parse error: unexpected number \"3\" in subquery or range, expected \":\" or \"]\""},
      {"foo[5m:1m 3]", "1:11: parse error: unexpected number \"3\" in subquery selector, expected \"]\""},
      {"foo[5m:*]",
       "1:8: parse error: unexpected <op:*> in subquery selector, expected number, duration, step(), range(), or "
       "\"]\""},
      {"foo[5m::]", "1:8: parse error: unexpected colon ':'"},
      {"foo[:1m]", "1:6: parse error: unexpected colon before duration in duration expression"},
      {"foo[5m+]",
       "1:8: parse error: unexpected \"]\" in subquery or range selector, expected number, duration, step(), or "
       "range()"},
      {"foo[5m / 0]", "1:8: parse error: division by zero"},
      {"foo[5m % 0]", "1:8: parse error: modulo by zero"},
      {"foo[5m x]", "1:8: parse error: unexpected character: 'x', expected ':'"},
      {"foo[5m[5m]]", "1:7: parse error: unexpected left bracket '['"},
      {"foo[5m] [5m]", "1:9: parse error: ranges only allowed for vector selectors"},
      {"1[5m]", "1:2: parse error: ranges only allowed for vector selectors"},
      {"sum(foo)[5m]", "1:9: parse error: ranges only allowed for vector selectors"},
      {"foo offset 1m[5m]", "1:14: parse error: no offset modifiers allowed before range"},
      {"foo @ 2[5m]", "1:8: parse error: no @ modifiers allowed before range"},
      {"foo[5m][5m:30s]", "1:1: parse error: subquery is only allowed on instant vector, got matrix instead"},
      {"\"x\"[5m:]", "1:1: parse error: subquery is only allowed on instant vector, got string instead"},
      {"(1)[5m:]", "1:1: parse error: subquery is only allowed on instant vector, got scalar instead"},
  });
}

TEST(ParserErrorTest, Binary) {
  ExpectErrors({
      {"1 and 1", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression"},
      {"1 or foo", "1:1: parse error: set operator \"or\" not allowed in binary scalar expression"},
      {"1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier"},
      {"foo + bool bar", "1:5: parse error: bool modifier can only be used on comparison operators"},
      {"foo + bool 10", "1:5: parse error: bool modifier can only be used on comparison operators"},
      {"foo and bool bar", "1:5: parse error: bool modifier can only be used on comparison operators"},
      {"\"x\" + 1", "1:1: parse error: binary expression must contain only scalar and instant vector types"},
      {"1 + foo[5m]", "1:5: parse error: binary expression must contain only scalar and instant vector types"},
      {"foo and 1", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression"},
      {"1 + on(a) 2", "1:1: parse error: vector matching only allowed between instant vectors"},
      {"foo == on(bar) 10", "1:1: parse error: vector matching only allowed between instant vectors"},
      {"foo and on(bar) group_left(baz) bar", "1:1: parse error: no grouping allowed for \"and\" operation"},
      {"foo or on(bar) group_right(baz) bar", "1:1: parse error: no grouping allowed for \"or\" operation"},
      {"foo unless on(bar) group_left bar", "1:1: parse error: no grouping allowed for \"unless\" operation"},
      {"foo / on(bar, x) group_left(y, x) bar",
       "1:5: parse error: label \"x\" must not occur in ON and GROUP clause at once"},
      {"foo * on bar", "1:10: parse error: unexpected identifier \"bar\" in grouping opts, expected \"(\""},
      {"foo * on(a b) bar", "1:12: parse error: unexpected identifier \"b\" in grouping opts, expected \",\" or \")\""},
      {"foo * on(,) bar", "1:10: parse error: unexpected \",\" in grouping opts, expected label"},
      {"foo * on(a,,) bar", "1:12: parse error: unexpected \",\" in grouping opts, expected label"},
      {"foo * on(without) bar", "1:10: parse error: unexpected <without> in grouping opts, expected label"},
      {"foo * on(\"\") bar", "1:10: parse error: invalid label name for grouping: \"\""},
      {"foo * group_left(x) bar", "1:7: parse error: unexpected <group_left>"},
      {"-\"string\"",
       "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got "
       "\"string\""},
      {"-foo[5m]",
       "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got \"range "
       "vector\""},
      {"foo + fill(0) bar", "1:1: parse error: binop fill modifiers are experimental and not enabled"},
      {"1 ++ + ", "1:8: parse error: unexpected end of input"},
      {"a ~ b", "1:3: parse error: unexpected character: '~'"},
      {"a = b", "1:3: parse error: unexpected \"=\""},
  });
  ParserOptions options;
  options.binop_fill_modifiers = true;
  ExpectErrors({{"foo and fill(0) bar", "1:1: parse error: filling in missing series not allowed for set operators"},
                {"foo + fill(0) 1", "1:1: parse error: filling in missing series only allowed between instant vectors"},
                {"foo + fill(x) bar", "1:12: parse error: unexpected identifier \"x\""},
                {"foo + fill_left(1) fill_left(2) bar", "1:20: parse error: unexpected <fill_left>"}},
               options);
}

TEST(ParserErrorTest, AggregationsAndCalls) {
  ExpectErrors({
      {"sum()", "1:1: parse error: no arguments for aggregate expression provided"},
      {"sum(a, b)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, got 2"},
      {"topk(foo)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1"},
      {"topk(foo,)", "1:9: parse error: trailing commas not allowed in function call args"},
      {"topk(foo, foo)", "1:6: parse error: expected type scalar in aggregation parameter, got instant vector"},
      {"count_values(5, foo)", "1:14: parse error: expected type string in aggregation parameter, got scalar"},
      {"sum(1)", "1:5: parse error: expected type instant vector in aggregation expression, got scalar"},
      {"sum(foo[5m])", "1:5: parse error: expected type instant vector in aggregation expression, got range vector"},
      {"sum some_metric by (test)", "1:5: parse error: unexpected identifier \"some_metric\""},
      {"sum by some_metric",
       "1:8: parse error: unexpected identifier \"some_metric\" in grouping opts, expected \"(\""},
      {"sum by (a) foo", "1:12: parse error: unexpected identifier \"foo\" in aggregation"},
      {"sum (foo) by (a) by (b)", "1:18: parse error: unexpected <by>"},
      {"sum without(a) (foo) by (b)", "1:22: parse error: unexpected <by>"},
      {"sum(*)", "1:5: parse error: unexpected <op:*> in aggregation"},
      {"sum(abs(foo bar))", "1:13: parse error: unexpected identifier \"bar\" in aggregation"},
      {"sum without(==)(foo)", "1:13: parse error: unexpected <op:==> in grouping opts, expected label"},
      {"limitk(1, foo)",
       "1:1: parse error: limitk() is experimental and must be enabled with "
       "--enable-feature=promql-experimental-functions"},
      {"limit_ratio(1, foo)",
       "1:1: parse error: limit_ratio() is experimental and must be enabled with "
       "--enable-feature=promql-experimental-functions"},
      {"nope(foo)", "1:1: parse error: unknown function with name \"nope\""},
      {"RATE(foo[5m])", "1:1: parse error: unknown function with name \"RATE\""},
      {"info(foo)", "1:1: parse error: function \"info\" is not enabled"},
      {"start()", "1:1: parse error: function \"start\" is not enabled"},
      {"rate(foo)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector"},
      {"abs(foo[5m])", "1:5: parse error: expected type instant vector in call to function \"abs\", got range vector"},
      {"vector(\"x\")", "1:8: parse error: expected type scalar in call to function \"vector\", got string"},
      {"floor()", "1:1: parse error: expected 1 argument(s) in call to \"floor\", got 0"},
      {"floor(a, b)", "1:1: parse error: expected 1 argument(s) in call to \"floor\", got 2"},
      {"time(1)", "1:1: parse error: expected 0 argument(s) in call to \"time\", got 1"},
      {"hour(a, b, c)", "1:1: parse error: expected at most 1 argument(s) in call to \"hour\", got 3"},
      {"label_join()", "1:1: parse error: expected at least 3 argument(s) in call to \"label_join\", got 0"},
      {"label_join(a, \"b\", \"c\", d)",
       "1:25: parse error: expected type string in call to function \"label_join\", got instant vector"},
      {"abs(foo,)", "1:8: parse error: trailing commas not allowed in function call args"},
      {"abs(foo,,)", "1:9: parse error: unexpected \",\""},
      {"abs(foo", "1:8: parse error: unclosed left parenthesis"},
      {"1 + (rate(foo))",
       "1:11: parse error: expected type range vector in call to function \"rate\", got instant vector"},
  });
  ParserOptions options;
  options.experimental_functions = true;
  ExpectErrors(
      {{"info(foo, bar)", "1:11: parse error: expected label selectors only, got vector selector instead"},
       {"info(foo, abs({a=\"b\"}))", "1:11: parse error: expected label selectors only"},
       {"info(foo, 1)", "1:1: parse error: expected type instant vector in call to function \"info\", got scalar"},
       {"min_of(1)", "1:1: parse error: expected 2 argument(s) in call to \"min_of\", got 1"}},
      options);
}

}  // namespace
}  // namespace cachescope::promql
