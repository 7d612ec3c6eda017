// No template takes more than its bounds, whatever it says.
#include <gtest/gtest.h>

#include "server/template/template_set.h"

namespace cachescope::templating {
namespace {

Status Prometheus(std::string_view text, const Environment& environment = Environment()) {
  return ExpandTemplate("t", text, Value(), environment).status();
}
Status Alertmanager(std::string_view text) { return TemplateSet().ExecuteText(text, Value()).status(); }

// A text with `inside` in `levels` loops of 20 rounds each.
std::string Loops(int levels, const std::string& before, const std::string& inside) {
  std::string open = "{{ $l := list 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 }}" + before;
  std::string close;
  for (int i = 0; i < levels; ++i) {
    open += "{{ range $l }}";
    close += "{{ end }}";
  }
  return open + inside + close;
}

TEST(BoundsTest, TemplatesThatCallThemselves) {
  const Status status = Prometheus("{{ define \"a\" }}x{{ template \"a\" }}{{ end }}{{ template \"a\" }}");
  EXPECT_EQ(status.code(), Code::kLimitExceeded);
  EXPECT_NE(status.message().find("templates call each other deeper than 32"), std::string_view::npos);
  // Many calls within the depth are steps.
  EXPECT_EQ(Prometheus("{{ define \"a\" }}{{ template \"b\" }}{{ template \"b\" }}{{ end }}"
                       "{{ define \"b\" }}{{ template \"c\" }}{{ template \"c\" }}{{ end }}"
                       "{{ define \"c\" }}{{ range 60000 }}{{ end }}{{ end }}{{ template \"a\" }}")
                .code(),
            Code::kLimitExceeded);
}

TEST(BoundsTest, LoopsWithoutOutput) {
  EXPECT_EQ(Prometheus("{{ range 1000000000 }}{{ end }}").code(), Code::kLimitExceeded);
  EXPECT_TRUE(Prometheus("{{ range 1000 }}{{ end }}").ok());
  EXPECT_EQ(Alertmanager(Loops(5, "", "{{ $x := 1 }}")).code(), Code::kLimitExceeded);
}

TEST(BoundsTest, TextsThatGrow) {
  for (const char* grow : {"print $x $x", "printf \"%s%s\" $x $x", "html $x $x", "urlquery $x $x", "js $x $x",
                           "println $x $x", "join $x (stringSlice $x $x $x)", "reReplaceAll \"x\" \"${0}${0}\" $x",
                           "toJson (list $x $x)", "toUpper (print $x $x)", "printf \"%q%v\" $x (list $x)"}) {
    const Status status = Alertmanager(Loops(2, "{{ $x := \"x\\\"\" }}", "{{ $x = " + std::string(grow) + " }}"));
    EXPECT_EQ(status.code(), Code::kLimitExceeded) << grow << ": " << status.message();
  }
}

TEST(BoundsTest, ListsThatGrow) {
  // Shared lists print far more than they hold.
  EXPECT_EQ(Alertmanager(Loops(2, "{{ $x := list 1 }}", "{{ $x = list $x $x }}") + "{{ $x }}").code(),
            Code::kLimitExceeded);
  EXPECT_EQ(Alertmanager("{{ $x := list 1 }}" + Loops(1, "", "{{ $x = list $x $x }}") + "{{ $x }}").code(),
            Code::kLimitExceeded);
  EXPECT_EQ(Alertmanager(Loops(2, "{{ $x := dict }}", "{{ $x = dict \"a\" $x \"b\" $x }}")).code(),
            Code::kLimitExceeded);
  EXPECT_EQ(Alertmanager(Loops(4, "{{ $x := list }}", "{{ $x = append $x 1 }}")).code(), Code::kLimitExceeded);
  EXPECT_EQ(Prometheus("{{ $x := args }}{{ range 100 }}{{ $x = args $x $x }}{{ end }}").code(), Code::kLimitExceeded);
}

TEST(BoundsTest, LongTextsCostSteps) {
  Environment environment;
  environment.variables["$value"] = Value(std::string(60'000, 'x'));
  EXPECT_EQ(Prometheus("{{ range 20000 }}{{ $y := $value }}{{ end }}", environment).code(), Code::kLimitExceeded);
  EXPECT_EQ(Prometheus("{{ range 20000 }}{{ if match \"a.*b.*c\" $value }}{{ end }}{{ end }}", environment).code(),
            Code::kLimitExceeded);
}

TEST(BoundsTest, CostlyPatternsAndTextThatPrintsNothing) {
  Environment environment;
  environment.variables["$value"] = Value(std::string(60'000, 'x'));
  EXPECT_EQ(Prometheus("{{ range 100 }}{{ $y := reReplaceAll \"\" \"\" $value }}{{ end }}", environment).code(),
            Code::kLimitExceeded);
  EXPECT_EQ(Prometheus("{{ range 100 }}{{ $y := match \"(x?){500}y\" $value }}{{ end }}", environment).code(),
            Code::kLimitExceeded);
  EXPECT_FALSE(Prometheus("{{ match \"((x{1,99}){1,99}){1,9}\" \"x\" }}").ok());
  const std::string comment = "<!--" + std::string(900'000, 'x') + "-->";
  EXPECT_EQ(
      TemplateSet()
          .ExecuteHtml("{{ range list 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 }}{{ range $l := list 1 2 3 "
                       "4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 }}{{ range list 1 2 3 }}" +
                           comment + "{{ end }}{{ end }}{{ end }}",
                       Value())
          .status()
          .code(),
      Code::kLimitExceeded);
  std::string variables;
  for (int i = 0; i < 1100; ++i) variables += "{{ $v" + std::to_string(i) + " := 1 }}";
  EXPECT_EQ(Prometheus(variables).code(), Code::kLimitExceeded);
  std::string scripts;
  for (int i = 0; i < 40'000; ++i) scripts += "<script></script>";
  EXPECT_EQ(TemplateSet().ExecuteHtml(scripts, Value()).status().code(), Code::kLimitExceeded);
}

TEST(BoundsTest, Output) {
  EXPECT_TRUE(Prometheus("{{ printf \"%65536d\" 1 }}").ok());
  EXPECT_EQ(Prometheus("{{ printf \"%65536d\" 1 }}x").code(), Code::kLimitExceeded);
  EXPECT_EQ(Prometheus("{{ printf \"%1000000000d\" 1 }}").code(), Code::kLimitExceeded);
  EXPECT_EQ(Prometheus(std::string(65537, 'x')).code(), Code::kLimitExceeded);
  EXPECT_EQ(TemplateSet().ExecuteHtml("{{ . }}", Value(std::string(30'000, '<'))).status().code(),
            Code::kLimitExceeded);
}

TEST(BoundsTest, Queries) {
  Environment environment;
  int asked = 0;
  environment.query = [&](const std::string&) -> Result<Value> {
    ++asked;
    return Value(List());
  };
  EXPECT_TRUE(Prometheus("{{ range 10 }}{{ $x := query \"up\" }}{{ end }}", environment).ok());
  EXPECT_EQ(asked, 10);
  const Status status = Prometheus("{{ range 11 }}{{ $x := query \"up\" }}{{ end }}", environment);
  EXPECT_EQ(status.code(), Code::kLimitExceeded);
  EXPECT_NE(status.message().find("more than 10 queries"), std::string_view::npos);
  EXPECT_EQ(asked, 20);
}

TEST(BoundsTest, NestingOfTheText) {
  const auto repeat = [](const std::string& text, int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += text;
    return out;
  };
  EXPECT_TRUE(Prometheus(repeat("{{ if true }}", 30) + repeat("{{ end }}", 30)).ok());
  EXPECT_EQ(Prometheus(repeat("{{ if true }}", 10'000)).code(), Code::kLimitExceeded);
  EXPECT_EQ(Prometheus("{{ " + repeat("(", 10'000)).code(), Code::kLimitExceeded);
  // A chain is not nesting.
  EXPECT_TRUE(Prometheus("{{ if false }}" + repeat("{{ else if false }}", 1000) + "{{ end }}").ok());
  EXPECT_EQ(Prometheus(std::string((1 << 20) + 1, 'x')).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace cachescope::templating
