#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/number.h"
#include "cli/query_view.h"
#include "cli/table.h"

namespace cachescope::cli {
namespace {

using Row = TableRow;

// Labels that every series has with the same value.
std::map<std::string, std::string> Shared(const QueryAnswer& answer) {
  std::map<std::string, std::string> out;
  if (answer.series.size() < 2) return out;
  for (const LabelView& label : answer.series[0].labels) out[std::string(label.name)] = label.value;
  for (const AnswerSeries& series : answer.series) {
    for (auto it = out.begin(); it != out.end();)
      it = series.labels.Get(it->first) == it->second ? ++it : out.erase(it);
  }
  return out;
}

std::string SharedLine(const std::map<std::string, std::string>& shared) {
  if (shared.empty()) return {};
  std::vector<std::pair<std::string, std::string>> pairs(shared.begin(), shared.end());
  return "all: " + Labels::FromPairs(std::move(pairs)).ToString() + "\n";
}

// Column heads for labels, the metric name first.
Row LabelColumns(const QueryAnswer& answer, const std::map<std::string, std::string>& shared) {
  std::set<std::string> names;
  bool named = false;
  for (const AnswerSeries& series : answer.series) {
    for (const LabelView& label : series.labels) {
      if (shared.contains(std::string(label.name))) continue;
      label.name == kMetricName ? void(named = true) : void(names.insert(std::string(label.name)));
    }
  }
  Row out;
  if (named) out.emplace_back(kMetricName);
  out.insert(out.end(), names.begin(), names.end());
  return out;
}

void AddStatistics(const AnswerSeries& series, Row* row) {
  double least = NAN, greatest = NAN, sum = 0;
  for (const Sample& sample : series.samples) {
    least = std::fmin(least, sample.v);
    greatest = std::fmax(greatest, sample.v);
    sum += sample.v;
  }
  row->push_back(std::to_string(series.samples.size()));
  const bool any = !series.samples.empty();
  row->push_back(any ? FormatApiFloat(series.samples.front().v) : "");
  row->push_back(series.last_text);
  row->push_back(any ? FormatApiFloat(least) : "");
  row->push_back(any ? FormatApiFloat(greatest) : "");
  row->push_back(any ? ShortNumber(sum / static_cast<double>(series.samples.size())) : "");
}

}  // namespace

std::string TableOf(const QueryAnswer& answer) {
  if (answer.type == "scalar" || answer.type == "string") return answer.series[0].last_text + "\n";
  if (answer.series.empty()) return "no series\n";
  const auto shared = Shared(answer);
  const Row labels = LabelColumns(answer, shared);
  Row head;
  for (const std::string& name : labels) head.push_back(name == kMetricName ? "METRIC" : name);
  const bool matrix = answer.type == "matrix";
  const Row numbers = matrix ? Row{"SAMPLES", "FIRST", "LAST", "MIN", "MAX", "MEAN"} : Row{"VALUE"};
  head.insert(head.end(), numbers.begin(), numbers.end());
  std::vector<Row> rows{head};
  for (const AnswerSeries& series : answer.series) {
    Row row;
    for (const std::string& name : labels) row.emplace_back(series.labels.Get(name));
    matrix ? AddStatistics(series, &row) : row.push_back(series.last_text);
    rows.push_back(std::move(row));
  }
  return SharedLine(shared) + RenderTable(rows, numbers.size());
}

std::string LegendOf(const QueryAnswer& answer, const Labels& labels) {
  LabelsBuilder builder(labels);
  for (const auto& [name, value] : Shared(answer)) {
    if (name != kMetricName) builder.Delete(name);
  }
  return builder.Build().ToString();
}

std::string ShortNumber(double value) {
  if (!std::isfinite(value) || value == 0) return FormatApiFloat(value);
  constexpr std::pair<double, const char*> kUnits[] = {{1e12, "T"}, {1e9, "G"},  {1e6, "M"},  {1e3, "k"},
                                                       {1, ""},     {1e-3, "m"}, {1e-6, "µ"}, {1e-9, "n"}};
  const double size = std::fabs(value);
  for (const auto& [scale, unit] : kUnits) {
    if (size < scale * 0.99995) continue;
    const double scaled = value / scale;
    if (std::fabs(scaled) >= 99'995) break;
    const double step = std::fabs(scaled) >= 999.5 ? 1 : std::fabs(scaled) >= 99.95 ? 10 : 100;
    return FormatFixed(std::round(scaled * step) / step) + unit;
  }
  return FormatApiFloat(value);
}

}  // namespace cachescope::cli
