#include "cli/alerting/alerting_arguments.h"

#include "base/duration.h"

namespace cachescope::cli {
namespace {

void Duration(CLI::App* app, const std::string& name, DurationMs* out, const std::string& help) {
  app->add_option_function<std::string>(
         name,
         [out](const std::string& text) {
           const auto parsed = ParseDuration(text);
           if (!parsed.ok()) throw CLI::ValidationError(std::string(parsed.status().message()));
           *out = *parsed;
         },
         help)
      ->type_name("DURATION");
}

// A verb below `parent`.
CLI::App* Verb(CLI::App* parent, Arguments* out, const std::string& name, const std::string& help,
               const std::string& examples) {
  CLI::App* app = parent->add_subcommand(name, help);
  app->add_option("--url", out->alerting.url, "address of the server")
      ->default_str(kDefaultUrl)
      ->envname("CACHESCOPE_URL");
  app->add_flag("--json", out->json, "print the result as JSON");
  app->footer("Examples:\n" + examples + kExitCodes);
  const std::string verb = parent->get_name() + " " + name;
  app->callback([out, verb] { out->verb = verb; });
  return app;
}

void Author(CLI::App* app, Arguments* out) {
  app->add_option("-a,--author", out->alerting.author, "who says so (default: the name of the user)")
      ->envname("CACHESCOPE_AUTHOR");
  app->add_option("-c,--comment", out->alerting.comment, "why");
}

CLI::Option* Matchers(CLI::App* app, Arguments* out, const std::string& help) {
  return app->add_option("MATCHER", out->alerting.matchers, help);
}

CLI::App* Group(CLI::App* root, const std::string& name, const std::string& help) {
  CLI::App* app = root->add_subcommand(name, help);
  app->require_subcommand(1);
  return app;
}

void AddAlerts(CLI::App* root, Arguments* out) {
  CLI::App* alerts = Group(root, "alerts", "what fires now, who has it, and what it was like before");
  CLI::App* list = Verb(alerts, out, "list", "list alerts",
                        "  cachescope alerts list\n  cachescope alerts list severity=critical 'instance=~\"a.*\"'\n"
                        "  cachescope alerts list --json | jq '.data.alerts[].labels.alertname'\n");
  Matchers(list, out, "show only alerts that match");
  list->add_flag("--all", out->alerting.all, "silenced, inhibited and acknowledged ones too");
  CLI::App* ack = Verb(alerts, out, "ack", "acknowledge: silent until it clears, then armed again",
                       "  cachescope alerts ack 7f3c0a51d2e4b680 --comment \"on it\"\n"
                       "  cachescope alerts ack alertname=RedisDown instance=10.0.0.5:6379\n");
  Matchers(ack, out, "a fingerprint (its beginning will do), or matchers")->required();
  Author(ack, out);
  CLI::App* unack =
      Verb(alerts, out, "unack", "take an acknowledgement back", "  cachescope alerts unack 7f3c0a51d2e4b680\n");
  Matchers(unack, out, "a fingerprint (its beginning will do), or matchers")->required();
  Author(unack, out);
  CLI::App* explain = Verb(alerts, out, "explain", "why it fires: values, what changed, what moved with it",
                           "  cachescope alerts explain 7f3c0a51d2e4b680\n  cachescope alerts explain "
                           "alertname=RedisHitRatioDropped\n");
  Matchers(explain, out, "a fingerprint (its beginning will do), or matchers that fit one alert")->required();
  CLI::App* history = Verb(alerts, out, "history", "what happened: fired, told, acknowledged, resolved",
                           "  cachescope alerts history --since 24h\n  cachescope alerts history --alert RedisDown "
                           "--kind firing\n");
  Duration(history, "--since", &out->alerting.since, "how far back (default 24h)");
  history->add_option("--alert", out->alerting.alert, "of this alert only")->type_name("NAME");
  history->add_option("--kind", out->alerting.kind, "firing, resolved, notified, acknowledged, escalated …");
  history->add_option("--limit", out->alerting.limit, "most lines")->capture_default_str();
  CLI::App* stats = Verb(alerts, out, "stats", "how often, how long, who was woken for what",
                         "  cachescope alerts stats --since 30d\n");
  Duration(stats, "--since", &out->alerting.since, "how far back (default 7d)");
}

void AddSilence(CLI::App* root, Arguments* out) {
  CLI::App* silence = Group(root, "silence", "keep alerts that match quiet for a time");
  CLI::App* add = Verb(silence, out, "add", "silence alerts",
                       "  cachescope silence add instance=10.0.0.5:6379 --duration 2h --comment \"new memory\"\n"
                       "  cachescope silence add alertname=~\"Redis.*\" --start 2026-11-20T22:00:00Z --end "
                       "2026-11-21T02:00:00Z -c window\n");
  Matchers(add, out, "an alert must match all of them")->required();
  Author(add, out);
  Duration(add, "-d,--duration", &out->alerting.duration, "how long (default 1h)");
  add->add_option("--start", out->alerting.start, "from then on (default now)")->type_name("RFC3339");
  add->add_option("--end", out->alerting.end, "until then, instead of --duration")->type_name("RFC3339");
  CLI::App* list = Verb(silence, out, "list", "list silences",
                        "  cachescope silence list\n  cachescope silence list "
                        "--all\n");
  Matchers(list, out, "show only silences with these matchers");
  list->add_flag("--all", out->alerting.all, "those that have ended too");
  CLI::App* expire = Verb(silence, out, "expire", "end silences now",
                          "  cachescope silence expire 0f2c6e9e-6a0b-4bfa-9a0e-5a2a7f1f8c11\n");
  expire->add_option("ID", out->alerting.matchers, "their ids")->required();
}

void AddThreshold(CLI::App* root, Arguments* out) {
  AlertingArguments* a = &out->alerting;
  CLI::App* threshold = Group(root, "threshold", "alerts made at run time: an expression against a number");
  Verb(threshold, out, "list", "list thresholds", "  cachescope threshold list\n");
  CLI::App* set = Verb(threshold, out, "set", "make one, or change the one with this id",
                       "  cachescope threshold set low-hits --expr 'cachescope:redis_hit_ratio:5m' --op '<' --value "
                       "0.8 --for 5m\n"
                       "  cachescope threshold set mem --expr redis_memory_used_bytes --op '>' --value 8e9 --severity "
                       "critical --escalate 10m:critical:second-line\n");
  set->add_option("ID", a->id, "letters, digits, - and _")->required();
  set->add_option("--name", a->name, "of the alert (default: the id)");
  set->add_option("--expr", a->expr, "PromQL, or the name of a metric")->required();
  set->add_option("--op", a->op, "> >= < <= == !=")->required();
  set->add_option("--value", a->value, "the number it is held against")->required();
  set->add_option("--severity", a->severity, "critical, warning or info")->default_str("warning");
  Duration(set, "--for", &a->hold, "how long it must hold");
  Duration(set, "--cooldown", &a->cooldown, "told at most once per this time");
  set->add_option("--escalate", a->escalation,
                  "AFTER:SEVERITY:RECEIVER, when nobody has acknowledged it by then; may be repeated");
  set->add_option("--summary", a->summary, "what to tell people; may hold templates");
  set->add_flag("--disable", a->disable, "keep it, but do not evaluate it");
  set->add_option("-a,--author", a->author, "who says so (default: the name of the user)")
      ->envname("CACHESCOPE_AUTHOR");
  CLI::App* remove = Verb(threshold, out, "remove", "remove thresholds", "  cachescope threshold remove low-hits\n");
  remove->add_option("ID", a->matchers, "their ids")->required();
}

void AddRoute(CLI::App* root, Arguments* out) {
  CLI::App* route = Group(root, "route", "where alerts go");
  CLI::App* test = Verb(route, out, "test", "say which receivers an alert with these labels would reach",
                        "  cachescope route test severity=critical team=cache\n"
                        "  cachescope route test --config alertmanager.yml severity=page\n");
  test->add_option("LABEL", out->alerting.matchers, "NAME=VALUE, as many as the alert has")->required();
  test->add_option("--config", out->alerting.config, "read this file instead of asking the server")->type_name("FILE");
  CLI::App* receiver = Group(root, "receiver", "who is told, and whether that works");
  Verb(receiver, out, "list", "list receivers, with what was sent and what failed", "  cachescope receiver list\n");
  CLI::App* drill = Verb(receiver, out, "test", "send a drill to a receiver", "  cachescope receiver test on-call\n");
  drill->add_option("NAME", out->alerting.name, "the receiver")->required();
}

}  // namespace

void AddAlerting(CLI::App* root, Arguments* out) {
  out->alerting.url = kDefaultUrl;
  AddAlerts(root, out);
  AddSilence(root, out);
  AddThreshold(root, out);
  AddRoute(root, out);
}

}  // namespace cachescope::cli
