// info: adds the labels of info series (build versions, places, …) to the series they belong to.
#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "server/promql/eval_group.h"
#include "server/promql/function_call.h"

namespace cachescope::promql {
namespace {

constexpr std::string_view kDefaultInfoMetric = "target_info";
// The labels by which info series and series belong together.
const std::vector<std::string>& IdentifyingLabels() {
  static const std::vector<std::string> names = {"instance", "job"};
  return names;
}

// What the second argument asks for.
struct InfoRequest {
  std::vector<Matcher> name_matchers;  // of the info metric; never empty
  bool names_metrics = false;          // some matcher says what is wanted, not only what is not
  std::map<std::string, std::vector<Matcher>, std::less<>> label_matchers;  // data labels to copy; empty: all
};

Result<InfoRequest> ReadRequest(const CallContext& c) {
  InfoRequest request;
  if (c.args() > 1) {
    if (c.arg(1).kind != ExprKind::kVectorSelector) {
      return InvalidArgument("expected label selectors only");
    }
    for (const Matcher& matcher : static_cast<const VectorSelector&>(c.arg(1)).matchers) {
      if (matcher.name() == kMetricName) {
        request.name_matchers.push_back(matcher);
      } else {
        request.label_matchers[matcher.name()].push_back(matcher);
      }
    }
  }
  const auto positive = [](const Matcher& m) { return m.type() == MatchType::kEqual || m.type() == MatchType::kRegex; };
  request.names_metrics = std::any_of(request.name_matchers.begin(), request.name_matchers.end(), positive);
  if (!request.name_matchers.empty() &&
      !request.names_metrics) {  // exclusions alone: from what is called info by convention
    CACHESCOPE_ASSIGN_OR_RETURN(Matcher any, Matcher::New(MatchType::kRegex, std::string(kMetricName), ".+_info"));
    request.name_matchers.push_back(std::move(any));
  }
  if (request.name_matchers.empty()) {
    request.names_metrics = true;
    request.name_matchers.push_back(Matcher::Equal(std::string(kMetricName), std::string(kDefaultInfoMetric)));
  }
  return request;
}

bool MatchesAll(const std::vector<Matcher>& matchers, std::string_view value) {
  return std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& m) { return m.Matches(value); });
}

// An alternation of literals that matches any of the values.
Result<Matcher> AnyOf(const std::string& name, const std::vector<std::string>& values) {
  std::string expression;
  for (const std::string& value : values) {
    if (!expression.empty()) expression += '|';
    for (const char ch : value) {
      if (std::string_view("\\.+*?()|[]{}^$").find(ch) != std::string_view::npos) expression += '\\';
      expression += ch;
    }
  }
  return Matcher::New(MatchType::kRegex, name, expression);
}

class InfoJoin {
 public:
  InfoJoin(const CallContext& c, InfoRequest request, SeriesBlock base)
      : c_(c), request_(std::move(request)), base_(std::move(base)), out_(c.grid.steps) {}

  Result<Value> Run() {
    CACHESCOPE_RETURN_IF_ERROR(LoadInfo());
    for (std::size_t row = 0; row < base_.rows(); ++row) {
      CACHESCOPE_RETURN_IF_ERROR(c_.ev.Check());
      CACHESCOPE_RETURN_IF_ERROR(JoinRow(row));
    }
    CACHESCOPE_RETURN_IF_ERROR(c_.ev.CheckUnique(&out_));
    CACHESCOPE_RETURN_IF_ERROR(out_.Charge(&c_.ev.budget()));
    Value value;
    value.block = std::move(out_);
    return value;
  }

 private:
  // Series that are info series themselves are passed on as they are.
  bool IsInfoSeries(std::size_t row) const {
    return request_.names_metrics && MatchesAll(request_.name_matchers, base_.labels(row).metric_name());
  }

