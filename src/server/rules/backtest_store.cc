#include "server/rules/backtest_store.h"

#include <algorithm>

#include "server/storage/merge_querier.h"

namespace cachescope::rules {
namespace {

// A series of the history that ends where the replay begins.
class EndedSeries final : public storage::Series {
 public:
  EndedSeries(std::unique_ptr<storage::Series> inner, TimestampMs last) : inner_(std::move(inner)), last_(last) {}
  const Labels& labels() const override { return inner_->labels(); }
  Status Read(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    return mint > last_ ? Status() : inner_->Read(mint, std::min(maxt, last_), out);
  }

 private:
  const std::unique_ptr<storage::Series> inner_;
  const TimestampMs last_;
};

class HistoryQuerier final : public storage::Querier {
 public:
  HistoryQuerier(const BacktestStore& store, std::unique_ptr<storage::Querier> inner)
      : store_(store), inner_(std::move(inner)) {}

  Result<storage::SeriesSet> Select(bool sorted, const storage::SelectHints& hints,
                                    const std::vector<Matcher>& matchers) override {
    CACHESCOPE_ASSIGN_OR_RETURN(storage::SeriesSet set, inner_->Select(sorted, hints, matchers));
    if (!store_.MayHide(matchers)) return set;
    for (auto& series : set.series) {
      if (store_.Hides(series->labels())) {
        series = std::make_unique<EndedSeries>(std::move(series), store_.from() - 1);
      }
    }
    return set;
  }
  Result<std::shared_ptr<const storage::SeriesList>> SelectList(const storage::SelectHints& hints,
                                                                const std::vector<Matcher>& matchers) override {
    if (!store_.MayHide(matchers)) return inner_->SelectList(hints, matchers);
    CACHESCOPE_ASSIGN_OR_RETURN(storage::SeriesSet set, Select(false, hints, matchers));
    return storage::ListOf(std::move(set));
  }
  Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>& matchers, std::size_t limit) override {
    return inner_->LabelNames(matchers, limit);
  }
  Result<std::vector<std::string>> LabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                               std::size_t limit) override {
    return inner_->LabelValues(name, matchers, limit);
  }

 private:
  const BacktestStore& store_;
  const std::unique_ptr<storage::Querier> inner_;
};

bool IsAlertSeries(std::string_view name) { return name == "ALERTS" || name == "ALERTS_FOR_STATE"; }

}  // namespace

bool BacktestStore::Hides(const Labels& labels) const {
  const std::string_view name = labels.metric_name();
  if (IsAlertSeries(name)) return alerts_.count(std::string(labels.Get("alertname"))) != 0;
  return recorded_.count(std::string(name)) != 0;
}

bool BacktestStore::MayHide(const std::vector<Matcher>& matchers) const {
  for (const Matcher& matcher : matchers) {
    if (matcher.name() != kMetricName || matcher.type() != MatchType::kEqual) continue;
    return IsAlertSeries(matcher.value()) ? !alerts_.empty() : recorded_.count(matcher.value()) != 0;
  }
  return true;
}

std::unique_ptr<storage::Querier> BacktestStore::NewQuerier(TimestampMs mint, TimestampMs maxt) {
  std::vector<std::unique_ptr<storage::Querier>> parts;
  parts.push_back(std::make_unique<HistoryQuerier>(*this, history_.NewQuerier(mint, maxt)));
  if (written_.series() > 0) parts.push_back(written_.NewQuerier(mint, maxt));
  return storage::MergeQueriers(std::move(parts));
}

}  // namespace cachescope::rules
