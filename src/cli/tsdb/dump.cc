// `cachescope tsdb dump`: samples as text, of blocks and log together.
#include <cstdio>
#include <iostream>
#include <map>

#include "base/number.h"
#include "base/quote.h"
#include "cli/progress.h"
#include "cli/tsdb/verbs.h"
#include "server/promql/eval_histogram.h"
#include "server/storage/tsdb/db/db.h"

namespace cachescope::cli {
namespace {

constexpr std::size_t kFlushBytes = 1 << 20;

void AppendPair(std::string* out, const LabelView& label) {
  if (IsLegacyLabelName(label.name)) {
    out->append(label.name);
  } else {
    AppendQuoted(out, label.name);
  }
  out->push_back('=');
  AppendQuoted(out, label.value);
}

// `{__name__="up", job="redis"}`.
std::string LabelText(const Labels& labels) {
  std::string out = "{";
  for (const LabelView& label : labels) {
    if (out.size() > 1) out += ", ";
    AppendPair(&out, label);
  }
  return out + "}";
}

// `up{job="redis"}`, or `{"odd name",job="redis"}`.
std::string OpenMetricsText(const Labels& labels) {
  const std::string_view name = labels.metric_name();
  const bool plain = IsLegacyMetricName(name);
  std::string inside;
  if (!plain && !name.empty()) AppendQuoted(&inside, name);
  for (const LabelView& label : labels) {
    if (label.name == kMetricName) continue;
    if (!inside.empty()) inside.push_back(',');
    AppendPair(&inside, label);
  }
  return std::string(plain ? name : std::string_view()) + (inside.empty() ? "" : "{" + inside + "}");
}

class Writer {
 public:
  virtual ~Writer() = default;
  virtual void Series(const Labels& labels, const storage::SampleColumns& columns) = 0;
  virtual void End() {}
  bool Flush() {
    std::cout.write(out_.data(), static_cast<std::streamsize>(out_.size()));
    out_.clear();
    return static_cast<bool>(std::cout);
  }
  bool full() const { return out_.size() >= kFlushBytes; }
  std::uint64_t left_out() const { return left_out_; }

 protected:
  std::string out_;
  std::uint64_t left_out_ = 0;  // samples the format has no form for
};

// As promtool tsdb dump: floats, then histograms where they stand between them in time.
class PromWriter final : public Writer {
 public:
  void Series(const Labels& labels, const storage::SampleColumns& columns) override {
    const std::string text = LabelText(labels);
    std::size_t h = 0;
    for (std::size_t i = 0; i <= columns.timestamps.size(); ++i) {
      const bool end = i == columns.timestamps.size();
      for (; h < columns.histograms.size() && (end || columns.histograms[h].t < columns.timestamps[i]); ++h) {
        Line(text, promql::HistogramToString(*columns.histograms[h].h), columns.histograms[h].t);
      }
      if (!end) Line(text, FormatGeneral(columns.values[i]), columns.timestamps[i]);
    }
  }

 private:
  void Line(const std::string& labels, const std::string& value, TimestampMs t) {
    out_.append(labels).append(" ").append(value).append(" ").append(std::to_string(t)).append("\n");
    if (full()) Flush();
  }
};

class OpenMetricsWriter final : public Writer {
 public:
  void Series(const Labels& labels, const storage::SampleColumns& columns) override {
    const std::string text = OpenMetricsText(labels);
    left_out_ += columns.histograms.size();
    for (std::size_t i = 0; i < columns.timestamps.size(); ++i) {
      // Read back it would be a value.
      if (IsStaleMarker(columns.values[i])) {
        ++left_out_;
        continue;
      }
      const TimestampMs t = columns.timestamps[i];
      char time[48];
      const auto size = static_cast<unsigned long long>(t < 0 ? -(t + 1) : t) + (t < 0 ? 1 : 0);
      std::snprintf(time, sizeof time, "%s%llu.%03llu", t < 0 ? "-" : "", size / 1000, size % 1000);
      out_.append(text).append(" ").append(FormatGeneral(columns.values[i])).append(" ").append(time).append("\n");
      if (full()) Flush();
    }
  }
  void End() override { out_ += "# EOF\n"; }
};

// One object a line: {"metric":{…},"values":[[seconds,"1"],…],"histograms":[[seconds,"{count:…}"],…]}.
class JsonWriter final : public Writer {
 public:
  void Series(const Labels& labels, const storage::SampleColumns& columns) override {
    out_ += "{\"metric\":{";
    bool first = true;
    for (const LabelView& label : labels) {
      if (!first) out_.push_back(',');
      first = false;
      AppendQuotedText(&out_, label.name, QuoteStyle::kJson);
      out_.push_back(':');
      AppendQuotedText(&out_, label.value, QuoteStyle::kJson);
    }
    out_ += "},\"values\":[";
    for (std::size_t i = 0; i < columns.timestamps.size(); ++i) {
      Pair(i == 0, columns.timestamps[i], FormatApiFloat(columns.values[i]));
    }
    out_ += "]";
    if (!columns.histograms.empty()) {
      out_ += ",\"histograms\":[";
      for (std::size_t i = 0; i < columns.histograms.size(); ++i) {
        Pair(i == 0, columns.histograms[i].t, promql::HistogramToString(*columns.histograms[i].h));
      }
      out_ += "]";
    }
    out_ += "}\n";
    if (full()) Flush();
  }

