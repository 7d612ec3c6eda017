#include "server/rules/unit_tests.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

#include "base/duration.h"
#include "base/number.h"
#include "base/quote.h"
#include "server/promql/eval_histogram.h"
#include "server/promql/memory_store.h"
#include "server/rules/group.h"

namespace cachescope::rules {
namespace {

const char* HintText(CounterResetHint hint) {
  constexpr const char* kTexts[] = {"", " counter_reset_hint:reset", " counter_reset_hint:not_reset",
                                    " counter_reset_hint:gauge"};
  return kTexts[static_cast<unsigned char>(hint)];
}

std::string TextOf(const ExpectedSample& sample) {
  const std::string labels = sample.labels.ToString();
  if (!sample.is_histogram) return labels + " " + FormatGeneral(sample.value);
  return labels + " " + promql::HistogramToString(sample.histogram) + HintText(sample.histogram.reset_hint);
}

std::string TextOf(const ExpectedAlert& alert) {
  return "labels " + alert.labels.ToString() + " annotations " + alert.annotations.ToString();
}

template <typename T>
std::vector<std::string> TextsOf(const std::vector<T>& list) {
  std::vector<std::string> out;
  out.reserve(list.size());
  for (const T& one : list) out.push_back(TextOf(one));
  std::sort(out.begin(), out.end());
  return out;
}

bool SameValue(double a, double b, bool fuzzy) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return true;
  return fuzzy && (std::nextafter(a, INFINITY) == b || std::nextafter(a, -INFINITY) == b);
}

bool SameSample(const ExpectedSample& a, const ExpectedSample& b, bool fuzzy) {
  if (!(a.labels == b.labels) || a.is_histogram != b.is_histogram) return false;
  if (!a.is_histogram) return SameValue(a.value, b.value, fuzzy);
  FloatHistogram x = a.histogram;
  FloatHistogram y = b.histogram;
  promql::CompactHistogram(&x);
  promql::CompactHistogram(&y);
  return x.reset_hint == y.reset_hint && promql::SameHistogram(x, y);
}

bool Before(const ExpectedSample& a, const ExpectedSample& b) {
  const int order = Labels::Compare(a.labels, b.labels);
  return order != 0 ? order < 0 : a.value < b.value;
}

// One test group at work.
class Runner {
 public:
  Runner(const UnitTestFile& file, const TestGroup& test, const std::vector<GroupDefinition>& definitions,
         const promql::ParserOptions& parser, UnitTestResult* out)
      : file_(file), test_(test), engine_(EngineOptionsOf(parser)), out_(*out) {
    RuleManagerOptions options;
    options.evaluation_interval = file.evaluation_interval;
    options.external_labels = test.external_labels;
    options.external_url = test.external_url;
    options.parser = parser;
    for (const GroupDefinition& definition : definitions) {
      groups_.push_back(std::make_unique<Group>(definition, options));
    }
    SortGroups();
    context_.engine = &engine_;
    context_.storage = &store_;
    refs_.resize(test.input.size(), 0);
    loaded_.resize(test.input.size(), 0);
  }

  void Run() {
    DurationMs last = 0;
    for (const AlertTest& test : test_.alert_tests) last = std::max(last, test.eval_time);
    for (const ExprTest& test : test_.expr_tests) last = std::max(last, test.eval_time);
    std::vector<const AlertTest*> alerts;
    for (const AlertTest& test : test_.alert_tests) alerts.push_back(&test);
    std::stable_sort(alerts.begin(), alerts.end(),
                     [](const AlertTest* a, const AlertTest* b) { return a->eval_time < b->eval_time; });
    auto next = alerts.begin();
    for (DurationMs at = 0; at <= last; at += file_.evaluation_interval) {
      if (!Load(test_.start + at) || !Evaluate(at)) return;
      // A test looks at the state that holds at its time: that of the last evaluation up to it.
      for (; next != alerts.end() && (*next)->eval_time < at + file_.evaluation_interval; ++next) Check(**next);
    }
    if (!Load(test_.start + last)) return;
    for (const ExprTest& test : test_.expr_tests) Check(test);
  }

 private:
  static promql::EngineOptions EngineOptionsOf(const promql::ParserOptions& parser) {
    promql::EngineOptions out;
    out.parser = parser;
    return out;
  }

  void SortGroups() {
    std::map<std::string, std::size_t> order;
    for (std::size_t i = 0; i < file_.group_eval_order.size(); ++i) order[file_.group_eval_order[i]] = i;
    std::stable_sort(groups_.begin(), groups_.end(), [&](const auto& a, const auto& b) {
      const auto place = [&](const Group& group) {
        const auto it = order.find(group.definition().name);
        return it == order.end() ? 0 : it->second;
      };
      return place(*a) < place(*b);
    });
  }

  void Fail(const std::string& where, const std::string& what, const Status& status) {
    out_.failures.push_back({where, what, std::string(status.message()), {}, {}});
  }

  // Puts in what the series have up to `until`: a rule must not see the future, and a backward look not either.
  bool Load(TimestampMs until) {
    const auto appender = store_.NewAppender();
    for (std::size_t i = 0; i < test_.input.size(); ++i) {
      const promql::SeriesLine& line = test_.input[i];
      for (std::size_t& n = loaded_[i]; n < line.points.size(); ++n) {
        const TimestampMs t = test_.start + static_cast<TimestampMs>(n) * test_.interval;
        if (t > until) break;
        const promql::SeriesPoint& point = line.points[n];
        if (point.kind == promql::SeriesPoint::Kind::kMissing) continue;
        const auto ref =
            point.kind == promql::SeriesPoint::Kind::kFloat
                ? appender->Append(refs_[i], line.labels, t, point.f)
                : appender->AppendHistogram(refs_[i], line.labels, t, std::make_shared<FloatHistogram>(point.h));
        if (!ref.ok()) {
          Fail(test_.where, "input series " + line.labels.ToString(), ref.status());
          return false;
        }
        refs_[i] = *ref;
      }
    }
    return appender->Commit().ok();
  }

