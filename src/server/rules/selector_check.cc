#include "server/rules/selector_check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>

#include "server/promql/parser.h"
#include "server/rules/nearest.h"

namespace cachescope::rules {
namespace {

// Reads of newest samples per selector: the first usually has one.
constexpr std::size_t kMostReads = 100;
// Values of a label that are named, and that are compared with.
constexpr std::size_t kMostNamed = 5;
constexpr std::size_t kMostValues = 20'000;

std::string TextOf(const std::string& name, const std::vector<Matcher>& matchers) {
  std::string inside;
  for (const Matcher& matcher : matchers) {
    if (matcher.name() == kMetricName && matcher.type() == MatchType::kEqual && matcher.value() == name) continue;
    inside += (inside.empty() ? "" : ", ") + matcher.ToString();
  }
  return inside.empty() && !name.empty() ? name : name + "{" + inside + "}";
}

// The metric's name when the selector fixes it.
const Matcher* NameOf(const std::vector<Matcher>& matchers) {
  for (const Matcher& matcher : matchers) {
    if (matcher.name() == kMetricName && matcher.type() == MatchType::kEqual) return &matcher;
  }
  return nullptr;
}

class Checker {
 public:
  Checker(const std::vector<std::string>& written, storage::Queryable& storage, TimestampMs now, DurationMs window)
      : written_(written.begin(), written.end()), storage_(storage), now_(now), window_(window) {}

  SelectorFinding Check(const SelectorUse& use) {
    SelectorFinding out;
    const Matcher* name = NameOf(use.selector->matchers);
    const std::string metric = name == nullptr ? "" : name->value();
    out.selector = TextOf(metric, use.selector->matchers);
    out.role = use.role;
    const Found& found = Look(use, out.selector);
    out.matched = found.series;
    if (found.unknown) return out;
    if (found.live) {
      out.verdict = SelectorVerdict::kMatched;
      out.last_matched_at = now_;
      return out;
    }
    const bool own = written_.count(metric) != 0 || metric == "ALERTS" || metric == "ALERTS_FOR_STATE";
    if (own) {
      out.why = "a rule writes it and has nothing to write now";
      out.verdict = SelectorVerdict::kExpectedEmpty;
      return out;
    }
    out.verdict = use.role == SelectorRole::kRequired ? SelectorVerdict::kNothing : SelectorVerdict::kExpectedEmpty;
    out.why = found.why;
    out.repair = found.repair;
    return out;
  }

 private:
  struct Found {
    std::size_t series = 0;
    bool live = false;
    bool unknown = false;
    std::string why;
    std::string repair;
  };

  const Found& Look(const SelectorUse& use, const std::string& text) {
    const DurationMs window = std::max(window_, use.range);
    const std::string key = text + "\n" + std::to_string(window) + "\n" + std::to_string(use.pinned ? -1 : use.offset);
    const auto known = found_.find(key);
    if (known != found_.end()) return known->second;
    Found& out = found_[key];
    const TimestampMs maxt = use.pinned ? now_ : now_ - use.offset;
    mint_ = use.pinned ? 0 : maxt - window;
    maxt_ = maxt;
    querier_ = storage_.NewQuerier(mint_, maxt_);
    const auto list = Select(use.selector->matchers, kMostCounted);
    if (list == nullptr) {
      out.unknown = true;
      return out;
    }
    out.series = list->size();
    out.live = HasSample(*list);
    if (out.live) return out;
    if (Empty()) {
      out.unknown = true;
    } else {
      out.series = 0;
      Explain(use.selector->matchers, list->size(), &out);
    }
    return out;
  }

  std::shared_ptr<const storage::SeriesList> Select(const std::vector<Matcher>& matchers, std::size_t limit) {
    storage::SelectHints hints;
    hints.mint = mint_;
    hints.maxt = maxt_;
    hints.limit = limit;
    auto list = querier_->SelectList(hints, matchers);
    return list.ok() ? std::move(*list) : nullptr;
  }

  bool HasSample(const storage::SeriesList& list) const {
    for (std::size_t i = 0; i < list.size() && i < kMostReads; ++i) {
      storage::SampleColumns columns;
      if (!list.ReadNewest(i, mint_, maxt_, &columns).ok()) continue;
      const auto inside = [&](TimestampMs t) { return t >= mint_ && t <= maxt_; };
      if (!columns.timestamps.empty() && inside(columns.timestamps.back())) return true;
      if (!columns.histograms.empty() && inside(columns.histograms.back().t)) return true;
    }
    // Too many to look at each: the index says that they are there.
    return list.size() > kMostReads;
  }

  bool Exists(const std::vector<Matcher>& matchers) {
    const auto list = Select(matchers, kMostReads + 1);
    return list != nullptr && HasSample(*list);
  }

  bool Empty() {
    if (!empty_.has_value()) {
      empty_ = true;
      static_cast<void>(querier_->VisitLabelValues(std::string(kMetricName), {}, [this](std::string_view) {
        empty_ = false;
        return false;
      }));
    }
    return *empty_;
  }

  void Explain(const std::vector<Matcher>& matchers, std::size_t listed, Found* out) {
    const Matcher* name = NameOf(matchers);
    if (name == nullptr) {
      out->why = "no series matches";
      return;
    }
    if (matchers.size() == 1 && listed > 0) {
      out->why = name->value() + " has no sample in the last " + Minutes(maxt_ - mint_);
      return;
    }
    if (!Exists({*name})) return ExplainName(*name, matchers, out);
    std::vector<const Matcher*> killers;
    for (const Matcher& matcher : matchers) {
      if (&matcher != name && !Exists({*name, matcher})) killers.push_back(&matcher);
    }
    if (killers.empty()) return ExplainTogether(*name, matchers, out);
    for (const Matcher* killer : killers) ExplainLabel(*name, *killer, out);
    Repair(*name, matchers, killers, out);
  }

