#include "server/collect/adapters/host/host_source.h"

#include "server/collect/adapters/host/proc_reader.h"

namespace cachescope::collect {
namespace {

struct Part {
  std::string_view name;
  Status (*add)(const HostOptions&, SampleSink&);
};
constexpr Part kParts[] = {{"stat", host::AddStat},
                           {"loadavg", host::AddLoad},
                           {"meminfo", host::AddMemory},
                           {"diskstats", host::AddDisks},
                           {"netdev", host::AddNetwork},
                           {"filefd", host::AddFileDescriptors},
                           {"filesystem", host::AddFilesystems}};
constexpr double kSecond = 1000;

}  // namespace

HostSource::HostSource(HostOptions options) : options_(std::move(options)) {}

boost::asio::awaitable<Status> HostSource::Collect(std::chrono::milliseconds, SampleSink& sink) {
  std::string causes;
  bool any = false;
  sink.Family("node_scrape_collector_success", MetricType::kGauge,
              "Whether a part of the host's metrics could be read.", {});
  for (const Part& part : kParts) {
    const Status status = part.add(options_, sink);
    // A full sink ends the scrape; an unreadable file only its part.
    if (status.code() == Code::kLimitExceeded) co_return status;
    any = any || status.ok();
    if (!status.ok()) causes += (causes.empty() ? "" : "; ") + std::string(status.message());
    if (Status added = sink.Add("node_scrape_collector_success", {{"collector", part.name}}, status.ok() ? 1 : 0);
        !added.ok()) {
      co_return added;
    }
  }
  if (!any) co_return IoError("cannot read the host's metrics: " + causes);
  sink.Family("node_time_seconds", MetricType::kGauge, "Time of this host, Unix time.", {});
  co_return sink.Add("node_time_seconds", {}, static_cast<double>(options_.clock->NowMs()) / kSecond);
}

}  // namespace cachescope::collect