  bool Evaluate(DurationMs at) {
    bool ok = true;
    const TimestampMs t = test_.start + at;
    for (const auto& group : groups_) {
      group->Evaluate(context_, {t, t});
      for (const RunningRule& rule : group->rules()) {
        if (rule.last_error.empty()) continue;
        Fail(test_.where, "rule: " + rule.definition.name + ", time: " + FormatDuration(at),
             InvalidArgument(rule.last_error));
        ok = false;
      }
    }
    return ok;
  }

  void Check(const AlertTest& test) {
    std::vector<ExpectedAlert> got;
    for (const auto& group : groups_) {
      for (const RunningRule& rule : group->rules()) {
        if (!rule.definition.alerting || rule.definition.name != test.alertname) continue;
        for (const Alert& alert : rule.alerts.Active()) {
          if (alert.state == AlertState::kFiring) got.push_back({alert.labels, alert.annotations});
        }
      }
    }
    ++out_.checks;
    std::vector<std::string> expected_texts = TextsOf(test.expected);
    std::vector<std::string> got_texts = TextsOf(got);
    if (expected_texts == got_texts) return;
    out_.failures.push_back({test.where, "alertname: " + test.alertname + ", time: " + FormatDuration(test.eval_time),
                             "", std::move(expected_texts), std::move(got_texts)});
  }

  void Check(const ExprTest& test) {
    ++out_.checks;
    const std::string what = "expr: " + Quoted(test.expr) + ", time: " + FormatDuration(test.eval_time);
    const TimestampMs t = test_.start + test.eval_time;
    const auto result = engine_.Instant(store_, test.expr, t);
    if (!result.ok()) return Fail(test.where, what, result.status());
    std::vector<ExpectedSample> got;
    if (result->type == promql::ValueType::kScalar) got.push_back({{}, false, result->scalar.v, {}});
    if (result->type == promql::ValueType::kString || result->type == promql::ValueType::kMatrix) {
      return Fail(test.where, what, InvalidArgument("the result is neither an instant vector nor a scalar"));
    }
    for (const promql::ResultSeries& series : result->series) {
      ExpectedSample& sample = got.emplace_back();
      sample.labels = series.labels;
      sample.is_histogram = !series.histograms.empty();
      if (sample.is_histogram) sample.histogram = *series.histograms.front().h;
      if (!series.floats.empty()) sample.value = series.floats.front().v;
    }
    std::vector<ExpectedSample> expected = test.expected;
    std::stable_sort(expected.begin(), expected.end(), Before);
    std::stable_sort(got.begin(), got.end(), Before);
    const bool same = expected.size() == got.size() &&
                      std::equal(expected.begin(), expected.end(), got.begin(),
                                 [&](const auto& a, const auto& b) { return SameSample(a, b, file_.fuzzy_compare); });
    if (!same) out_.failures.push_back({test.where, what, "", TextsOf(expected), TextsOf(got)});
  }

  static std::string Quoted(const std::string& text) {
    std::string out;
    AppendQuoted(&out, text);
    return out;
  }

  const UnitTestFile& file_;
  const TestGroup& test_;
  const promql::Engine engine_;
  promql::MemoryStore store_;
  EvaluationContext context_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::vector<storage::SeriesRef> refs_;
  std::vector<std::size_t> loaded_;  // values per input series
  UnitTestResult& out_;
};

Status FindRules(const UnitTestFile& file, const UnitTestOptions& options, std::vector<GroupDefinition>* out,
                 std::vector<Status>* errors) {
  for (const std::string& pattern : file.rule_files) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<RuleFile> found, options.find_rules(pattern));
    for (const RuleFile& rules : found) {
      for (Status& status : ParseRuleFile(rules, options.parser, out, options.ignore_unknown_fields))
        errors->push_back(std::move(status));
    }
  }
  return {};
}

}  // namespace

bool UnitTestReport::ok() const {
  return errors.empty() &&
         std::all_of(results.begin(), results.end(), [](const UnitTestResult& r) { return r.failures.empty(); });
}

UnitTestReport RunUnitTests(const std::string& name, std::string_view text, const UnitTestOptions& options) {
  UnitTestReport out;
  const auto file = ParseUnitTestFile(name, text);
  if (!file.ok()) {
    out.errors.push_back(file.status());
    return out;
  }
  std::vector<GroupDefinition> definitions;
  if (Status status = FindRules(*file, options, &definitions, &out.errors); !status.ok()) {
    out.errors.push_back(std::move(status));
  }
  if (!out.errors.empty()) return out;
  std::size_t number = 0;
  for (const TestGroup& test : file->tests) {
    ++number;
    if (options.wanted && !options.wanted(test.name)) continue;
    UnitTestResult& result = out.results.emplace_back();
    result.name = test.name.empty() ? "test " + std::to_string(number) : test.name;
    result.where = test.where;
    const auto start = std::chrono::steady_clock::now();
    Runner(*file, test, definitions, options.parser, &result).Run();
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return out;
}

}  // namespace cachescope::rules
