#include "server/template/template_set.h"

#include <gtest/gtest.h>

#include "server/template/notification_data.h"

namespace cachescope::templating {
namespace {

NotificationAlert Alert(std::string status, std::string instance) {
  NotificationAlert out;
  out.status = std::move(status);
  out.labels = {{"alertname", "Slow"}, {"instance", std::move(instance)}, {"severity", "warning"}};
  out.annotations = {{"summary", "p99 > 1s"}};
  out.starts_at = *ParseTime("2024-03-10T08:15:30Z");
  out.ends_at = *ParseTime("2024-03-10T09:45:30Z");
  out.generator_url = "http://prom/graph?g0.expr=up+1";
  out.fingerprint = "0123456789abcdef";
  return out;
}

NotificationData Data() {
  NotificationData out;
  out.receiver = "team/a";
  out.status = "firing";
  out.alerts = {Alert("firing", "a:1"), Alert("resolved", "b:2")};
  out.group_labels = {{"alertname", "Slow"}};
  out.common_labels = {{"alertname", "Slow"}, {"severity", "warning"}};
  out.common_annotations = {{"summary", "p99 > 1s"}};
  out.external_url = "http://am:9093";
  return out;
}

std::string Text(std::string_view text, const Environment& environment = Environment()) {
  const auto out = TemplateSet::Defaults().ExecuteText(text, DataValue(Data()), environment);
  return out.ok() ? *out : "error: " + std::string(out.status().message());
}

TEST(TemplateSetTest, ShortDefaultsAreThoseUsersFilterBy) {
  EXPECT_EQ(Text("{{ template \"__subject\" . }}"), "[FIRING:1] Slow (warning)");
  EXPECT_EQ(Text("{{ template \"slack.default.fallback\" . }}"),
            "[FIRING:1] Slow (warning) | http://am:9093/#/alerts?receiver=team%2Fa");
  NotificationData resolved = Data();
  resolved.status = "resolved";
  resolved.common_labels = resolved.group_labels;
  const auto subject = TemplateSet::Defaults().ExecuteTemplate("email.default.subject", DataValue(resolved));
  ASSERT_TRUE(subject.ok());
  EXPECT_EQ(*subject, "[RESOLVED] Slow ");
}

TEST(TemplateSetTest, EveryDefaultRendersForEveryKindOfData) {
  NotificationData empty;
  empty.status = "firing";
  NotificationData large = Data();
  for (int i = 0; i < 60; ++i) large.alerts.push_back(Alert("firing", "host-" + std::to_string(i) + ":9090"));
  Environment roomy;
  roomy.max_output_bytes = 1 << 20;
  for (const std::string& name : TemplateSet::Defaults().Names()) {
    if (name.starts_with("__") || name == "pagerduty.default.instances") continue;
    for (const NotificationData& data : {Data(), empty, large}) {
      const auto text = TemplateSet::Defaults().ExecuteTemplate(name, DataValue(data), roomy);
      EXPECT_TRUE(text.ok()) << name << ": " << text.status().message();
      const auto html = TemplateSet::Defaults().ExecuteTemplateHtml(name, DataValue(data), roomy);
      EXPECT_TRUE(html.ok()) << name << ": " << html.status().message();
    }
  }
}

TEST(TemplateSetTest, TheMailShowsEveryAlertAndEscapesIt) {
  NotificationData data = Data();
  data.alerts[0].annotations["summary"] = "<script>x</script>";
  data.alerts[1].generator_url = "javascript:alert(1)";
  const auto mail = TemplateSet::Defaults().ExecuteTemplateHtml("email.default.html", DataValue(data));
  ASSERT_TRUE(mail.ok()) << mail.status().message();
  for (const char* part : {"a:1", "b:2", "1 firing", "1 resolved", "&lt;script&gt;", "2024-03-10 08:15:30 UTC",
                           "href=\"#ZgotmplZ\"", "http://prom/graph?g0.expr=up&#43;1", "View in Alertmanager"})
    EXPECT_NE(mail->find(part), std::string::npos) << part;
  EXPECT_EQ(mail->find("<script"), std::string::npos);
  EXPECT_EQ(mail->find("javascript"), std::string::npos);
}

TEST(TemplateSetTest, DefinitionsReplaceEarlierOnesUnlessBlank) {
  TemplateSet set = TemplateSet::Defaults();
  ASSERT_TRUE(set.Add("mine.tmpl",
                      "{{ define \"slack.default.title\" }}mine {{ template \"my.part\" . }}{{ end }}"
                      "{{ define \"my.part\" }}{{ .Status }}{{ end }}{{ define \"__alertmanager\" }} {{ end }}")
                  .ok());
  const auto run = [&](std::string_view text) { return set.ExecuteText(text, DataValue(Data())).value_or("failed"); };
  EXPECT_EQ(run("{{ template \"slack.default.title\" . }}"), "mine firing");
  EXPECT_EQ(run("{{ template \"__alertmanager\" . }}"), "Alertmanager");
  // An inline text may have definitions of its own, which end with it.
  EXPECT_EQ(run("{{ define \"my.part\" }}inline{{ end }}{{ template \"slack.default.title\" . }}"), "mine inline");
  EXPECT_EQ(run("{{ template \"slack.default.title\" . }}"), "mine firing");
  EXPECT_EQ(run(""), "");
  const Status bad = set.Add("bad.tmpl", "{{ define \"x\" }}{{ end }}\n{{ if }}");
  EXPECT_EQ(bad.message(), "template: bad.tmpl:2: missing value for if");
  EXPECT_FALSE(set.Has("x"));
  EXPECT_EQ(set.ExecuteTemplate("x", Value()).status().code(), Code::kNotFound);
}

TEST(TemplateSetTest, MethodsOfTheData) {
  const auto f = [](std::string_view text, std::string_view want) { EXPECT_EQ(Text(text), want) << text; };
  f("{{ .Alerts.Firing | len }}{{ len .Alerts.Resolved }}{{ len .Alerts }}", "112");
  f("{{ .CommonLabels.SortedPairs.Names | join \",\" }}|{{ .CommonLabels.Values | join \",\" }}",
    "alertname,severity|Slow,warning");
  f("{{ (.CommonLabels.Remove (stringSlice \"severity\")).Names }}", "[alertname]");
  f("{{ .CommonLabels }}|{{ .CommonLabels.none }}|", "alertname=Slow, severity=warning||");
  f("{{ with index .Alerts 0 }}{{ .StartsAt.Format \"2006-01-02\" }} {{ .EndsAt.Sub .StartsAt }} {{ .Fingerprint }}{{ "
    "end }}",
    "2024-03-10 1h30m0s 0123456789abcdef");
  f("{{ .Alerts.Firing.Nope }}",
    "error: template: :1:10: executing \"\" at <.Alerts.Firing.Nope>: can't evaluate field Nope in type "
    "[]template.Alert");
  f("{{ .CommonLabels.Remove \"x\" }}",
    "error: template: :1:16: executing \"\" at <.CommonLabels.Remove>: wrong type for value; expected []string; got "
    "string");
  EXPECT_EQ(QuotePattern("a.b/c+"), "a\\.b/c\\+");
}

TEST(TemplateSetTest, AlertmanagersFunctions) {
  Environment environment;
  environment.now = ParseTime("2024-03-10T10:15:30Z")->seconds * 1000;
  const auto f = [&](std::string_view text, std::string_view want) {
    EXPECT_EQ(Text(text, environment), want) << text;
  };
  f("{{ toJson .CommonLabels }} {{ toJson (index .Alerts 0).StartsAt }} {{ toJson (list 1 1.5 \"<\" true nil) }}",
    "{\"alertname\":\"Slow\",\"severity\":\"warning\"} \"2024-03-10T08:15:30Z\" [1,1.5,\"\\u003c\",true,null]");
  f("{{ toJson (index .Alerts 0) }}",
    "{\"status\":\"firing\",\"labels\":{\"alertname\":\"Slow\",\"instance\":\"a:1\",\"severity\":\"warning\"},"
    "\"annotations\":{\"summary\":\"p99 \\u003e 1s\"},\"startsAt\":\"2024-03-10T08:15:30Z\",\"endsAt\":"
    "\"2024-03-10T09:45:30Z\",\"generatorURL\":\"http://prom/"
    "graph?g0.expr=up+1\",\"fingerprint\":\"0123456789abcdef\"}");
  f("{{ since (index .Alerts 0).StartsAt }} {{ since (index .Alerts 0).StartsAt | humanizeDuration }}",
    "2h0m0s 2h 0m 0s");
  f("{{ (index .Alerts 0).StartsAt | date \"15:04\" }} {{ (index .Alerts 0).StartsAt | tz \"UTC\" | date \"MST\" }}",
    "08:15 UTC");
  f("{{ trimSpace \"  a \" }}|{{ urlUnescape \"a%20b+c\" }}|{{ title \"foo BAR it's\" }}|{{ safeUrl \"x y\" }}",
    "a|a b c|Foo Bar It's|x y");
  f("{{ $l := append (list 1) 2 3 }}{{ $l }}{{ (dict \"k\" $l).k }}{{ (dict).none }}", "[1 2 3][1 2 3]<no value>");
  f("{{ query \"up\" }}", "error: template: :1: function \"query\" not defined");
  f("{{ tz \"../x\" (index .Alerts 0).StartsAt }}",
    "error: template: :1:3: executing \"\" at <tz \"../x\" (index .Alerts 0).StartsAt>: error calling tz: time: "
    "invalid "
    "location name");
}

}  // namespace
}  // namespace cachescope::templating