  Status LoadInfo() {
    std::vector<Matcher> matchers = request_.name_matchers;
    bool identified = false;
    for (const std::string& name : IdentifyingLabels()) {
      std::vector<std::string> values;
      for (std::size_t row = 0; row < base_.rows(); ++row) {
        if (IsInfoSeries(row)) continue;
        if (const std::string_view value = base_.labels(row).Get(name); !value.empty()) values.emplace_back(value);
      }
      std::sort(values.begin(), values.end());
      values.erase(std::unique(values.begin(), values.end()), values.end());
      if (values.empty()) continue;
      identified = true;
      CACHESCOPE_ASSIGN_OR_RETURN(Matcher any, AnyOf(name, values));
      matchers.push_back(std::move(any));
    }
    if (!identified) return {};
    for (const auto& [name, own] : request_.label_matchers) matchers.insert(matchers.end(), own.begin(), own.end());
    CACHESCOPE_ASSIGN_OR_RETURN(info_, ReadInfo(matchers));
    for (std::size_t row = 0; row < info_.rows(); ++row) {
      info_by_identity_[KeepLabels(info_.labels(row), IdentifyingLabels(), true).bytes()].push_back(row);
    }
    return {};
  }

  // The info series as of the times at which the base samples were read: `@` and offsets of the first selector hold for
  // them too.
  Result<SeriesBlock> ReadInfo(const std::vector<Matcher>& matchers) {
    const std::vector<NodeTimes> path = TimePath();
    const auto shift = [&](TimestampMs t) {
      for (const NodeTimes& times : path) t = times.Shift(t);
      return t;
    };
    const TimestampMs first = shift(c_.grid.start);
    const TimestampMs last = shift(c_.grid.last());
    const storage::SelectHints hints{SaturatingSub(first, c_.ev.options().lookback), last, 0, 0, "info", 0};
    CACHESCOPE_ASSIGN_OR_RETURN(auto list, c_.ev.Select(matchers, hints));
    NodeTimes times;
    times.offset = SaturatingSub(c_.grid.start, first);
    if (first == last && c_.grid.steps > 1) {
      times.offset = 0;
      times.at = first;
    }
    CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block,
                                c_.ev.ReadTimed(std::move(list), times, c_.grid, false, &info_times_));
    if (block.has_histograms()) {
      return InvalidArgument("this should be an info metric, with float samples: " + BracedLabels(block.labels(0)));
    }
    return block;
  }

  // The subqueries around the first selector of the first argument, outermost first, and the selector.
  std::vector<NodeTimes> TimePath() const {
    std::vector<NodeTimes> path;
    FindSelector(c_.arg(0), &path);
    return path;
  }

  bool FindSelector(const Expr& outer, std::vector<NodeTimes>* path) const {
    const Expr& expr = Unwrap(outer);
    switch (expr.kind) {
      case ExprKind::kVectorSelector:
      case ExprKind::kMatrixSelector:
        path->push_back(c_.ev.plan().times(expr));
        return true;
      case ExprKind::kSubquery:
        path->push_back(c_.ev.plan().times(expr));
        if (FindSelector(*static_cast<const Subquery&>(expr).expr, path)) return true;
        path->pop_back();
        return false;
      case ExprKind::kCall: {
        const auto& args = static_cast<const Call&>(expr).args;
        return std::any_of(args.begin(), args.end(), [&](const ExprPtr& arg) { return FindSelector(*arg, path); });
      }
      case ExprKind::kAggregate:
        return FindSelector(*static_cast<const Aggregate&>(expr).expr, path);
      case ExprKind::kBinary:
        return FindSelector(*static_cast<const Binary&>(expr).lhs, path) ||
               FindSelector(*static_cast<const Binary&>(expr).rhs, path);
      case ExprKind::kUnary:
        return FindSelector(*static_cast<const Unary&>(expr).expr, path);
      default:
        return false;
    }
  }

  // Of each info metric the series with the newest sample counts at a step.
  Status ChooseInfo(const std::vector<std::size_t>& candidates, std::size_t step,
                    std::vector<std::size_t>* chosen) const {
    chosen->clear();
    for (const std::size_t row : candidates) {
      if (info_.cells(row)[step] == Cell::kNone) continue;
      const std::string_view name = info_.labels(row).metric_name();
      const auto same = std::find_if(chosen->begin(), chosen->end(),
                                     [&](std::size_t other) { return info_.labels(other).metric_name() == name; });
      if (same == chosen->end()) {
        chosen->push_back(row);
        continue;
      }
      const TimestampMs mine = info_times_[row * c_.grid.steps + step];
      const TimestampMs theirs = info_times_[*same * c_.grid.steps + step];
      if (mine == theirs) {
        return InvalidArgument(fmt::format("found duplicate series for info metric: existing {}, new {}",
                                           BracedLabels(info_.labels(*same)), BracedLabels(info_.labels(row))));
      }
      if (mine > theirs) *same = row;
    }
    return {};
  }

  // The labels with those added; false when there is no info series although a label was asked for.
  Result<bool> Enrich(const Labels& base, const std::vector<std::size_t>& chosen, Labels* out) const {
    LabelsBuilder builder(base);
    absl::flat_hash_map<std::string, std::string> added;
    for (const std::size_t row : chosen) {
      for (const LabelView& label : info_.labels(row)) {
        if (label.name == kMetricName || base.Has(label.name)) continue;
        if (!request_.label_matchers.empty() && !request_.label_matchers.contains(label.name)) continue;
        auto [it, inserted] = added.try_emplace(std::string(label.name), label.value);
        if (!inserted && it->second != label.value) {
          return InvalidArgument(fmt::format("conflicting label: {}", label.name));
        }
        builder.Set(label.name, label.value);
      }
    }
    *out = builder.Build();
    if (!chosen.empty()) return true;
    return std::all_of(request_.label_matchers.begin(), request_.label_matchers.end(),
                       [](const auto& entry) { return MatchesAll(entry.second, ""); });
  }

  Status JoinRow(std::size_t row) {
    if (IsInfoSeries(row)) {
      out_.CopyRow(base_, row);
      return {};
    }
    static const std::vector<std::size_t> kNone;
    const auto it = info_by_identity_.find(KeepLabels(base_.labels(row), IdentifyingLabels(), true).bytes());
    const std::vector<std::size_t>& candidates = it != info_by_identity_.end() ? it->second : kNone;
    std::vector<std::size_t> chosen;
    absl::flat_hash_map<std::string, std::size_t> rows;
    for (std::size_t step = 0; step < c_.grid.steps; ++step) {
      if (base_.cells(row)[step] == Cell::kNone) continue;
      CACHESCOPE_RETURN_IF_ERROR(ChooseInfo(candidates, step, &chosen));
      Labels labels;
      CACHESCOPE_ASSIGN_OR_RETURN(const bool keep, Enrich(base_.labels(row), chosen, &labels));
      if (!keep) continue;
      auto [to, inserted] = rows.try_emplace(labels.bytes(), out_.rows());
      if (inserted) out_.AddRow(std::move(labels), base_.drop_name(row));
      out_.SetCell(to->second, step, base_, row, step);
    }
    return {};
  }

  const CallContext& c_;
  InfoRequest request_;
  SeriesBlock base_;
  SeriesBlock info_;
  std::vector<TimestampMs> info_times_;
  absl::flat_hash_map<std::string, std::vector<std::size_t>> info_by_identity_;
  SeriesBlock out_;
};

}  // namespace

Result<Value> CallInfo(const CallContext& c) {
  CACHESCOPE_ASSIGN_OR_RETURN(InfoRequest request, ReadRequest(c));
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock base, c.Vector(0));
  return InfoJoin(c, std::move(request), std::move(base)).Run();
}

}  // namespace cachescope::promql
