// /federate: the newest sample of every selected series, in the text format, for another server to scrape.
#include <algorithm>
#include <map>

#include "base/number.h"
#include "server/api/answer.h"
#include "server/api/api.h"

namespace cachescope::api {
namespace {

// Text goes to the client in pieces of this size.
constexpr std::size_t kFlushBytes = 32 << 10;

struct FederatedSample {
  Labels labels;
  TimestampMs t = 0;
  double value = 0;
  std::shared_ptr<const FloatHistogram> histogram;  // instead of `value`
};

void AppendEscaped(std::string* out, std::string_view text) {
  for (const char c : text) {
    if (c == '\\' || c == '"') {
      out->push_back('\\');
      out->push_back(c);
    } else if (c == '\n') {
      *out += "\\n";
    } else {
      out->push_back(c);
    }
  }
}

void AppendQuotedValue(std::string* out, std::string_view text) {
  out->push_back('"');
  AppendEscaped(out, text);
  out->push_back('"');
}

class FederationWriter {
 public:
  FederationWriter(http::ResponseWriter* response, const Labels& external_labels) : response_(*response) {
    for (const LabelView& label : external_labels) added_[std::string(label.name)] = label.value;
    // Without a label of its own a scraped series would get the instance of this server.
    added_.try_emplace("instance", "");
  }

  // Samples of a metric must come one after the other. False when the client has gone.
  bool Write(const FederatedSample& sample) {
    const std::string_view name = sample.labels.metric_name();
    const bool histogram = sample.histogram != nullptr;
    if (name != family_ || histogram != family_is_histogram_) {
      family_ = name;
      family_is_histogram_ = histogram;
      text_ += "# TYPE ";
      IsLegacyMetricName(name) ? void(text_ += name) : AppendQuotedValue(&text_, name);
      const bool gauge = histogram && sample.histogram->reset_hint == CounterResetHint::kGauge;
      text_ += histogram ? (gauge ? " gaugehistogram\n" : " histogram\n") : " untyped\n";
    }
    if (histogram) {
      AppendLine(sample, "_bucket", "+Inf", sample.histogram->count);
      AppendLine(sample, "_sum", {}, sample.histogram->sum);
      AppendLine(sample, "_count", {}, sample.histogram->count);
    } else {
      AppendLine(sample, "", {}, sample.value);
    }
    return text_.size() < kFlushBytes || Flush();
  }
  bool Flush() {
    const bool there = response_.Write(text_).ok();
    text_.clear();
    return there;
  }

 private:
  void AppendLabel(char* separator, std::string_view name, std::string_view value) {
    text_.push_back(*separator);
    *separator = ',';
    IsLegacyLabelName(name) ? void(text_ += name) : AppendQuotedValue(&text_, name);
    text_.push_back('=');
    AppendQuotedValue(&text_, value);
  }
  void AppendLine(const FederatedSample& sample, const char* suffix, std::string_view bound, double value) {
    const std::string name = std::string(sample.labels.metric_name()) + suffix;
    char separator = '{';
    if (IsLegacyMetricName(name)) {
      text_ += name;
    } else {
      text_ += '{';
      AppendQuotedValue(&text_, name);
      separator = ',';
    }
    for (const LabelView& label : sample.labels) {
      if (label.name != kMetricName) AppendLabel(&separator, label.name, label.value);
    }
    for (const auto& [label, text] : added_) {
      if (!sample.labels.Has(label)) AppendLabel(&separator, label, text);
    }
    if (!bound.empty()) AppendLabel(&separator, kBucketLabel, bound);
    text_ += "} ";
    text_ += FormatGeneral(value);
    text_ += ' ';
    text_ += std::to_string(sample.t);
    text_ += '\n';
  }

  http::ResponseWriter& response_;
  std::map<std::string, std::string> added_;
  std::string family_;
  bool family_is_histogram_ = false;
  std::string text_;
};

// The newest sample in the window; nothing when that is a staleness marker.
Status Newest(const storage::Series& series, TimestampMs mint, TimestampMs maxt, storage::SampleColumns* columns,
              std::vector<FederatedSample>* out) {
  columns->clear();
  CACHESCOPE_RETURN_IF_ERROR(series.ReadNewest(mint, maxt, columns));
  const bool has_float = !columns->timestamps.empty();
  const bool has_histogram = !columns->histograms.empty();
  if (has_histogram && (!has_float || columns->histograms.back().t > columns->timestamps.back())) {
    const storage::HistogramSample& newest = columns->histograms.back();
    if (!IsStaleMarker(newest.h->sum)) out->push_back({series.labels(), newest.t, 0, newest.h});
  } else if (has_float && !IsStaleMarker(columns->values.back())) {
    out->push_back({series.labels(), columns->timestamps.back(), columns->values.back(), nullptr});
  }
  return {};
}

Status Select(const ApiContext& api, const std::vector<std::vector<Matcher>>& matcher_sets,
              std::vector<FederatedSample>* out) {
  const TimestampMs maxt = api.clock->NowMs();
  const TimestampMs mint = maxt - api.engine->options().lookback_delta;
  const auto querier = api.storage->NewQuerier(mint, maxt);
  storage::SelectHints hints;
  hints.mint = mint;
  hints.maxt = maxt;
  storage::SampleColumns columns;
  for (const auto& matchers : matcher_sets) {
    CACHESCOPE_ASSIGN_OR_RETURN(const storage::SeriesSet set, querier->Select(false, hints, matchers));
    for (const auto& series : set.series) CACHESCOPE_RETURN_IF_ERROR(Newest(*series, mint, maxt, &columns, out));
  }
  const auto order = [](const FederatedSample& a, const FederatedSample& b) {
    const int names = a.labels.metric_name().compare(b.labels.metric_name());
    return names != 0 ? names < 0 : a.labels < b.labels;
  };
  std::sort(out->begin(), out->end(), order);
  // Two selectors may select the same series.
  out->erase(std::unique(out->begin(), out->end(),
                         [](const FederatedSample& a, const FederatedSample& b) { return a.labels == b.labels; }),
             out->end());
  return {};
}

void Fail(http::ResponseWriter& response, int status, std::string_view text) {
  response.SetStatus(status);
  response.SetHeader("Content-Type", "text/plain; charset=utf-8");
  static_cast<void>(response.Write(std::string(text) + "\n"));
}

void Federate(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  std::vector<std::vector<Matcher>> matcher_sets;
  const http::Params params = request.AllParams();
  for (const std::string& text : params.All("match[]")) {
    auto matchers = promql::ParseSelector(text);
    if (!matchers.ok()) return Fail(response, 400, matchers.status().message());
    matcher_sets.push_back(std::move(*matchers));
  }
  std::vector<FederatedSample> samples;
  if (const Status status = Select(api, matcher_sets, &samples); !status.ok())
    return Fail(response, 500, status.message());
  response.SetHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  FederationWriter writer(&response, api.external_labels ? api.external_labels() : Labels());
  for (const FederatedSample& sample : samples) {
    if (!sample.labels.metric_name().empty() && !writer.Write(sample)) return;
  }
  writer.Flush();
}

}  // namespace

void RegisterFederate(http::Server& server, std::shared_ptr<const ApiContext> api) {
  server.Handle("GET", "/federate", [api](const auto& q, auto& r) { Federate(*api, q, r); });
}

}  // namespace cachescope::api
