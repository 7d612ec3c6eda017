#include "server/doctor/series_history.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace cachescope::doctor {
namespace {

// Labels that say which thing is meant, the most telling first.
constexpr std::array kIdentifying = {"instance",  "cache_name", "cache", "cache_layer", "service",
                                     "tenant_id", "shard",      "node",  "host",        "job"};
constexpr double kMaxScore = 1000;
constexpr double kMinScore = 4;  // deviations; below it a move is not told from noise
constexpr std::size_t kMinBefore = 8;
constexpr std::size_t kMinAfter = 2;

bool IsCounter(std::string_view name) {
  return name.ends_with("_total") || name.ends_with("_count") || name.ends_with("_sum");
}

bool IsInfo(std::string_view name) { return name.ends_with("_info"); }

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Values over time: of a counter its rate between neighbouring samples.
std::vector<Sample> Track(const SeriesHistory& history, bool rate) {
  const auto& [timestamps, values, histograms, starts] = history.columns;
  std::vector<Sample> out;
  for (std::size_t i = rate ? 1 : 0; i < values.size(); ++i) {
    double value = values[i];
    if (rate) {
      const double seconds = static_cast<double>(timestamps[i] - timestamps[i - 1]) / 1000;
      // After a reset the counter began at zero.
      value = (values[i] >= values[i - 1] ? values[i] - values[i - 1] : values[i]) / seconds;
    }
    if (std::isfinite(value)) out.push_back({timestamps[i], value});
  }
  return out;
}

Result<storage::SeriesSet> SelectNeighbours(storage::Querier& querier, const Labels& alert, TimestampMs mint,
                                            TimestampMs maxt) {
  storage::SelectHints hints;
  hints.mint = mint;
  hints.maxt = maxt;
  hints.limit = kSeries + 1;
  for (const char* name : kIdentifying) {
    const std::string_view value = alert.Get(name);
    if (value.empty()) continue;
    CACHESCOPE_ASSIGN_OR_RETURN(const Matcher matcher, Matcher::New(MatchType::kEqual, name, std::string(value)));
    CACHESCOPE_ASSIGN_OR_RETURN(storage::SeriesSet set, querier.Select(false, hints, {matcher}));
    if (!set.series.empty()) return set;
  }
  CACHESCOPE_ASSIGN_OR_RETURN(const Matcher any, Matcher::New(MatchType::kNotEqual, std::string(kMetricName), ""));
  return querier.Select(false, hints, {any});
}

// Markers out, so that what is left is values.
void DropStale(storage::SampleColumns* columns) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < columns->values.size(); ++i) {
    if (IsStaleMarker(columns->values[i])) continue;
    columns->values[kept] = columns->values[i];
    columns->timestamps[kept++] = columns->timestamps[i];
  }
  columns->values.resize(kept);
  columns->timestamps.resize(kept);
}

std::string LabelList(const Labels& labels) {
  std::string out;
  for (const LabelView& label : labels) {
    if (label.name == kMetricName || label.name == "instance" || label.name == "job") continue;
    if (out.size() > 200) return out + " …";
    out += (out.empty() ? "" : " ") + std::string(label.name) + "=" + std::string(label.value);
  }
  return out;
}

}  // namespace

Result<Neighbours> ReadNeighbours(storage::Queryable& storage, const Labels& alert, TimestampMs mint,
                                  TimestampMs maxt) {
  const auto querier = storage.NewQuerier(mint, maxt);
  CACHESCOPE_ASSIGN_OR_RETURN(storage::SeriesSet set, SelectNeighbours(*querier, alert, mint, maxt));
  Neighbours out;
  out.cut = set.series.size() > kSeries;
  for (const auto& series : set.series) {
    if (out.series.size() == kSeries) break;
    const std::string_view name = series->labels().metric_name();
    // Buckets say again what their count and sum say; ALERTS is the alert itself.
    if (name.ends_with("_bucket") || name.starts_with("ALERTS")) continue;
    SeriesHistory history;
    history.labels = series->labels();
    // A damaged chunk leaves out what it held, no more.
    static_cast<void>(series->Read(mint, maxt, &history.columns));
    DropStale(&history.columns);
    if (!history.columns.values.empty()) out.series.push_back(std::move(history));
  }
  return out;
}

