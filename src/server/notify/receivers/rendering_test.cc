#include "server/notify/receivers/rendering.h"

#include "server/notify/receivers/receiver_fixture.h"

namespace cachescope::notify {
namespace {

std::string TextOf(const std::string& text, const Notification& notification = Sample()) {
  NotifyContext context;
  context.chart = [](const Alert& alert) { return "▁▂▃ " + std::string(alert.labels.Get("instance")); };
  return Rendering(notification, context).Text(text);
}

TEST(RenderingTest, DataIsAlertmanagers) {
  EXPECT_EQ(TextOf("{{ .Receiver }} {{ .Status }} {{ len .Alerts }} {{ .ExternalURL }}"),
            "team-x firing 2 http://scope");
  EXPECT_EQ(TextOf("{{ .GroupLabels }}|{{ .CommonLabels }}|{{ .CommonAnnotations.Names }}"),
            "alertname=HitRatioLow|alertname=HitRatioLow, severity=page|[runbook_url]");
  EXPECT_EQ(TextOf("{{ range .Alerts.Firing }}{{ .Labels.instance }} {{ .StartsAt.Unix }} {{ .Status }};{{ end }}"),
            "redis-1 1767225600 firing;redis-2 1767225600 firing;");
  EXPECT_EQ(TextOf("{{ range .Alerts.Resolved }}{{ .EndsAt.UTC }};{{ end }}", Sample(true)),
            "2026-01-01 00:05:00 +0000 UTC;2026-01-01 00:05:00 +0000 UTC;");
  EXPECT_EQ(TextOf("{{ (index .Alerts 0).EndsAt }}"), "0001-01-01 00:00:00 +0000 UTC");
}

TEST(RenderingTest, AlertsHaveValueChartAndRunbook) {
  EXPECT_EQ(TextOf("{{ range .Alerts }}{{ .Value }} {{ .Chart }} {{ .Runbook }};{{ end }}"),
            "0.25 ▁▂▃ redis-1 http://scope/advice/redis#low;0.25 ▁▂▃ redis-2 http://scope/advice/redis#low;");
  // Their JSON is Alertmanager's all the same.
  EXPECT_EQ(nlohmann::json::parse(TextOf("{{ .Alerts | toJson }}"))[0].size(), 7u);
  NotifyContext context;
  const Notification notification = Sample();
  EXPECT_EQ(Rendering(notification, context).Text("{{ (index .Alerts 0).Chart }}."), ".");
}

TEST(RenderingTest, AFailingTemplateCostsNoNotification) {
  NotifyContext context;
  const Notification notification = Sample();
  Rendering r(notification, context);
  EXPECT_EQ(r.Text("{{ template \"gone\" . }}").substr(0, 54),
            "[FIRING:2] HitRatioLow (the template does not expand: ");
  EXPECT_EQ(r.Html("{{ .Nothing.At.All }}").find('<'), std::string::npos);
  EXPECT_EQ(r.Word("{{ nothing }}"), "");
  EXPECT_TRUE(r.status().ok());
  EXPECT_EQ(r.Address("{{ nothing }}"), "");
  EXPECT_FALSE(r.status().ok());
  EXPECT_EQ(r.Text("plain { text }"), "plain { text }");
}

TEST(RenderingTest, AStormFits) {
  Notification storm = Sample();
  storm.alerts.clear();
  for (int i = 0; i < 10'000; ++i) storm.alerts.push_back(AlertNamed("redis-" + std::to_string(i)));
  const NotifyContext context;
  Rendering r(storm, context);
  EXPECT_EQ(r.Text("{{ template \"__subject\" . }}").substr(0, 14), "[FIRING:10000]");
  for (const char* text : {"{{ template \"__text_message\" . }}", "{{ .Alerts | toJson }}"})
    EXPECT_NE(r.Text(text).find("redis-9999"), std::string::npos) << text;
  EXPECT_NE(r.Html("{{ template \"email.default.html\" . }}").find("the first 50 of them"), std::string::npos);
}

TEST(RenderingTest, TreesOfJson) {
  NotifyContext context;
  const Notification notification = Sample();
  Rendering r(notification, context);
  const ConfigNode node = NodeOf(
      "{'{{ .Status }}': [1, '1', true, null, 'x: y'], n: '{{ len .Alerts }}', one: '{{ (index .Alerts 0).Labels | "
      "toJson "
      "}}', text: '{{ .Status }}: {{ .Receiver }}', empty: ''}");
  EXPECT_EQ(Dump(r.Tree(node)),
            R"({"firing":[1,"1",true,null,"x: y"],"n":2,"one":{"alertname":"HitRatioLow","instance":"redis-1",)"
            R"("severity":"page"},"text":"firing: team-x","empty":""})");
}

}  // namespace
}  // namespace cachescope::notify
