// The PromQL engine: evaluates a parsed query over a storage::Queryable. Column-wise: each node yields, per series, all
// steps at once.
//
// Thread-safe. A query obeys its limits (samples, memory, series, time) and its cancel flag; what exceeds one ends with
// an error and leaves the others alone. How it works: docs/design/query.md.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/labels.h"
#include "server/promql/ast.h"
#include "server/promql/parser.h"
#include "server/storage/querier.h"

namespace cachescope::promql {

struct EngineOptions {
  DurationMs lookback_delta = 5 * 60 * 1000;
  DurationMs default_subquery_step = 60 * 1000;
  std::size_t max_samples = 50'000'000;          // held in memory at one time by one query
  std::size_t max_bytes = std::size_t{1} << 30;  // of memory held at one time by one query, estimated; 0: no limit
  std::size_t max_series = 0;                    // read by all selectors of one query together; 0: no limit
  std::size_t max_concurrent = 20;               // queries evaluated at one time; others wait their turn; 0: no limit
  std::chrono::milliseconds timeout{120'000};    // from the call on, waiting included
  bool delayed_name_removal = false;
  // How many threads one query may use at most, the caller's included; all queries of an engine share `threads` - 1
  // helpers. 0: as many as the machine has processors. Results do not depend on it.
  std::size_t threads = 0;
  // Evaluates the plain way, which is slow: what tests compare with.
  bool simple = false;
  bool always_parallel = false;  // even where it does not pay; for tests
  // Whether rates and resets take note of the time since which a series counts, where the store knows it.
  bool start_times = true;
  ParserOptions parser;
};

struct HPoint {
  TimestampMs t = 0;
  std::shared_ptr<const FloatHistogram> h;
};

// One result series of a vector (exactly one point) or matrix.
struct ResultSeries {
  Labels labels;
  std::vector<Sample> floats;
  std::vector<HPoint> histograms;
};

struct ScalarResult {
  TimestampMs t = 0;
  double v = 0;
};
struct StringResult {
  TimestampMs t = 0;
  std::string v;
};

struct QueryResult {
  ValueType type = ValueType::kNone;  // kVector, kMatrix, kScalar or kString
  std::vector<ResultSeries>
      series;  // vector: in result order (sort() and topk() keep theirs); matrix: sorted by labels
  ScalarResult scalar;
  StringResult string;
  std::vector<std::string> warnings;  // "PromQL warning: … (line:column)"
  std::vector<std::string> infos;     // "PromQL info: … (line:column)"
  std::size_t samples_read = 0;
  std::size_t peak_samples = 0;
};

// What one evaluation may use. All optional.
struct QueryContext {
  std::chrono::milliseconds timeout{0};          // 0: the engine's
  DurationMs lookback_delta = 0;                 // 0: the engine's
  const std::atomic<bool>* cancelled = nullptr;  // set by another thread to end the query with kCancelled
};

class QueryGate;
class WorkerPool;

class Engine {
 public:
  explicit Engine(EngineOptions options = {});
  ~Engine();

  const EngineOptions& options() const { return options_; }

  // Evaluates `expr` at `at`. Errors: kInvalidArgument (does not parse or evaluate: message as upstream),
  // kDeadlineExceeded, kCancelled, kLimitExceeded (samples, memory, series), or the storage's.
  Result<QueryResult> Instant(storage::Queryable& storage, std::string_view query, TimestampMs at,
                              const QueryContext& context = {}) const;
  // Evaluates at start, start+step … <= end; the result is a matrix. REQUIRES: step > 0, start <= end.
  Result<QueryResult> Range(storage::Queryable& storage, std::string_view query, TimestampMs start, TimestampMs end,
                            DurationMs step, const QueryContext& context = {}) const;
  // The same on a tree parsed before (it is copied where the engine must annotate it). `text` is used for positions.
  Result<QueryResult> Evaluate(storage::Queryable& storage, const Expr& expr, std::string_view text, TimestampMs start,
                               TimestampMs end, DurationMs step, bool instant, const QueryContext& context) const;

 private:
  EngineOptions options_;
  std::unique_ptr<WorkerPool> pool_;
  std::unique_ptr<QueryGate> gate_;
};

}  // namespace cachescope::promql
