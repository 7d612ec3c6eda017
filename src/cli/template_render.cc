// `cachescope template render`: shows what a notification or an annotation would say. Flags are spelled like amtool's.
#include "cli/template_render.h"

#include <glob.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "server/template/notification_data.h"
#include "server/template/samples.h"
#include "server/template/template_set.h"

namespace cachescope::cli {
namespace {

using nlohmann::json;
using templating::TextMap;
using templating::Value;

// Shown when no data is given.
constexpr const char* kSample = R"({
  "receiver": "team", "status": "firing", "externalURL": "http://127.0.0.1:22243",
  "groupLabels": {"alertname": "CacheHitRatioLow"},
  "commonLabels": {"alertname": "CacheHitRatioLow", "job": "redis", "severity": "warning"},
  "commonAnnotations": {"summary": "the hit ratio fell below 80%"},
  "alerts": [
    {"status": "firing", "labels": {"alertname": "CacheHitRatioLow", "instance": "a:6379", "job": "redis", "severity": "warning"},
     "annotations": {"summary": "the hit ratio fell below 80%"}, "startsAt": "2026-01-01T10:00:00Z",
     "generatorURL": "http://127.0.0.1:22243/graph", "fingerprint": "5ef77f1f8a3ecf8d"},
    {"status": "resolved", "labels": {"alertname": "CacheHitRatioLow", "instance": "b:6379", "job": "redis", "severity": "warning"},
     "annotations": {"summary": "the hit ratio fell below 80%"}, "startsAt": "2026-01-01T09:00:00Z", "endsAt": "2026-01-01T09:30:00Z",
     "generatorURL": "http://127.0.0.1:22243/graph", "fingerprint": "6ef77f1f8a3ecf8d"}],
  "labels": {"__name__": "redis_up", "instance": "a:6379", "job": "redis"}, "value": 1})";

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return IoError("cannot read " + path);
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

// A member that is missing or null reads as empty.
TextMap Texts(const json& object, const char* name) {
  TextMap out;
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return out;
  for (const auto& [key, value] : found->items()) out.emplace(key, value.get<std::string>());
  return out;
}

std::string Text(const json& object, const char* name) { return object.value(name, std::string()); }

templating::Time TimeIn(const json& object, const char* name) {
  const auto time = templating::ParseTime(object.value(name, std::string("0001-01-01T00:00:00Z")));
  if (!time) throw std::invalid_argument(std::string(name) + " is no time of RFC 3339");
  return *time;
}

Value NotificationOf(const json& root) {
  templating::NotificationData out;
  out.receiver = Text(root, "receiver");
  out.status = Text(root, "status");
  out.external_url = Text(root, "externalURL");
  out.notification_reason = Text(root, "notification_reason");
  out.group_labels = Texts(root, "groupLabels");
  out.common_labels = Texts(root, "commonLabels");
  out.common_annotations = Texts(root, "commonAnnotations");
  for (const json& alert : root.value("alerts", json::array())) {
    out.alerts.push_back({Text(alert, "status"), Texts(alert, "labels"), Texts(alert, "annotations"),
                          TimeIn(alert, "startsAt"), TimeIn(alert, "endsAt"), Text(alert, "generatorURL"),
                          Text(alert, "fingerprint")});
  }
  return templating::DataValue(out);
}

templating::Map LabelMap(const json& root, const char* name) {
  templating::Map out;
  for (const auto& [key, value] : Texts(root, name)) out.emplace(key, Value(value));
  return out;
}