  static std::string Minutes(DurationMs window) { return std::to_string((window + 59'999) / 60'000) + "m"; }

  void ExplainName(const Matcher& name, const std::vector<Matcher>& matchers, Found* out) {
    out->why = "there is no metric " + name.value();
    if (const std::string_view hint = ExportHint(name.value()); !hint.empty()) {
      out->why += "; " + std::string(hint);
      out->repair = hint;
      return;
    }
    const std::string nearest = NearestOf(name.value(), MetricNames());
    if (nearest.empty()) return;
    out->why += "; the nearest is " + nearest;
    out->repair = TextOf(nearest, Replaced(matchers, name, nearest));
  }

  void ExplainLabel(const Matcher& name, const Matcher& killer, Found* out) {
    const std::vector<std::string> values = Values(name, killer.name());
    if (!out->why.empty()) out->why += "; ";
    out->why += killer.ToString() + " matches nothing; ";
    if (values.empty()) {
      out->why += "this metric has no label " + killer.name();
      return;
    }
    out->why += "this metric has ";
    const std::string nearest = NearestOf(killer.value(), values);
    if (!nearest.empty() && values.size() > 1) {
      out->why += killer.name() + "=\"" + nearest + "\" among " + std::to_string(values.size()) + " values";
      return;
    }
    for (std::size_t i = 0; i < values.size() && i < kMostNamed; ++i) {
      out->why += (i == 0 ? "" : ", ") + killer.name() + "=\"" + values[i] + "\"";
    }
    if (values.size() > kMostNamed) out->why += " and " + std::to_string(values.size() - kMostNamed) + " more";
  }

  // Each matcher alone finds series, all together none.
  void ExplainTogether(const Matcher& name, const std::vector<Matcher>& matchers, Found* out) {
    for (const Matcher& matcher : matchers) {
      if (&matcher == &name) continue;
      std::vector<Matcher> others;
      for (const Matcher& other : matchers) {
        if (&other != &matcher) others.push_back(other);
      }
      if (!Exists(others)) continue;
      out->why = "no series has all of them at once; without " + matcher.ToString() + " there are some";
      out->repair = TextOf(name.value(), others);
      return;
    }
    out->why = "no series has all of these labels at once";
  }

  void Repair(const Matcher& name, const std::vector<Matcher>& matchers, const std::vector<const Matcher*>& killers,
              Found* out) {
    std::vector<Matcher> repaired;
    for (const Matcher& matcher : matchers) {
      if (std::find(killers.begin(), killers.end(), &matcher) == killers.end()) {
        repaired.push_back(matcher);
        continue;
      }
      const std::vector<std::string> values = Values(name, matcher.name());
      const std::string value = values.size() == 1 ? values[0] : NearestOf(matcher.value(), values);
      // A matcher that nothing can stand in for is left out.
      if (!value.empty()) repaired.push_back(Matcher::Equal(matcher.name(), value));
    }
    if (Exists(repaired)) out->repair = TextOf(name.value(), repaired);
  }

  static std::vector<Matcher> Replaced(const std::vector<Matcher>& matchers, const Matcher& name,
                                       const std::string& value) {
    std::vector<Matcher> out;
    for (const Matcher& matcher : matchers) {
      out.push_back(&matcher == &name ? Matcher::Equal(matcher.name(), value) : matcher);
    }
    return out;
  }

  std::vector<std::string> Values(const Matcher& name, const std::string& label) {
    auto values = querier_->LabelValues(label, {name}, kMostValues);
    return values.ok() ? std::move(*values) : std::vector<std::string>();
  }

  const std::vector<std::string>& MetricNames() {
    if (!names_.has_value()) {
      auto names = querier_->LabelValues(std::string(kMetricName), {}, kMostValues);
      names_ = names.ok() ? std::move(*names) : std::vector<std::string>();
    }
    return *names_;
  }

  const std::unordered_set<std::string> written_;
  storage::Queryable& storage_;
  const TimestampMs now_;
  const DurationMs window_;
  std::map<std::string, Found> found_;
  // Of the look-up at work.
  TimestampMs mint_ = 0;
  TimestampMs maxt_ = 0;
  std::unique_ptr<storage::Querier> querier_;
  std::optional<bool> empty_;
  std::optional<std::vector<std::string>> names_;
};

}  // namespace

const char* SelectorVerdictName(SelectorVerdict verdict) noexcept {
  constexpr const char* kNames[] = {"matched", "nothing", "expected_empty", "unknown"};
  return kNames[static_cast<unsigned char>(verdict)];
}

std::vector<std::vector<SelectorFinding>> CheckSelectors(const std::vector<CheckedRule>& rules,
                                                         const std::vector<std::string>& written_names,
                                                         storage::Queryable& storage, TimestampMs now,
                                                         DurationMs window) {
  Checker checker(written_names, storage, now, window);
  std::vector<std::vector<SelectorFinding>> out(rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    VisitSelectors(*rules[i].expr, [&](const SelectorUse& use) {
      SelectorFinding finding = checker.Check(use);
      const auto same = std::find_if(out[i].begin(), out[i].end(), [&](const SelectorFinding& other) {
        return other.selector == finding.selector && other.role == finding.role;
      });
      if (same == out[i].end()) out[i].push_back(std::move(finding));
    });
  }
  return out;
}

}  // namespace cachescope::rules
