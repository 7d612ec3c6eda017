#include "server/promql/worker_pool.h"

namespace cachescope::promql {

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mu_);
    ending_ = true;
    tasks_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::Post(std::function<void()> task) {
  if (most_ == 0) return;
  {
    const std::lock_guard lock(mu_);
    tasks_.push_back(std::move(task));
    if (idle_ < tasks_.size() && threads_.size() < most_) threads_.emplace_back([this] { Run(); });
  }
  changed_.notify_one();
}

void WorkerPool::Run() {
  std::unique_lock lock(mu_);
  while (true) {
    ++idle_;
    changed_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
    --idle_;
    if (ending_) return;
    const std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

namespace {

// One ordered run. Helpers keep it alive; those that come late find nothing to do.
class OrderedRun {
 public:
  OrderedRun(std::size_t slots, std::size_t count, const std::function<void(std::size_t, std::size_t)>& compute,
             const std::function<bool(std::size_t, std::size_t)>& apply)
      : count_(count), ready_(slots, false), compute_(&compute), apply_(&apply) {}

  void Help() {
    std::unique_lock lock(mu_);
    if (closed_) return;
    ++helpers_;
    Work(&lock, false);
    --helpers_;
    changed_.notify_all();
  }

  // Returns when everything is applied or given up, and nobody uses the functions any more.
  void Lead() {
    std::unique_lock lock(mu_);
    Work(&lock, true);
    closed_ = true;
    changed_.wait(lock, [this] { return helpers_ == 0; });
  }

 private:
  bool Over() const { return stopped_ || applied_ == count_; }

  void Work(std::unique_lock<std::mutex>* lock, bool leader) {
    while (!Over()) {
      if (!applying_ && ready_[applied_ % ready_.size()]) {
        ApplyNext(lock);
      } else if (claimed_ < count_ && claimed_ < applied_ + ready_.size()) {
        const std::size_t piece = claimed_++;
        lock->unlock();
        (*compute_)(piece, piece % ready_.size());
        lock->lock();
        ready_[piece % ready_.size()] = true;
        // Only the piece that is next in turn can be what somebody waits for.
        if (piece == applied_) changed_.notify_all();
      } else if (!leader && claimed_ == count_) {
        return;
      } else {
        changed_.wait(*lock);
      }
    }
  }

  void ApplyNext(std::unique_lock<std::mutex>* lock) {
    applying_ = true;
    const std::size_t piece = applied_;
    lock->unlock();
    const bool go_on = (*apply_)(piece, piece % ready_.size());
    lock->lock();
    ready_[piece % ready_.size()] = false;
    applying_ = false;
    ++applied_;
    if (!go_on) stopped_ = true;
    changed_.notify_all();
  }

  std::mutex mu_;
  std::condition_variable changed_;
  // Guarded by mu_.
  const std::size_t count_;
  std::vector<bool> ready_;  // per slot: computed and not yet applied
  const std::function<void(std::size_t, std::size_t)>* compute_;
  const std::function<bool(std::size_t, std::size_t)>* apply_;
  std::size_t claimed_ = 0;
  std::size_t applied_ = 0;
  std::size_t helpers_ = 0;
  bool applying_ = false;
  bool stopped_ = false;
  bool closed_ = false;
};

}  // namespace

void RunOrdered(WorkerPool* pool, std::size_t threads, std::size_t count,
                const std::function<void(std::size_t, std::size_t)>& compute,
                const std::function<bool(std::size_t, std::size_t)>& apply) {
  if (pool == nullptr || threads <= 1 || count <= 1) {
    for (std::size_t piece = 0; piece < count; ++piece) {
      compute(piece, 0);
      if (!apply(piece, 0)) return;
    }
    return;
  }
  const auto run = std::make_shared<OrderedRun>(OrderedSlots(threads), count, compute, apply);
  for (std::size_t i = 1; i < threads && i < count; ++i) pool->Post([run] { run->Help(); });
  run->Lead();
}

}  // namespace cachescope::promql
