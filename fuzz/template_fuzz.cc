// Any bytes as a template, of an annotation and of a notification, as text and as HTML: parsing and expanding must end
// within their bounds and never crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/template/notification_data.h"
#include "server/template/samples.h"
#include "server/template/template_set.h"
#include "target.h"

namespace {

using namespace cachescope::templating;

Environment Bounds() {
  Environment out;
  out.max_output_bytes = 4096;
  out.max_steps = 1000;
  out.now = 1'700'000'000'000;
  return out;
}

void Check(const cachescope::Result<std::string>& out) {
  if (out.ok() && out->size() > 4096) __builtin_trap();
  if (!out.ok() && out.status().message().empty()) __builtin_trap();
}

void Annotation(std::string_view text) {
  Environment environment = Bounds();
  environment.variables["$value"] = Value(1.5);
  environment.variables["$labels"] = Value(Map{{"job", Value("redis")}}, true);
  environment.query = [](const std::string&) -> cachescope::Result<Value> {
    return SamplesValue({SampleValue({{"job", "a"}}, 1.0), SampleValue({{"job", "<b>"}}, 2.5)});
  };
  const auto parsed = Template::Parse("fuzz", text);
  if (!parsed.ok()) return;
  const Value data(Map{{"Value", Value(1.5)}});
  Check(parsed->Expand(data, environment));
  Check(parsed->ExpandHtml(data, environment));
}

void Notification(std::string_view text) {
  NotificationData data;
  data.status = "firing";
  data.receiver = "team";
  data.external_url = "http://localhost:9093";
  data.group_labels = {{"alertname", "Slow"}};
  data.common_labels = {{"alertname", "Slow"}, {"job", "<redis>"}};
  data.alerts.resize(2);
  for (NotificationAlert& alert : data.alerts) {
    alert.status = &alert == data.alerts.data() ? "firing" : "resolved";
    alert.labels = data.common_labels;
    alert.starts_at = TimeOfMs(1'700'000'000'123);
    alert.generator_url = "javascript:alert(1)";
  }
  const Value value = DataValue(data);
  Check(TemplateSet::Defaults().ExecuteText(text, value, Bounds()));
  Check(TemplateSet::Defaults().ExecuteHtml(text, value, Bounds()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Annotation(text);
  Notification(text);
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  for (const char* text :
       {"{{ $labels.job }} is {{ $value | humanize }}", "{{ range query \"up\" }}{{ . }}{{ else }}none{{ end }}",
        "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" 1 }}",
        "{{ with .Value }}{{ printf \"%5.2f|%+q|%[1]*d\" . }}{{ end }}",
        "{{- range $i, $a := .Alerts.Firing }}{{ $a.StartsAt.UTC.Format \"2006-01-02 15:04:05.999 MST\" }}{{ end -}}",
        "{{ (.CommonLabels.Remove (stringSlice \"job\")).SortedPairs.Names | join \",\" }}{{ $x := 1_0 }}{{ $x = 0x1F "
        "}}",
        "<a href=\"{{ .ExternalURL }}?q={{ .Receiver | urlquery }}\" onclick='f({{ .Status }})'>{{ .CommonLabels "
        "}}</a>",
        "<script>var x = {{ .Alerts }}; /* c */ `{{ . }}` /re/</script><style>p{color:{{ .Status }};x:url({{ . "
        "}})}</style>",
        "{{ $l := list 1 \"a\" nil }}{{ append $l (dict \"k\" $l) | toJson }}{{ since (index .Alerts 0).StartsAt | "
        "humanizeDuration }}",
        "{{ reReplaceAll \"(?P<n>a+)|b\" \"${n}$1$$\" \"aab\" }}{{ match `^\\d+$` \"5\" }}{{ slice \"abc\" 1 2 | html "
        "}}"})
    out->emplace_back(text);
}
