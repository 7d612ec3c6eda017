// ReplayWorkers append what a log says on several threads: each takes the series whose references leave its remainder,
// so that the samples of a series stay in their order. One thread gives batches; the queues are bounded.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "server/storage/tsdb/head_loader.h"
#include "server/storage/tsdb/wal/record.h"

namespace cachescope::tsdb {

class ReplayWorkers {
 public:
  // `loader` outlives this. `threads` 0: one for each core, at most kMaxThreads.
  ReplayWorkers(HeadLoader* loader, unsigned threads);
  ~ReplayWorkers();

  static constexpr unsigned kMaxThreads = 16;

  // An empty batch to fill, used before where possible.
  std::shared_ptr<RecordBatch> Take();
  // All references resolved. Waits while the workers are far behind.
  void Give(std::shared_ptr<RecordBatch> batch);
  // Waits until all that was given is appended.
  void Drain();
  // What each has done, when all is done. Nothing may be given afterwards.
  std::vector<LoadCounts> Finish();

 private:
  struct Worker {
    std::deque<std::shared_ptr<RecordBatch>> queue;
    bool busy = false;  // guarded by mu_
    LoadCounts counts;
    std::thread thread;
  };

  void Run(std::size_t number);
  void Apply(const RecordBatch& batch, std::size_t number);

  HeadLoader* const loader_;
  std::vector<Worker> workers_;
  std::mutex mu_;
  // Guarded by mu_, as are the queues.
  std::condition_variable changed_;
  bool done_ = false;
  std::vector<std::shared_ptr<RecordBatch>> used_;
};

}  // namespace cachescope::tsdb
