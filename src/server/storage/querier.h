// How samples come out of a store: a Querier over a time range selects series; a series hands over columns.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "model/sample.h"
#include "server/storage/appender.h"

namespace cachescope::storage {

struct HistogramSample {
  TimestampMs t = 0;
  std::shared_ptr<const FloatHistogram> h;
  TimestampMs start = 0;  // since when the series counted at this sample; 0: not known
};

// Columns of one series. Floats and histograms each ascend by time; a series may hold both, never at the same
// timestamp.
struct SampleColumns {
  std::vector<TimestampMs> timestamps;
  std::vector<double> values;
  std::vector<HistogramSample> histograms;
  // Since when the series counted at each float, as in HistogramSample. May be shorter than `timestamps`: what is
  // missing at its end is not known.
  std::vector<TimestampMs> starts;
  void clear() {
    timestamps.clear();
    values.clear();
    histograms.clear();
    starts.clear();
  }
};

// What the caller is going to do, so that a store can save work. Ignoring all of it is correct.
struct SelectHints {
  TimestampMs mint = 0;
  TimestampMs maxt = 0;
  DurationMs step = 0;    // 0: instant query
  DurationMs range = 0;   // range of a range selector, 0 for instant selectors
  std::string function;   // innermost function over the selector, "" when none
  std::size_t limit = 0;  // most series wanted, 0: all
};

class Series {
 public:
  virtual ~Series() = default;
  virtual const Labels& labels() const = 0;
  // Appends all samples with mint <= t <= maxt to `out`, staleness markers included. Thread-safe on distinct series.
  // kCorruption when bytes do not decode; what was read before the damage is in `out`.
  virtual Status Read(TimestampMs mint, TimestampMs maxt, SampleColumns* out) const = 0;
  // For an instant selector at one time: appends at least the newest sample of the range, when there is one, and may
  // append older ones, each column still ascending. Otherwise as Read; a store that knows its newest sample answers
  // without decoding.
  virtual Status ReadNewest(TimestampMs mint, TimestampMs maxt, SampleColumns* out) const {
    return Read(mint, maxt, out);
  }
};

// A result set. It keeps what it needs alive: series may be read after the Querier is gone.
struct SeriesSet {
  std::vector<std::unique_ptr<Series>> series;  // sorted by labels when asked for
  std::vector<std::string> warnings;
};

// A result as one object instead of one per series, for readers of very many. Thread-safe throughout. Keeps what it
// needs alive.
class SeriesList {
 public:
  virtual ~SeriesList() = default;
  virtual std::size_t size() const = 0;
  // Lives as long as the list.
  virtual const Labels& labels(std::size_t index) const = 0;
  // As the methods of Series. A store that finds out only now that a series is no result reads nothing.
  virtual Status Read(std::size_t index, TimestampMs mint, TimestampMs maxt, SampleColumns* out) const = 0;
  virtual Status ReadNewest(std::size_t index, TimestampMs mint, TimestampMs maxt, SampleColumns* out) const = 0;
  std::vector<std::string> warnings;
};

// A set as a list.
std::shared_ptr<const SeriesList> ListOf(SeriesSet set);

// A view of a store over [mint, maxt]; batches are visible whole or not at all. Thread-safe.
class Querier {
 public:
  virtual ~Querier() = default;
  // Series that match every matcher. A matcher that accepts the empty value also accepts absence. O(matching postings).
  virtual Result<SeriesSet> Select(bool sorted, const SelectHints& hints, const std::vector<Matcher>& matchers) = 0;
  // The same, unsorted, for many series. Stores override it where a list is cheaper than a set.
  virtual Result<std::shared_ptr<const SeriesList>> SelectList(const SelectHints& hints,
                                                               const std::vector<Matcher>& matchers);
  // Sorted, unique; `matchers` empty means all series. `limit` 0: no limit. A store may leave the time range out of
  // account, in part or altogether, and list more than Select finds.
  virtual Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>& matchers, std::size_t limit) = 0;
  virtual Result<std::vector<std::string>> LabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                                       std::size_t limit) = 0;
  // The values as LabelValues has them, each handed over without a copy, until `visit` returns false. The store may be
  // locked meanwhile: `visit` is quick, does not wait for anybody and does not come back to the store.
  virtual Status VisitLabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                  const std::function<bool(std::string_view)>& visit);
  // The same values, sorted, as views that live as long as the querier, where the store has them so anyhow; nothing
  // where it would have to copy.
  virtual std::optional<std::vector<std::string_view>> LabelValueViews(const std::string&,
                                                                       const std::vector<Matcher>&) {
    return std::nullopt;
  }
};

class Queryable {
 public:
  virtual ~Queryable() = default;
  // Thread-safe. mint and maxt are inclusive.
  virtual std::unique_ptr<Querier> NewQuerier(TimestampMs mint, TimestampMs maxt) = 0;
};

// A store: both directions.
class Storage : public Appendable, public Queryable {};

}  // namespace cachescope::storage
