// Annotations are expanded for every active alert at every evaluation; notifications for every group that is told.
#include <benchmark/benchmark.h>

#include "server/template/notification_data.h"
#include "server/template/template_set.h"

namespace cachescope::templating {
namespace {

Environment AlertEnvironment() {
  Environment out;
  out.variables = {{"$labels", Value(Map{{"alertname", "HitRatioLow"},
                                         {"instance", "cache-17.example.org:6379"},
                                         {"job", "redis"},
                                         {"severity", "warning"}},
                                     true)},
                   {"$externalLabels", Value(Map{}, true)},
                   {"$externalURL", Value("http://127.0.0.1:22243")},
                   {"$value", Value(1234567.25)}};
  return out;
}

void Expand(benchmark::State& state, const char* text) {
  const Environment environment = AlertEnvironment();
  const Value data(Map{{"Labels", environment.variables.at("$labels")}, {"Value", environment.variables.at("$value")}});
  const auto parsed = Template::Parse("bench", text);
  if (!parsed.ok()) return state.SkipWithError("does not parse");
  for (auto _ : state) {
    auto out = parsed->Expand(data, environment);
    if (!out.ok()) return state.SkipWithError("does not expand");
    benchmark::DoNotOptimize(out);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(Expand, plain, "the cache is slow");
BENCHMARK_CAPTURE(Expand, label_and_number, "{{ $labels.instance }} is {{ $value | humanize }}");
BENCHMARK_CAPTURE(Expand, printf, "{{ printf \"%s: %.2f%%\" $labels.instance $value }}");
BENCHMARK_CAPTURE(Expand, branches,
                  "{{ if gt $value 100.0 }}high{{ else if eq $labels.job \"redis\" }}redis{{ end }} on {{ "
                  "$labels.instance | reReplaceAll \":.*\" \"\" }}");

// The same with the variables made anew for each alert, as rules do.
void WithVariables(benchmark::State& state) {
  const auto parsed = Template::Parse("bench", "{{ $labels.instance }} is {{ $value | humanize }}");
  for (auto _ : state) {
    const Environment environment = AlertEnvironment();
    auto out = parsed->Expand(Value(), environment);
    benchmark::DoNotOptimize(out);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(WithVariables);

void Parse(benchmark::State& state) {
  for (auto _ : state) {
    auto out = Template::Parse("bench", "{{ $labels.instance }} is {{ $value | humanize }}");
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(Parse);

NotificationData Group(int alerts) {
  NotificationData out;
  out.receiver = "team";
  out.status = "firing";
  out.external_url = "http://127.0.0.1:22243";
  out.group_labels = {{"alertname", "HitRatioLow"}};
  out.common_labels = {{"alertname", "HitRatioLow"}, {"job", "redis"}};
  for (int i = 0; i < alerts; ++i) {
    NotificationAlert alert;
    alert.status = "firing";
    alert.labels = {
        {"alertname", "HitRatioLow"}, {"instance", "cache-" + std::to_string(i) + ":6379"}, {"job", "redis"}};
    alert.annotations = {{"summary", "the hit ratio is 71%"}};
    alert.starts_at = TimeOfMs(1'700'000'000'000);
    out.alerts.push_back(std::move(alert));
  }
  return out;
}

void Subject(benchmark::State& state) {
  const Value data = DataValue(Group(static_cast<int>(state.range(0))));
  for (auto _ : state) {
    auto out = TemplateSet::Defaults().ExecuteText("{{ template \"slack.default.title\" . }}", data);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(Subject)->Arg(1)->Arg(50);

void Mail(benchmark::State& state) {
  const Value data = DataValue(Group(static_cast<int>(state.range(0))));
  for (auto _ : state) {
    auto out = TemplateSet::Defaults().ExecuteTemplateHtml("email.default.html", data);
    if (!out.ok()) return state.SkipWithError("does not expand");
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(Mail)->Arg(1)->Arg(30);

}  // namespace
}  // namespace cachescope::templating
