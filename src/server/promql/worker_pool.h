// Threads that help queries to read series. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace cachescope::promql {

// A few threads that all queries of an engine share. A task that finds no free thread waits in a queue; whoever posted
// it does the work alone meanwhile.
class WorkerPool {
 public:
  // Threads start when first needed.
  explicit WorkerPool(std::size_t threads) : most_(threads) {}
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  std::size_t threads() const { return most_; }
  // Tasks must return soon when there is nothing left to do for them, and not throw.
  void Post(std::function<void()> task);

 private:
  void Run();

  const std::size_t most_;
  std::mutex mu_;
  std::condition_variable changed_;
  // Guarded by mu_.
  std::vector<std::thread> threads_;
  std::deque<std::function<void()>> tasks_;
  std::size_t idle_ = 0;
  bool ending_ = false;
};

// Computes the pieces 0, 1, … count - 1 on the caller's thread and up to `threads` - 1 helpers, and applies them one
// after the other in this order: `apply` sees what one thread would show it. A piece lives in one of a few slots
// between compute and apply, so memory is bounded. Stops early when apply returns false. `pool` may be null.
void RunOrdered(WorkerPool* pool, std::size_t threads, std::size_t count,
                const std::function<void(std::size_t piece, std::size_t slot)>& compute,
                const std::function<bool(std::size_t piece, std::size_t slot)>& apply);

// Slots that RunOrdered uses for that many threads.
constexpr std::size_t OrderedSlots(std::size_t threads) { return threads <= 1 ? 1 : 4 * threads; }

}  // namespace cachescope::promql
