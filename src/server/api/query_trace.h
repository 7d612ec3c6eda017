// Says where the time of a query went: stands between the engine and the store and measures what passes.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/api/json_writer.h"
#include "server/storage/querier.h"

namespace cachescope::api {

// One selector of a query, as the store was asked for it.
struct SelectionTrace {
  std::string selector;
  std::string function;  // over the selector, "" when none
  TimestampMs mint = 0;
  TimestampMs maxt = 0;
  std::size_t series = 0;
  double select_seconds = 0;
  // Reading may happen on several threads.
  std::atomic<std::int64_t> read_ns{0};
  std::atomic<std::uint64_t> samples{0};
};

// Durations of a query, in seconds.
struct QueryTimes {
  double parse = 0;
  double evaluate = 0;
};

// A Queryable that passes everything on. Thread-safe as the store is.
class TracedStorage final : public storage::Queryable {
 public:
  // With `reads`, reading is measured too: about 50 ns more for each series. `store` outlives this.
  TracedStorage(storage::Queryable* store, bool reads) : store_(store), reads_(reads) {}

  std::unique_ptr<storage::Querier> NewQuerier(TimestampMs mint, TimestampMs maxt) override;

  double select_seconds() const;
  // The value of "trace": parse, evaluate with one entry per selector, encode. Durations are seconds.
  void WriteTrace(JsonWriter& json, const QueryTimes& times, double encode_seconds) const;

  // For the queriers it makes.
  bool reads() const noexcept { return reads_; }
  SelectionTrace* Begin();

 private:
  storage::Queryable* const store_;
  const bool reads_;
  mutable std::mutex mu_;
  std::vector<std::unique_ptr<SelectionTrace>> selections_;  // guarded by mu_
};

// Seconds since `start`.
inline double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace cachescope::api
