#include "server/template/template.h"

#include <gtest/gtest.h>

namespace cachescope::templating {
namespace {

Value Data() {
  return Map{{"Labels", Value(Map{{"job", "redis"}, {"instance", "db.example.org:6379"}}, true)},
             {"Value", Value(0.1234)}};
}

Environment Env() {
  Environment environment;
  const Value data = Data();
  environment.variables["$labels"] = data.AsMap()->at("Labels");
  environment.variables["$value"] = data.AsMap()->at("Value");
  environment.external_url = "http://localhost:22243/x";
  environment.query = [](const std::string& query) -> Result<Value> {
    if (query == "bad") return InvalidArgument("1:1: parse error");
    return Value(List{Value(Map{{"Labels", Value(Map{{"host", "b"}}, true)}, {"Value", Value(2.0)}}),
                      Value(Map{{"Labels", Value(Map{{"host", "a"}}, true)}, {"Value", Value(1.0)}})});
  };
  return environment;
}

TEST(TemplateTest, Expands) {
  const auto f = [](std::string_view text, std::string_view want) {
    const auto got = ExpandTemplate("t", text, Data(), Env());
    ASSERT_TRUE(got.ok()) << text << ": " << got.status().ToString();
    EXPECT_EQ(*got, want) << text;
  };
  f("plain", "plain");
  f("{{ $labels.job }} at {{ $value | humanizePercentage }}", "redis at 12.34%");
  f("{{ .Labels.job }}{{ .Labels.absent }}|{{ .Value }}", "redis|0.1234");
  f("{{ printf \"%.2f%% %s %d %q\" $value \"x\" 3 \"a\\\"b\" }}", "0.12% x 3 \"a\\\"b\"");
  f("{{ if gt $value 0.1 }}high{{ else }}low{{ end }}", "high");
  f("{{ if lt $value 0.1 }}a{{ else if eq $labels.job \"redis\" }}b{{ else }}c{{ end }}", "b");
  f("{{ if and (eq $labels.job \"redis\") (not false) }}yes{{ end }}", "yes");
  f("{{ with $labels.job }}<{{ . }}>{{ end }}", "<redis>");
  f("{{ with $labels.none }}x{{ else }}none{{ end }}", "none");
  f("{{ range query \"up\" }}{{ .Labels.host }}={{ .Value }};{{ end }}", "b=2;a=1;");
  f("{{ range $i, $s := query \"up\" | sortByLabel \"host\" }}{{ $i }}{{ $s | label \"host\" }}{{ end }}", "0a1b");
  f("{{ query \"up\" | first | value }}", "2");
  f("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2");
  f("a {{- /* comment */ -}}  b", "ab");
  f("x {{- 1 -}} y", "x1y");
  f("{{ \"a.b\" | reReplaceAll \"(.)\\\\.(.)\" \"$2-${1}\" }}", "b-a");
  f("{{ match \"^re\" $labels.job }}", "true");
  f("{{ $labels.instance | stripPort }} {{ $labels.instance | stripDomain }}", "db.example.org db:6379");
  f("{{ \"hello world\" | title }} {{ toUpper \"x\" }}", "Hello World X");
  f("{{ graphLink \"up == 1\" }}", "/graph?g0.expr=up+%3D%3D+1&g0.tab=0");
  f("{{ externalURL }}{{ pathPrefix }}", "http://localhost:22243/x/x");
  f("{{ len \"abc\" }} {{ index $labels \"job\" }} {{ print 1 2 \"a\" }}", "3 redis 1 2a");
  f("{{ parseDuration \"1h30m\" }}", "5400");
  f("{{ \"}}\" }}", "}}");
  f("{{ range query \"up\" }}{{ .Value }}{{ break }}{{ end }}", "2");
}

TEST(TemplateTest, HumanNumbers) {
  const auto f = [](std::string_view text, std::string_view want) {
    const auto got = ExpandTemplate("t", text, Value(), Environment());
    ASSERT_TRUE(got.ok()) << text << ": " << got.status().ToString();
    EXPECT_EQ(*got, want) << text;
  };
  f("{{ humanize 1234567.0 }}", "1.235M");
  f("{{ humanize 0.0 }}", "0");
  f("{{ humanize 0.0012 }}", "1.2m");
  f("{{ humanize \"NaN\" }}", "NaN");
  f("{{ humanize1024 1048576.0 }}", "1Mi");
  f("{{ humanize1024 \"1536\" }}", "1.5ki");
  f("{{ humanizeDuration 3661 }}", "1h 1m 1s");
  f("{{ humanizeDuration 0.0021 }}", "2.1ms");
  f("{{ humanizeDuration 90061 }}", "1d 1h 1m 1s");
  f("{{ humanizeDuration 12.5 }}", "12.5s");
  f("{{ humanizePercentage 0.5 }}", "50%");
  f("{{ humanizeTimestamp 1435065584.128 }}", "2015-06-23 13:19:44.128 +0000 UTC");
}

TEST(TemplateTest, ErrorsNameTemplateLineAndCause) {
  const auto f = [](std::string_view text, std::string_view want) {
    const auto got = ExpandTemplate("t", text, Data(), Env());
    ASSERT_FALSE(got.ok()) << text;
    EXPECT_EQ(got.status().message(), want);
  };
  f("a\n{{ nosuch 1 }}", "template: t:2: function \"nosuch\" not defined");
  f("{{ if true }}", "template: t:1: unexpected EOF");
  f("{{ end }}", "template: t:1: unexpected {{end}}");
  f("x\n {{ .Nope }}", "template: t:2:4: executing \"t\" at <.Nope>: can't evaluate field Nope in type map[string]any");
  f("{{ $nope }}", "template: t:1: undefined variable \"$nope\"");
  f("{{ humanize \"x\" }}",
    "template: t:1:3: executing \"t\" at <humanize \"x\">: error calling humanize: strconv.ParseFloat: parsing \"x\": "
    "invalid syntax");
  f("{{ query \"bad\" }}",
    "template: t:1:3: executing \"t\" at <query \"bad\">: error calling query: 1:1: parse error");
  f("{{ \"open }}", "template: t:1: unterminated quoted string");
  f("{{ 1 2 }}", "template: t:1:3: executing \"t\" at <1>: can't give argument to non-function 1");
}

TEST(TemplateTest, OutputAndWorkAreBounded) {
  Environment environment;
  environment.max_output_bytes = 100;
  environment.query = [](const std::string&) -> Result<Value> { return Value(List(1000, Value("x"))); };
  EXPECT_EQ(ExpandTemplate("t", "{{ range query \"a\" }}aaaaaaaaaa{{ end }}", Value(), environment).status().code(),
            Code::kLimitExceeded);
  environment.max_steps = 100;
  EXPECT_EQ(
      ExpandTemplate("t", "{{ range query \"a\" }}{{ end }}{{ range query \"a\" }}{{ if true }}{{ end }}{{ end }}",
                     Value(), environment)
          .status()
          .code(),
      Code::kLimitExceeded);
  EXPECT_FALSE(ExpandTemplate("t", "{{" + std::string(10000, '('), Value(), Environment()).ok());
}

}  // namespace
}  // namespace cachescope::templating
