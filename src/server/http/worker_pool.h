// A fixed number of threads that run jobs in order of submission from a bounded queue. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace cachescope::http {

class WorkerPool {
 public:
  // Throws std::system_error when the system refuses a thread.
  WorkerPool(int threads, std::size_t max_queued);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when the queue is full or the pool stops; the job is dropped then. Jobs must not throw.
  bool Submit(std::function<void()> job);
  // Drops queued jobs and returns when the running ones have. Idempotent; never from a job.
  void Stop();

 private:
  void Run();

  const std::size_t max_queued_;
  std::mutex mu_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;  // guarded by mu_
  bool stopping_ = false;                    // guarded by mu_
  std::vector<std::thread> threads_;         // constant until Stop
};

}  // namespace cachescope::http
