// Source is anything that can be asked for its metrics now: a /metrics page, a Redis, this host.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/labels.h"
#include "model/sample.h"

namespace cachescope::collect {

// Receives what a source reads, in order. Used by one coroutine at a time.
class SampleSink {
 public:
  virtual ~SampleSink() = default;
  // Describes a family; once per scrape, before its samples. Views are copied.
  virtual void Family(std::string_view name, MetricType type, std::string_view help, std::string_view unit) = 0;
  // One sample without target labels; `name` is the full series name (with _total, _bucket …). `labels` need not be
  // sorted and hold no metric name. The time of the scrape is used unless `has_timestamp`.
  virtual Status Add(std::string_view name, const std::vector<LabelView>& labels, double value) = 0;
  virtual Status AddAt(std::string_view name, const std::vector<LabelView>& labels, double value, TimestampMs t) = 0;
  // A hot path for text pages: `series` is the text of the series as it stands in the page and is enough to find the
  // reference of the last scrape. Returns false when unknown; the caller then parses the labels and calls Add with the
  // same `series`.
  virtual bool AddCached(std::string_view series, double value, TimestampMs t, bool has_timestamp) = 0;
  virtual Status AddParsed(std::string_view series, std::string_view name, const std::vector<LabelView>& labels,
                           double value, TimestampMs t, bool has_timestamp) = 0;
  // An exemplar of the series added last. The time of the scrape is used unless `has_timestamp`. Sinks may ignore it.
  virtual void Exemplar(const std::vector<LabelView>& labels, double value, TimestampMs t, bool has_timestamp) {
    static_cast<void>(labels);
    static_cast<void>(value);
    static_cast<void>(t);
    static_cast<void>(has_timestamp);
  }
};

class Source {
 public:
  virtual ~Source() = default;
  // Reads everything once within `timeout`. A failed status means the target is down: `up` becomes 0 and the message is
  // shown on the page; samples already added are rolled back. A part that fails (one command of many) is reported
  // inside the metrics instead.
  virtual boost::asio::awaitable<Status> Collect(std::chrono::milliseconds timeout, SampleSink& sink) = 0;
  // Called after a failed Collect: adds the samples that must exist while the target is down (redis_up 0).
  virtual void OnFailure(SampleSink& sink) { static_cast<void>(sink); }
};

}  // namespace cachescope::collect
