// The store a backtest works on: recorded history, which nothing changes, with what the replayed rules write on top.
#pragma once

#include <string>
#include <unordered_set>

#include "server/promql/memory_store.h"

namespace cachescope::rules {

// What rules once wrote under the same names is hidden from `from` on: a rule that has changed must not read what its
// older self recorded. Readers may run side by side, but not while somebody writes.
class BacktestStore final : public storage::Storage {
 public:
  // `recorded`: names of recording rules; `alerts`: of alerting rules. `history` outlives this object.
  BacktestStore(storage::Queryable& history, TimestampMs from, std::unordered_set<std::string> recorded,
                std::unordered_set<std::string> alerts, std::size_t max_samples)
      : history_(history),
        from_(from),
        recorded_(std::move(recorded)),
        alerts_(std::move(alerts)),
        written_(max_samples) {}

  std::unique_ptr<storage::Appender> NewAppender() override { return written_.NewAppender(); }
  std::unique_ptr<storage::Querier> NewQuerier(TimestampMs mint, TimestampMs maxt) override;
  const promql::MemoryStore& written() const { return written_; }

  // Whether a series of the history is one that the replayed rules write.
  bool Hides(const Labels& labels) const;
  // Whether a selection may meet such series.
  bool MayHide(const std::vector<Matcher>& matchers) const;
  TimestampMs from() const { return from_; }

 private:
  storage::Queryable& history_;
  const TimestampMs from_;
  const std::unordered_set<std::string> recorded_;
  const std::unordered_set<std::string> alerts_;
  promql::MemoryStore written_;
};

}  // namespace cachescope::rules
