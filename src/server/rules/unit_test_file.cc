#include "server/rules/unit_test_file.h"

#include <cmath>

#include "base/number.h"
#include "base/rfc3339.h"
#include "server/promql/parser.h"

namespace cachescope::rules {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// A text value with its place, so that what is wrong inside it can be said there.
const ConfigNode& At(const ConfigNode& node, const char* key) {
  const ConfigNode* found = node.Find(key);
  return found == nullptr ? node : *found;
}

Status ReadSeries(const ConfigNode& node, promql::SeriesLine* out) {
  std::string series;
  std::string values;
  CACHESCOPE_RETURN_IF_ERROR(
      MappingReader(node, "input series").String("series", &series).Required().String("values", &values).Finish());
  auto labels = promql::ParseMetric(series);
  if (!labels.ok()) return At(node, "series").Error(labels.status().message());
  auto points = promql::ParseSeriesValues(values);
  if (!points.ok()) return At(node, "values").Error(points.status().message());
  out->labels = std::move(*labels);
  out->points = std::move(*points);
  return {};
}

Status ReadExpectedAlert(const ConfigNode& node, const std::string& alertname, ExpectedAlert* out) {
  Pairs labels;
  Pairs annotations;
  CACHESCOPE_RETURN_IF_ERROR(MappingReader(node, "expected alert")
                                 .StringMap("exp_labels", &labels)
                                 .StringMap("exp_annotations", &annotations)
                                 .Finish());
  labels.emplace_back("alertname", alertname);
  out->labels = Labels::FromPairs(std::move(labels));
  out->annotations = Labels::FromPairs(std::move(annotations));
  return {};
}

Status ReadAlertTest(const ConfigNode& node, AlertTest* out) {
  out->where = node.Where();
  std::vector<const ConfigNode*> expected;
  CACHESCOPE_RETURN_IF_ERROR(MappingReader(node, "alert test")
                                 .Duration("eval_time", &out->eval_time)
                                 .String("alertname", &out->alertname)
                                 .Required()
                                 .Each("exp_alerts",
                                       [&](const ConfigNode& item) {
                                         expected.push_back(&item);
                                         return Status();
                                       })
                                 .Finish());
  for (const ConfigNode* item : expected) {
    CACHESCOPE_RETURN_IF_ERROR(ReadExpectedAlert(*item, out->alertname, &out->expected.emplace_back()));
  }
  return {};
}

Status ReadSample(const ConfigNode& node, ExpectedSample* out) {
  std::string labels;
  std::string histogram;
  CACHESCOPE_RETURN_IF_ERROR(MappingReader(node, "expected sample")
                                 .String("labels", &labels)
                                 .Double("value", &out->value)
                                 .String("histogram", &histogram)
                                 .Finish());
  if (!labels.empty()) {
    auto parsed = promql::ParseMetric(labels);
    if (!parsed.ok()) return At(node, "labels").Error(parsed.status().message());
    out->labels = std::move(*parsed);
  }
  if (histogram.empty()) return {};
  const auto points = promql::ParseSeriesValues(histogram);
  if (!points.ok()) return At(node, "histogram").Error(points.status().message());
  if (points->size() != 1 || (*points)[0].kind != promql::SeriesPoint::Kind::kHistogram) {
    return At(node, "histogram").Error("expected exactly one histogram");
  }
  out->is_histogram = true;
  out->histogram = (*points)[0].h;
  return {};
}

Status ReadExprTest(const ConfigNode& node, ExprTest* out) {
  out->where = node.Where();
  return MappingReader(node, "expression test")
      .String("expr", &out->expr)
      .Required()
      .Duration("eval_time", &out->eval_time)
      .Each("exp_samples", [&](const ConfigNode& item) { return ReadSample(item, &out->expected.emplace_back()); })
      .Finish();
}

// Unix seconds or RFC 3339.
Status ReadStart(const ConfigNode& node, TimestampMs* out) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, node.AsString());
  if (const auto seconds = ParseFloat(text); seconds.has_value() && std::fabs(*seconds) < 1e12) {
    *out = static_cast<TimestampMs>(std::llround(*seconds * 1000));
    return {};
  }
  const auto time = ParseRfc3339(text);
  if (!time.has_value()) return node.Error("expected Unix seconds or a time as in RFC 3339, not \"" + text + "\"");
  *out = *time;
  return {};
}

Status ReadGroup(const ConfigNode& node, DurationMs evaluation_interval, TestGroup* out) {
  out->where = node.Where();
  Pairs external_labels;
  CACHESCOPE_RETURN_IF_ERROR(
      MappingReader(node, "test group")
          .String("name", &out->name)
          .Duration("interval", &out->interval)
          .Node("start_timestamp", [&](const ConfigNode& value) { return ReadStart(value, &out->start); })
          .Each("input_series", [&](const ConfigNode& item) { return ReadSeries(item, &out->input.emplace_back()); })
          .Each("alert_rule_test",
                [&](const ConfigNode& item) { return ReadAlertTest(item, &out->alert_tests.emplace_back()); })
          .Each("promql_expr_test",
                [&](const ConfigNode& item) { return ReadExprTest(item, &out->expr_tests.emplace_back()); })
          .StringMap("external_labels", &external_labels)
          .String("external_url", &out->external_url)
          .Finish());
  if (out->interval == 0) out->interval = evaluation_interval;
  out->external_labels = Labels::FromPairs(std::move(external_labels));
  return {};
}

}  // namespace

Result<UnitTestFile> ParseUnitTestFile(const std::string& name, std::string_view text) {
  CACHESCOPE_ASSIGN_OR_RETURN(const ConfigNode root, ConfigNode::ParseYaml(text, name));
  UnitTestFile out;
  std::vector<const ConfigNode*> tests;
  CACHESCOPE_RETURN_IF_ERROR(MappingReader(root, "unit-test file")
                                 .Strings("rule_files", &out.rule_files)
                                 .Duration("evaluation_interval", &out.evaluation_interval)
                                 .Strings("group_eval_order", &out.group_eval_order)
                                 .Bool("fuzzy_compare", &out.fuzzy_compare)
                                 .Each("tests",
                                       [&](const ConfigNode& item) {
                                         tests.push_back(&item);
                                         return Status();
                                       })
                                 .Finish());
  if (out.evaluation_interval == 0) out.evaluation_interval = 60'000;
  for (std::size_t i = 0; i < out.group_eval_order.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (out.group_eval_order[i] != out.group_eval_order[j]) continue;
      return root.Find("group_eval_order")
          ->items()[i]
          .Error("group name repeated in evaluation order: " + out.group_eval_order[i]);
    }
  }
  for (const ConfigNode* node : tests) {
    CACHESCOPE_RETURN_IF_ERROR(ReadGroup(*node, out.evaluation_interval, &out.tests.emplace_back()));
  }
  return out;
}

}  // namespace cachescope::rules
