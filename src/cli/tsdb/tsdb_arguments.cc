#include "cli/tsdb/tsdb_arguments.h"

#include "base/duration.h"

namespace cachescope::cli {
namespace {

// A verb below `tsdb` with its examples. All of them know --json but those that print data.
CLI::App* Verb(CLI::App* tsdb, Arguments* out, const std::string& name, const std::string& help,
               const std::string& examples, bool json = true) {
  CLI::App* app = tsdb->add_subcommand(name, help);
  if (json) app->add_flag("--json", out->json, "print the result as JSON");
  app->footer("Examples:\n" + examples + kExitCodes);
  app->callback([out, name] { out->verb = "tsdb " + name; });
  return app;
}

void Directory(CLI::App* app, Arguments* out) {
  app->add_option("DIR", out->tsdb.directory, "data directory of this program or of Prometheus, or a backup")
      ->capture_default_str();
}

void Selection(CLI::App* app, Arguments* out) {
  app->add_option("--min-time", out->tsdb.min_time, "oldest sample: Unix milliseconds or RFC 3339")->type_name("TIME");
  app->add_option("--max-time", out->tsdb.max_time, "newest sample: Unix milliseconds or RFC 3339")->type_name("TIME");
}

void AddReaders(CLI::App* tsdb, Arguments* out) {
  CLI::App* list = Verb(tsdb, out, "list", "list the blocks",
                        "  cachescope tsdb list /var/lib/cachescope -r\n  cachescope tsdb list data --json | jq "
                        "'.blocks[].ulid'\n  cachescope tsdb list /var/lib/prometheus\n");
  Directory(list, out);
  list->add_flag("-r,--human-readable", out->tsdb.human, "times as dates, sizes with units");

  CLI::App* inspect =
      Verb(tsdb, out, "inspect", "say what takes series and space: metrics, labels, encodings, log and head",
           "  cachescope tsdb inspect /var/lib/cachescope\n  cachescope tsdb inspect data 01KAJ5Z0V6Q4T8N3M2R7YXW9CB "
           "--limit "
           "5\n  cachescope tsdb inspect data --json | jq '.metrics[0]'\n");
  Directory(inspect, out);
  inspect->add_option("BLOCK", out->tsdb.block, "one block only (default: all, labels of the newest)");
  inspect->add_option("--limit", out->tsdb.limit, "lines per list; 0: all")->capture_default_str();

  CLI::App* verify = Verb(tsdb, out, "verify", "read everything and name all damage with file and position",
                          "  cachescope tsdb verify /var/lib/cachescope\n  cachescope tsdb verify /backup/2026-11-20 "
                          "&& echo sound\n  cachescope tsdb verify data --json | jq '.damages[].file'\n");
  Directory(verify, out);

  CLI::App* dump = Verb(tsdb, out, "dump", "print samples, those of the log included",
                        "  cachescope tsdb dump data --match 'redis_up' --min-time 2026-11-20T00:00:00Z\n"
                        "  cachescope tsdb dump data --format openmetrics > backfill.om\n"
                        "  cachescope tsdb dump data --match '{job=\"redis\"}' --match 'up' --format json\n",
                        false);
  Directory(dump, out);
  dump->add_option("--match", out->tsdb.matches, "series selector; may be repeated (default: all series)")
      ->type_name("SELECTOR");
  Selection(dump, out);
  dump->add_option(
          "--format", out->tsdb.format,
          "prom: as promtool tsdb dump; openmetrics: floats, for import elsewhere; json: a line per series (default "
          "prom)")
      ->check(CLI::IsMember({"prom", "openmetrics", "json"}));
}

void AddMenders(CLI::App* tsdb, Arguments* out) {
  CLI::App* repair = Verb(
      tsdb, out, "repair", "take damage out: rewrite log segments, save what reads of damaged blocks; originals stay",
      "  cachescope tsdb repair /var/lib/cachescope --dry-run\n  cachescope tsdb repair /var/lib/cachescope\n"
      "  cachescope tsdb repair data --json | jq '.actions[].kind'\n");
  Directory(repair, out);
  repair->add_flag("--dry-run", out->tsdb.dry_run, "only say what would be done");

  CLI::App* convert =
      Verb(tsdb, out, "convert", "rewrite every block in another encoding; interrupted, it goes on the next time",
           "  cachescope tsdb convert /var/lib/prometheus --to packed\n  cachescope tsdb convert /var/lib/cachescope "
           "--to xor  "
           "  before giving it to Prometheus\n  cachescope tsdb convert data --to xor --dry-run\n");
  Directory(convert, out);
  convert
      ->add_option("--to", out->tsdb.to,
                   "packed: half as large, read by cachescope only; xor: read by Prometheus too, "
                   "keeps no start times")
      ->required()
      ->check(CLI::IsMember({"xor", "packed"}));
  convert->add_flag("--dry-run", out->tsdb.dry_run, "only say which blocks would be rewritten");

  CLI::App* remove = Verb(tsdb, out, "delete", "delete samples of series",
                          "  cachescope tsdb delete data --match 'redis_up{instance=\"old:6379\"}' --dry-run\n"
                          "  cachescope tsdb delete data --match '{job=\"test\"}' --max-time 2026-11-01T00:00:00Z\n");
  Directory(remove, out);
  remove->add_option("--match", out->tsdb.matches, "series selector; may be repeated")
      ->required()
      ->type_name("SELECTOR");
  Selection(remove, out);
  remove->add_flag("--dry-run", out->tsdb.dry_run, "only say how many series match");
}

void AddMovers(CLI::App* tsdb, Arguments* out) {
  CLI::App* import =
      Verb(tsdb, out, "import", "make blocks of samples in a text file (backfill)",
           "  cachescope tsdb import history.om /var/lib/cachescope\n  promtool tsdb dump-openmetrics old | "
           "cachescope tsdb import - data\n  cachescope tsdb import history.om data --dry-run\n");
  import->add_option("FILE", out->tsdb.file, "every sample with its time; - is standard input")->required();
  Directory(import, out);
  import
      ->add_option("--format", out->tsdb.format,
                   "openmetrics: times in seconds, ends with \"# EOF\"; prom: Prometheus text, times in milliseconds "
                   "(default openmetrics)")
      ->check(CLI::IsMember({"openmetrics", "prom"}));
  import
      ->add_option_function<std::string>(
          "--memory",
          [out](const std::string& text) {
            const auto bytes = ParseBytes(text);
  if (!bytes.ok()) throw CLI::ValidationError(std::string(bytes.status().message()));
  out->tsdb.memory = *bytes;
},
          "memory for samples that wait to be written (default 256MiB)")
      ->type_name("SIZE");
import->add_option("--to", out->tsdb.to, "encoding of the blocks: packed or xor (default packed)")
    ->check(CLI::IsMember({"xor", "packed"}));
import->add_flag("--dry-run", out->tsdb.dry_run, "only read the file and say what is in it");

CLI::App* backup = Verb(
    tsdb, out, "backup", "copy a store, by hard links where possible; the copy opens as a store of its own",
    "  cachescope tsdb backup /var/lib/cachescope /backup/2026-11-20\n"
    "  cachescope tsdb backup /var/lib/cachescope /backup/now --url http://127.0.0.1:22243    of a running daemon\n");
backup->add_option("PATHS", out->tsdb.paths, "[DIR] DEST: data directory (default data) and where the copy goes")
    ->required()
    ->expected(1, 2)
    ->type_name("[DIR] DEST");
backup
    ->add_option("--url", out->tsdb.url,
                 "the daemon that runs on DIR (it needs --web.enable-admin-api); without it nobody may be running")
    ->type_name("URL");

CLI::App* restore = Verb(tsdb, out, "restore", "make a data directory of a backup, verified first",
                         "  cachescope tsdb restore /backup/2026-11-20 /var/lib/cachescope\n"
                         "  cachescope tsdb restore /var/lib/cachescope/snapshots/20261120T101500Z-1f2e data\n");
restore->add_option("SRC", out->tsdb.file, "a backup, a snapshot or a data directory")->required();
Directory(restore, out);
}  // namespace

}  // namespace cachescope::cli

void AddTsdb(CLI::App* root, Arguments* out) {
  CLI::App* app = root->add_subcommand("tsdb", "look into data directories, mend, move and convert them");
  app->require_subcommand(1);
  app->footer(
      std::string("Reading verbs change nothing and may be used while a daemon runs; the others take the lock of "
                  "the directory.\n\nExamples:\n  cachescope tsdb list /var/lib/cachescope -r\n"
                  "  cachescope tsdb verify /var/lib/cachescope\n"
                  "  cachescope tsdb import history.om /var/lib/cachescope\n") +
      kExitCodes);
  AddReaders(app, out);
  AddMenders(app, out);
  AddMovers(app, out);
}

}  // namespace cachescope::cli
