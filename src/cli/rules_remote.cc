#include "cli/rules_remote.h"

#include <algorithm>
#include <mutex>

#include "base/duration.h"

namespace cachescope::cli {
namespace {

std::string SelectorText(const std::vector<Matcher>& matchers) {
  std::string out = "{";
  for (const Matcher& matcher : matchers) out += (out.size() > 1 ? "," : "") + matcher.ToString();
  return out + "}";
}

std::string SecondsText(TimestampMs t) {
  const std::string millis = std::to_string(t % 1000);
  return std::to_string(t / 1000) + "." + std::string(3 - millis.size(), '0') + millis;
}

class RemoteSeries final : public storage::Series {
 public:
  explicit RemoteSeries(AnswerSeries series) : series_(std::move(series)) {}
  const Labels& labels() const override { return series_.labels; }
  Status Read(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    for (const Sample& sample : series_.samples) {
      if (sample.t < mint || sample.t > maxt) continue;
      out->timestamps.push_back(sample.t);
      out->values.push_back(sample.v);
    }
    return {};
  }

 private:
  const AnswerSeries series_;
};

class RemoteQuerier final : public storage::Querier {
 public:
  RemoteQuerier(QuerySource& source, std::mutex& mu, TimestampMs mint, TimestampMs maxt)
      : source_(source), mu_(mu), mint_(mint), maxt_(maxt) {}

  Result<storage::SeriesSet> Select(bool sorted, const storage::SelectHints& hints,
                                    const std::vector<Matcher>& matchers) override {
    const TimestampMs mint = hints.maxt != 0 ? std::max(mint_, hints.mint) : mint_;
    const TimestampMs maxt = hints.maxt != 0 ? std::min(maxt_, hints.maxt) : maxt_;
    QueryRequest request;
    request.expr = SelectorText(matchers) + "[" + FormatDuration(std::max<DurationMs>(1, maxt - mint + 1)) + "]";
    request.end = SecondsText(maxt);
    request.limit = hints.limit;
    const std::lock_guard lock(mu_);
    CACHESCOPE_ASSIGN_OR_RETURN(QueryAnswer answer, source_.Query(request));
    storage::SeriesSet out;
    out.warnings = std::move(answer.warnings);
    for (AnswerSeries& series : answer.series) {
      if (series.last_text.starts_with("count ")) {
        return InvalidArgument("cannot replay " + series.labels.ToString() +
                               ": native histograms cannot be read through --url; use --data");
      }
      out.series.push_back(std::make_unique<RemoteSeries>(std::move(series)));
    }
    if (sorted) {
      std::sort(out.series.begin(), out.series.end(),
                [](const auto& a, const auto& b) { return a->labels() < b->labels(); });
    }
    return out;
  }
  Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>& matchers, std::size_t limit) override {
    const std::lock_guard lock(mu_);
    return source_.LabelNames(matchers.empty() ? "" : SelectorText(matchers), limit);
  }
  Result<std::vector<std::string>> LabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                               std::size_t limit) override {
    const std::lock_guard lock(mu_);
    return source_.LabelValues(name, matchers.empty() ? "" : SelectorText(matchers), limit);
  }

 private:
  QuerySource& source_;
  std::mutex& mu_;
  const TimestampMs mint_;
  const TimestampMs maxt_;
};

class RemoteStore final : public storage::Queryable {
 public:
  explicit RemoteStore(QuerySource& source) : source_(source) {}
  std::unique_ptr<storage::Querier> NewQuerier(TimestampMs mint, TimestampMs maxt) override {
    return std::make_unique<RemoteQuerier>(source_, mu_, mint, maxt);
  }

 private:
  QuerySource& source_;
  std::mutex mu_;
};

}  // namespace

std::unique_ptr<storage::Queryable> NewRemoteStore(QuerySource& source) {
  return std::make_unique<RemoteStore>(source);
}

}  // namespace cachescope::cli
