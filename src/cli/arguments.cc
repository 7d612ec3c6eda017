#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "base/duration.h"
#include "cli/alerting/alerting_arguments.h"
#include "cli/rules.h"
#include "cli/template_render.h"
#include "cli/tsdb/tsdb_arguments.h"

namespace cachescope::cli {
namespace {

// "5m" into milliseconds.
CLI::Option* Duration(CLI::App* app, const std::string& name, DurationMs* out, const std::string& help) {
  return app
      ->add_option_function<std::string>(
          name,
          [out](const std::string& text) {
            const auto duration = ParseDuration(text);
            if (!duration.ok()) throw CLI::ValidationError(std::string(duration.status().message()));
            *out = *duration;
          },
          help)
      ->type_name("DURATION");
}

// "512MB" into bytes.
CLI::Option* Bytes(CLI::App* app, const std::string& name, std::uint64_t* out, const std::string& help) {
  return app
      ->add_option_function<std::string>(
          name,
          [out](const std::string& text) {
            const auto bytes = ParseBytes(text);
            if (!bytes.ok()) throw CLI::ValidationError(std::string(bytes.status().message()));
            *out = *bytes;
          },
          help)
      ->type_name("SIZE");
}

void AddLogging(CLI::App* app, Arguments* out) {
  app->add_option("--log.level", out->log_level, "debug, info, warn or error")
      ->capture_default_str()
      ->envname("CACHESCOPE_LOG_LEVEL")
      ->group("Log");
  app->add_option("--log.format", out->log_format, "logfmt or json")
      ->capture_default_str()
      ->envname("CACHESCOPE_LOG_FORMAT")
      ->group("Log");
}

void AddDaemon(CLI::App* app, Arguments* out) {
  app::ServerOptions* server = &out->server;
  app->add_option("--web.listen-address", server->listen_address,
                  "where the page and the API listen; port 0 takes a free one")
      ->capture_default_str()
      ->envname("CACHESCOPE_WEB_LISTEN_ADDRESS")
      ->type_name("HOST:PORT")
      ->group("Web");
  app->add_flag(
         "--insecure-listen", server->insecure_listen,
         "listen on an address that other machines reach; without it that is refused, since there is neither TLS "
         "nor a password")
      ->group("Web");
  app->add_option("--web.external-url", server->external_url,
                  "the address people reach the page under, for links in notifications")
      ->type_name("URL")
      ->group("Web");
  Duration(app, "--storage.tsdb.retention.time", &server->retention,
           "history kept (default 15d on disk, 24h in memory)")
      ->group("Storage");
  Bytes(app, "--storage.tsdb.retention.size", &server->retention_bytes,
        "bytes kept on disk, the oldest blocks go first; 0: no limit")
      ->group("Storage");
  app->add_option("--storage.max-series", server->max_series,
                  "series held at one time; new ones beyond are refused and counted")
      ->capture_default_str()
      ->group("Storage");
  Duration(app, "--query.timeout", &server->query_timeout, "longest time of one query (default 2m)")->group("Query");
  app->add_option("--query.max-samples", server->query_max_samples, "most samples one query may hold")
      ->capture_default_str()
      ->group("Query");
  app->add_option("--query.max-concurrency", server->query_concurrency, "requests answered at the same time")
      ->capture_default_str()
      ->check(CLI::Range(1, 256))
      ->group("Query");
  AddLogging(app, out);
}

void AddServe(CLI::App* root, Arguments* out) {
  CLI::App* app = root->add_subcommand("serve", "run the daemon with a configuration file");
  app->add_option("--config.file", out->server.config_file,
                  "a prometheus.yml, or the same with our sections; without it this host's caches are looked for")
      ->envname("CACHESCOPE_CONFIG_FILE")
      ->type_name("FILE")
      ->group("Configuration");
  out->server.storage_path = "data";
  app->add_option("--storage.tsdb.path", out->server.storage_path, "data directory, locked against a second process")
      ->capture_default_str()
      ->type_name("DIR")
      ->group("Storage");
  app->add_flag("--read-only", out->server.read_only,
                "answer from the data directory and change nothing in it: nothing is collected, evaluated or taken in")
      ->group("Storage");
  app->add_flag("--web.enable-remote-write-receiver,!--web.disable-remote-write-receiver", out->server.remote_write,
                "answer POST /api/v1/write; on unless disabled")
      ->group("Web");
  app->add_option("--enable-feature", out->server.features,
                  "switches of Prometheus: promql-experimental-functions, promql-extended-range-selectors, "
                  "promql-binop-fill-modifiers, promql-delayed-name-removal, st-storage (keeps the start times that "
                  "remote write 2.0 sends; created-timestamp-zero-ingestion means the same)")
      ->delimiter(',')
      ->type_name("NAME")
      ->group("Query");
  app->add_flag("--web.enable-admin-api", out->server.admin_api, "answer /api/v1/admin/*")->group("Web");
  app->add_option("--web.cors.origin", out->server.cors_origin,
                  "origins whose pages may read the API: a regular expression, matched whole")
      ->capture_default_str()
      ->type_name("REGEX")
      ->group("Web");
  app->add_option("--storage.exemplars.max", out->server.max_exemplars, "exemplars kept in memory; 0 keeps none")
      ->capture_default_str()
      ->group("Storage");
  app->add_flag("--web.enable-lifecycle,!--web.disable-lifecycle", out->server.lifecycle,
                "answer POST /-/reload; on unless disabled (SIGHUP always works)")
      ->group("Web");
  AddDaemon(app, out);
  app->footer(
      std::string(
          "Examples:\n  cachescope serve --config.file=prometheus.yml --storage.tsdb.path=/var/lib/cachescope\n"
          "  cachescope serve --web.listen-address=127.0.0.1:9090\n  kill -HUP PID   reads the configuration again\n") +
      kExitCodes);
  app->callback([out] { out->verb = "serve"; });
}

void AddUp(CLI::App* root, Arguments* out) {
  CLI::App* app = root->add_subcommand("up", "watch the caches named on the command line, or the one on this host");
  app->add_option("URL", out->server.cache_urls,
                  "redis://[user:password@]host:port, rediss://…, unix:///path, host:port; several may be given");
  Duration(app, "--interval", &out->server.cache_interval, "how often each cache is read (default 15s)")
      ->group("Caches");
  AddDaemon(app, out);
  app->footer(std::string("Examples:\n  cachescope up                                  the Redis on this host\n"
                          "  cachescope up redis://10.0.0.5:6379 redis://10.0.0.6:6379\n"
                          "  REDIS_PASSWORD_FILE=/run/secrets/redis cachescope up rediss://cache.example.org:6380\n") +
              kExitCodes);
  app->callback([out] {
    out->verb = "up";
    out->server.storage_path.clear();
  });
}

void AddDemo(CLI::App* root, Arguments* out) {
  CLI::App* app = root->add_subcommand("demo", "start a private Redis under a moving load, and watch it");
  app->add_option("--rate", out->demo_rate, "lookups per second")
      ->capture_default_str()
      ->check(CLI::Range(10.0, 50000.0))
      ->group("Load");
  app->add_option("--shift", out->demo_shift_seconds, "seconds between moves of the working set")
      ->capture_default_str()
      ->check(CLI::Range(20, 86400))
      ->group("Load");
  app->add_option("--redis-server", out->redis_server,
                  "the program to start; by default redis-server or valkey-server is looked for")
      ->type_name("PATH")
      ->group("Load");
  AddDaemon(app, out);
  app->footer(std::string("Examples:\n  cachescope demo\n  cachescope demo --rate 5000 --shift 120\n  cachescope demo "
                          "--web.listen-address=127.0.0.1:0\n") +
              kExitCodes);
  app->callback([out] {
    out->verb = "demo";
    out->server.storage_path.clear();
  });
}

void AddCheck(CLI::App* root, Arguments* out) {
  CLI::App* app = root->add_subcommand("check", "check files without running them");
  app->require_subcommand(1);
  for (const auto& [what, help] :
       {std::pair{"config", "configuration files, with the rule files they name"}, std::pair{"rules", "rule files"}}) {
    CLI::App* kind = app->add_subcommand(what, std::string("check ") + help);
    kind->add_option("FILE", out->files, "files to check")->required();
    kind->add_flag("--json", out->json, "print the result as JSON");
    kind->footer(std::string("Examples:\n  cachescope check ") + what + " " +
                 (std::string(what) == "config" ? "cachescope.yml" : "rules/*.yml") + "\n" + kExitCodes);
    kind->callback([out, name = std::string(what)] { out->verb = "check " + name; });
  }
}

void AddCatalog(CLI::App* root, Arguments* out) {
  CLI::App* app = root->add_subcommand("catalog", "list the metric families that instruments and kits know");
  CLI::Option* json = app->add_flag("--json", out->json, "print them as JSON");
  app->add_flag("--markdown", out->markdown, "print them as a Markdown page")->excludes(json);
  app->add_option("--group", out->catalog_group, "one group only, such as semantic or two-tier")->type_name("GROUP");
  app->footer(std::string("Examples:\n  cachescope catalog --group semantic\n  cachescope catalog --json | jq "
                          "'.[] | select(.type == \"histogram\") | .name'\n") +
              kExitCodes);
  app->callback([out] { out->verb = "catalog"; });
}

void AddQuery(CLI::App* root, Arguments* out) {
  CLI::App* app = root->add_subcommand(
      "query", "ask a running server, or a data directory, and show the answer as a table or a chart");
  QueryArguments* query = &out->query;
  app->add_option("EXPR", query->expr, "the PromQL expression")->required();
  app->add_option("--url", query->url, "address of the server")->capture_default_str()->envname("CACHESCOPE_URL");
  app->add_option("--data", query->data,
                  "read this data directory instead of asking a server; nothing in it changes, a daemon may be running")
      ->type_name("DIR");
  app->add_option("--time", query->time, "when: Unix seconds or RFC 3339 (default now)")->type_name("TIME");
  app->add_option("--start", query->start, "a range from here")->type_name("TIME");
  app->add_option("--end", query->end, "to here (default now)")->type_name("TIME");
  Duration(app, "--range", &query->range, "a range of this length up to the end");
  Duration(app, "--step", &query->step, "between two points of a range");
  app->add_option("--limit", query->limit, "most series; 0: all")->capture_default_str();
  app->add_option("--timeout", query->timeout, "give up after this long")->type_name("DURATION");
  app->add_option("-o,--output", query->format, "how to show it (default chart for ranges, else table)")
      ->check(CLI::IsMember({"table", "json", "chart"}));
  app->add_flag("--json", out->json, "the server's answer as it is");
  app->add_flag("--trace", query->trace, "say where the time went");
  app->footer(std::string("Examples:\n  cachescope query 'sum by (instance) (rate(redis_keyspace_hits_total[5m]))'\n"
                          "  cachescope query 'redis_memory_used_bytes' --range 6h\n"
                          "  cachescope query 'up' --json --url http://10.0.0.5:22243\n"
                          "  cachescope query 'up' --data /var/lib/cachescope --time 2026-11-20T14:00:00Z\n") +
              kExitCodes);
  app->callback([out] { out->verb = "query"; });
}

void AddCompletion(CLI::App* root, Arguments* out) {
  CLI::App* app = root->add_subcommand("completion", "print the completion script of a shell");
  app->add_option("SHELL", out->shell, "bash or zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
  app->footer(std::string("Examples:\n  eval \"$(cachescope completion bash)\"\n  cachescope completion zsh > "
                          "~/.zfunc/_cachescope\n") +
              kExitCodes);
  app->callback([out] { out->verb = "completion"; });
}

void AddVerbs(CLI::App* root_app, Arguments* arguments) {
  CLI::App& root = *root_app;
  Arguments& out = *arguments;
  root.require_subcommand(1);
  root.set_version_flag("--version", [] {
    const app::Version version = app::ProgramVersion();
    return "cachescope " + version.version + (version.revision.empty() ? "" : " (" + version.revision + ")") +
           " built " + version.build_date;
  });
  root.footer(std::string("Examples:\n  cachescope demo                        see it work\n  cachescope up "
                          "redis://127.0.0.1:6379   watch a Redis\n"
                          "  cachescope serve --config.file=prometheus.yml\n") +
              kExitCodes);
  AddUp(&root, &out);
  AddServe(&root, &out);
  AddDemo(&root, &out);
  AddCheck(&root, &out);
  AddCatalog(&root, &out);
  AddQuery(&root, &out);
  AddAlerting(&root, &out);
  AddTsdb(&root, &out);
  AddTemplate(&root, &out);
  AddRules(&root, &out);
  AddCompletion(&root, &out);
  CLI::App* version = root.add_subcommand("version", "print the version");
  version->add_flag("--json", out.json, "print it as JSON");
  version->callback([&out] { out.verb = "version"; });
}

constexpr const char* kAbout =
    "cachescope: see whether your caches work, what they cost and save, and why that changed.";

}  // namespace

std::vector<std::string> CommandWords(const std::vector<std::string>& words) {
  Arguments unused;
  CLI::App root{kAbout, "cachescope"};
  AddVerbs(&root, &unused);
  const CLI::App* app = &root;
  for (const std::string& word : words) {
    for (const CLI::App* next : app->get_subcommands([](const CLI::App*) { return true; })) {
      if (next->get_name() != word) continue;
      app = next;
      break;
    }
  }
  std::vector<std::string> out;
  for (const CLI::App* next : app->get_subcommands([](const CLI::App*) { return true; })) {
    out.push_back(next->get_name());
  }
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_lnames()) out.push_back("--" + name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Arguments ParseArguments(int argc, char** argv) {
  Arguments out;
  // What follows are words of somebody else's command line, which must not be taken for ours.
  if (argc > 1 && std::string_view(argv[1]) == "complete") {
    out.verb = "complete";
    out.words.assign(argv + 2, argv + argc);
    if (!out.words.empty() && out.words.front() == "--") out.words.erase(out.words.begin());
    return out;
  }
  CLI::App root{kAbout, "cachescope"};
  AddVerbs(&root, &out);
  // CLI11 reports by exception; it ends here.
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    out.verb.clear();
    const int code = root.exit(error, std::cout, std::cerr);
    out.exit_code = code == 0 ? kOk : kUsage;
  }
  return out;
}

}  // namespace cachescope::cli
