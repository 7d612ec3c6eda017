// Rounds of an OTLP exporter through a transport that keeps the requests; for tests.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "cachescope/export/otlp.h"
#include "client/export/otlp_message_test.h"

namespace cachescope {

// Collects the bodies of an exporter's requests through a transport.
struct OtlpCollector {
  std::vector<OtlpRequest> requests = {};
  std::vector<OtlpResponse> answers = {};  // 200 when used up

  OtlpTransport Transport() {
    return [this](const OtlpRequest& request) {
      requests.push_back(request);
      return requests.size() <= answers.size() ? answers[requests.size() - 1] : OtlpResponse{200, "", "", ""};
    };
  }
  OtlpOptions Options() {
    OtlpOptions options;
    options.transport = Transport();
    return options;
  }
  // The metrics of request `i`, or of the last one. The bytes stay in `requests`.
  client::Message Scope(std::optional<std::size_t> i = {}) const {
    return client::Message(i ? requests[*i].body : requests.back().body).Sub(1).Sub(2);
  }
  client::Message Metric(std::size_t metric = 0) const { return Scope().Sub(2, metric); }
};

inline ExportTally ExportOnce(Exporter* exporter, const std::vector<FamilySnapshot>& families, double time,
                              std::chrono::milliseconds limit = std::chrono::hours(1)) {
  ExportTally tally;
  const ExportDeadline deadline(std::chrono::steady_clock::now() + limit);
  exporter->Export({families, time, &deadline}, &tally);
  return tally;
}

inline FamilySnapshot CounterOf(double value, double created = 0) {
  FamilySnapshot family{"hits_total", "Hits.", "", InstrumentType::kCounter, {{}}};
  family.series[0].labels = {{"tier", "l1"}};
  family.series[0].value = value;
  family.series[0].created = created;
  return family;
}

}  // namespace cachescope