// An annotation of a rule, with the labels and the value of one element and what its queries would answer.
Result<std::string> RenderAnnotation(const std::string& text, const json& root) {
  templating::Environment environment;
  environment.external_url = Text(root, "externalURL");
  const Value labels(LabelMap(root, "labels"), true);
  const Value external(LabelMap(root, "externalLabels"), true);
  const Value value(root.value("value", 0.0));
  environment.variables = {{"$labels", labels},
                           {"$externalLabels", external},
                           {"$externalURL", Value(environment.external_url)},
                           {"$value", value}};
  environment.query = [&root](const std::string& query) -> Result<Value> {
    templating::List samples;
    const json& queries = root.value("queries", json::object());
    for (const json& sample : queries.value(query, json::array()))
      samples.push_back(templating::SampleValue(LabelMap(sample, "labels"), sample.value("value", 0.0)));
    return templating::SamplesValue(std::move(samples));
  };
  const templating::Map data{{"Labels", labels},
                             {"ExternalLabels", external},
                             {"ExternalURL", Value(environment.external_url)},
                             {"Value", value}};
  return templating::ExpandTemplate("annotation", text, Value(data), environment);
}

Status AddFiles(const std::vector<std::string>& patterns, templating::TemplateSet* set) {
  for (const std::string& pattern : patterns) {
    glob_t found{};
    // No match is fine: the file may come later.
    if (glob(pattern.c_str(), 0, nullptr, &found) != 0) found.gl_pathc = 0;
    Status status;
    for (std::size_t i = 0; i < found.gl_pathc && status.ok(); ++i) {
      const std::string path = found.gl_pathv[i];
      const auto text = ReadFile(path);
      status = text.ok() ? set->Add(path.substr(path.rfind('/') + 1), *text) : text.status();
    }
    globfree(&found);
    if (!status.ok()) return status;
  }
  return {};
}

Result<std::string> Render(const TemplateArguments& arguments) {
  std::string data = kSample;
  if (!arguments.data.empty()) {
    CACHESCOPE_ASSIGN_OR_RETURN(data, ReadFile(arguments.data));
  }
  // The JSON library reports by exception; it ends here.
  try {
    const json root = json::parse(data);
    if (arguments.type == "annotation") return RenderAnnotation(arguments.text, root);
    const Value value = NotificationOf(root);
    templating::TemplateSet set = templating::TemplateSet::Defaults();
    CACHESCOPE_RETURN_IF_ERROR(AddFiles(arguments.globs, &set));
    return arguments.type == "html" ? set.ExecuteHtml(arguments.text, value) : set.ExecuteText(arguments.text, value);
  } catch (const std::exception& error) {
    return InvalidArgument("cannot read " + arguments.data + ": " + error.what());
  }
}

}  // namespace

void AddTemplate(CLI::App* root, Arguments* out) {
  CLI::App* app = root->add_subcommand("template", "see what templates make of alerts");
  app->require_subcommand(1);
  CLI::App* render = app->add_subcommand("render", "print a template's output");
  TemplateArguments* arguments = &out->templates;
  render
      ->add_option("--template.text", arguments->text,
                   "the text to render, such as '{{ template \"slack.default.title\" . }}'")
      ->required();
  render->add_option("--template.glob", arguments->globs, "files of definitions it may use; may be repeated")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  render
      ->add_option("--template.type", arguments->type,
                   "text or html: a notification; annotation: of an alerting rule, with the functions of Prometheus")
      ->check(CLI::IsMember({"text", "html", "annotation"}))
      ->capture_default_str();
  render
      ->add_option("--template.data", arguments->data,
                   "a JSON file: the body of a webhook; for an annotation {\"labels\", \"value\", \"externalLabels\", "
                   "\"externalURL\", \"queries\": {EXPR: [{\"labels\", \"value\"}]}}; by default an example")
      ->type_name("FILE");
  render->footer(
      std::string("Examples:\n  cachescope template render --template.text='{{ template \"email.default.html\" . }}' "
                  "--template.type=html\n  cachescope template render --template.type=annotation "
                  "--template.text='{{ $labels.instance }} is at {{ $value | humanize }}'\n") +
      kExitCodes);
  render->callback([out] { out->verb = "template render"; });
}

int RunTemplate(const Arguments& arguments) {
  const auto text = Render(arguments.templates);
  if (!text.ok()) {
    std::cerr << "cachescope: " << text.status().message() << "\n";
    return text.status().code() == Code::kIoError ? kFailed : kUsage;
  }
  std::cout << *text;
  return kOk;
}

}  // namespace cachescope::cli