 private:
  void Pair(bool first, TimestampMs t, const std::string& value) {
    out_ += first ? "[" : ",[";
    out_ += FormatFixed(static_cast<double>(t) / 1000);
    out_.push_back(',');
    AppendQuotedText(&out_, value, QuoteStyle::kJson);
    out_.push_back(']');
  }
};

std::unique_ptr<Writer> WriterFor(const std::string& format) {
  if (format == "json") return std::make_unique<JsonWriter>();
  if (format == "openmetrics") return std::make_unique<OpenMetricsWriter>();
  return std::make_unique<PromWriter>();
}

// Series that one selector or another matches, each once, sorted.
Result<storage::SeriesSet> Select(storage::Querier& querier, const Selection& selection) {
  storage::SelectHints hints;
  hints.mint = selection.mint;
  hints.maxt = selection.maxt;
  if (selection.matchers.size() == 1) return querier.Select(true, hints, selection.matchers.front());
  std::map<Labels, std::unique_ptr<storage::Series>> series;
  storage::SeriesSet out;
  for (const std::vector<Matcher>& matchers : selection.matchers) {
    CACHESCOPE_ASSIGN_OR_RETURN(storage::SeriesSet set, querier.Select(true, hints, matchers));
    for (auto& one : set.series) {
      Labels labels = one->labels();
      series.try_emplace(std::move(labels), std::move(one));
    }
    out.warnings = std::move(set.warnings);
  }
  for (auto& [labels, one] : series) out.series.push_back(std::move(one));
  return out;
}

}  // namespace

int TsdbDump(const Arguments& arguments) {
  const auto selection = SelectionOf(arguments.tsdb);
  if (!selection.ok()) return Fail(selection.status());
  const auto metrics = MetricsOf(arguments.tsdb.directory);
  if (!metrics.ok()) return Fail(metrics.status());
  Progress progress("reading the log");
  const auto db = OpenStore(*metrics, true, &progress);
  if (!db.ok()) return Fail(db.status());
  const auto querier = (*db)->NewQuerier(selection->mint, selection->maxt);
  auto set = Select(*querier, *selection);
  if (!set.ok()) return Fail(set.status());

  bool damaged = (*db)->stats().replay.damages > 0 || !(*db)->blocks().absent().empty();
  for (const std::string& warning : set->warnings) std::cerr << "warning: " << warning << "\n";
  const auto writer = WriterFor(arguments.tsdb.format);
  storage::SampleColumns columns;
  for (auto& series : set->series) {
    columns.clear();
    if (const Status status = series->Read(selection->mint, selection->maxt, &columns); !status.ok()) {
      damaged = true;
      std::cerr << "warning: " << status.message() << "\n";
    }
    if (!columns.timestamps.empty() || !columns.histograms.empty()) writer->Series(series->labels(), columns);
    if (!std::cout) break;
    series.reset();
  }
  writer->End();
  writer->Flush();
  if (writer->left_out() > 0) {
    std::cerr << "note: " << writer->left_out()
              << " native histograms and staleness markers are left out, which this format does not have\n";
  }
  if (damaged) {
    std::cerr << "cachescope: some samples could not be read; `cachescope tsdb verify " << arguments.tsdb.directory
              << "` names the damage\n";
  }
  return damaged ? kFailed : kOk;
}

}  // namespace cachescope::cli
