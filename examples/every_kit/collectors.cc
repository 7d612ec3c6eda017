#include "collectors.h"

#include "cachescope/catalogue/catalogue.h"
#include "cachescope/export/otlp.h"
#include "cachescope/export/statsd.h"

namespace every_kit {
namespace {

using cachescope::Catalogue;
using cachescope::StatsdDialect;
using cachescope::catalogue::Space;

// Some families have names with dots for StatsD: "cache.gets.total" for app_cache_gets_total. "" keeps the name.
std::string DottedName(std::string_view registry, std::string_view family) {
  constexpr std::string_view kNamespace = "app_";
  const bool library = registry == "library";
  if (library && family.starts_with(kNamespace)) family.remove_prefix(kNamespace.size());
  const auto entry = Catalogue::Find(family, library ? Space::kLibrary : Space::kLayers);
  return entry.row == nullptr ? std::string() : std::string(entry.row->dotted);
}

std::unique_ptr<cachescope::Exporter> MakeStatsd(std::string_view registry, const std::string& address,
                                                 StatsdDialect dialect) {
  cachescope::StatsdOptions options;
  options.address = address;
  options.dialect = dialect;
  options.prefix = "every." + std::string(registry);  // keeps names apart that registries share
  options.rename = [registry](std::string_view family) { return DottedName(registry, family); };
  options.timeout = std::chrono::seconds(1);
  if (dialect == StatsdDialect::kDogStatsd) options.tags = {{"env", "example"}};
  return cachescope::MakeStatsdExporter(options);
}

std::unique_ptr<cachescope::Exporter> MakeOtlp(std::string_view registry, const std::string& url) {
  cachescope::OtlpOptions options;
  options.endpoint = url;
  options.resource = {{"service.name", "every_kit"}, {"service.namespace", std::string(registry)}};
  return cachescope::MakeOtlpExporter(options);
}

}  // namespace

Collectors::Collectors(Registries& registries, const CollectorOptions& options) : options_(options) {
  cachescope::ServeOptions page;
  page.more_registries = {&registries.tiers, &registries.library, &registries.own};
  page_ = cachescope::Serve(registries.layers, options.listen, page);
  if (!page_.ok()) problems_.push_back(page_.error());
  bool first = true;
  for (const auto& [name, registry] : registries.All()) {
    for (const std::string& address : options.statsd) {
      Push(*registry, MakeStatsd(name, address, StatsdDialect::kPlain), first);
    }
    for (const std::string& address : options.dogstatsd) {
      Push(*registry, MakeStatsd(name, address, StatsdDialect::kDogStatsd), first);
    }
    for (const std::string& url : options.otlp) Push(*registry, MakeOtlp(name, url), first);
    first = false;
  }
}

// The counters of an export itself go where the library's own are: into the first registry.
void Collectors::Push(cachescope::Registry& registry, std::unique_ptr<cachescope::Exporter> exporter, bool first) {
  cachescope::PeriodicExportOptions options;
  options.interval = options_.interval;
  options.self_metrics = first;
  pushes_.push_back(cachescope::StartExport(registry, std::move(exporter), options));
  if (!pushes_.back().error().empty()) problems_.push_back(pushes_.back().error());
}

std::string Collectors::Stop() {
  page_.Stop();
  cachescope::ExportStatus sum;
  for (cachescope::PeriodicExport& push : pushes_) {
    push.Stop();
    const cachescope::ExportStatus status = push.status();
    sum.packets += status.packets;
    sum.dropped += status.dropped;
    sum.errors += status.errors;
    if (!status.last_error.empty()) sum.last_error = status.last_error;
  }
  return "pushed " + std::to_string(sum.packets) + " packets, " + std::to_string(sum.dropped) + " dropped, " +
         std::to_string(sum.errors) + " errors " + sum.last_error + "\n";
}

}  // namespace every_kit