std::optional<Change> ChangeOf(const SeriesHistory& history, TimestampMs mint, TimestampMs maxt) {
  const std::string name(history.labels.metric_name());
  const auto& times = history.columns.timestamps;
  const auto& values = history.columns.values;
  Change out;
  out.series = history.labels;
  const bool start = name.ends_with("start_time_seconds");
  const bool uptime = name.ends_with("uptime_in_seconds") || name.ends_with("uptime_seconds");
  const bool reload = name.ends_with("config_last_reload_success_timestamp_seconds");
  if (start || uptime || reload) {
    for (std::size_t i = 1; i < values.size(); ++i) {
      // A start time is rounded by some; uptimes only fall at a restart.
      const bool changed = uptime ? values[i] < values[i - 1] : std::abs(values[i] - values[i - 1]) > 2;
      if (!changed || times[i] < mint || times[i] > maxt) continue;
      out.at = times[i];
      out.kind = reload ? "reload" : "restart";
      out.text = reload ? "configuration read again" : "restarted";
      return out;
    }
    return std::nullopt;
  }
  if (!IsInfo(name) || times.size() < 2) return std::nullopt;
  // Usual distance between samples: what begins or ends within it of the window's edge is not known to.
  const DurationMs beat = times[1] - times[0];
  const bool began = times.front() >= mint + 2 * beat && times.front() <= maxt;
  const bool ended = times.back() >= mint && times.back() <= maxt - 3 * beat;
  if (!began && !ended) return std::nullopt;
  out.at = began ? times.front() : times.back();
  out.kind = "info";
  out.text = name + (began ? " is now: " : " is no more: ") + LabelList(history.labels);
  return out;
}

std::optional<MovedSeries> MoveOf(const SeriesHistory& history, TimestampMs began) {
  MovedSeries out;
  out.rate = IsCounter(history.labels.metric_name());
  const std::vector<Sample> track = Track(history, out.rate);
  std::vector<double> before;
  std::vector<double> after;
  // The minute before the alert belongs to neither: what causes it comes first.
  constexpr DurationMs kMinute = 60'000;
  for (const Sample& sample : track) {
    if (sample.t < began - 5 * kMinute) before.push_back(sample.v);
    if (sample.t >= began - kMinute && sample.t <= began + 15 * kMinute) after.push_back(sample.v);
  }
  if (before.size() < kMinBefore || after.size() < kMinAfter) return std::nullopt;
  out.before = Median(before);
  out.after = Median(after);
  std::vector<double> deviations;
  for (const double value : before) deviations.push_back(std::abs(value - out.before));
  // 1.4826 makes the median deviation of a normal distribution its standard deviation (Hampel 1974). The second term
  // is for series that hardly ever move: a hundredth of their size counts as usual.
  const double usual = 1.4826 * Median(deviations) + 0.01 * std::abs(out.before) + 1e-9;
  out.score = std::min(kMaxScore, std::abs(out.after - out.before) / usual);
  if (out.score < kMinScore) return std::nullopt;
  out.series = history.labels;
  for (const Sample& sample : track) {
    const bool outside =
        std::abs(sample.v - out.before) > kMinScore * usual && (sample.v > out.before) == (out.after > out.before);
    if (!outside) {
      out.onset = 0;
    } else if (out.onset == 0 && sample.t <= began + 15 * kMinute) {
      out.onset = sample.t;
    }
    if (sample.t > began && out.onset != 0) break;
  }
  if (out.onset == 0) out.onset = began;
  return out;
}

}  // namespace cachescope::doctor
