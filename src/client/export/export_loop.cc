#include "client/export/export_loop.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "client/registry_core.h"

namespace cachescope {

std::chrono::milliseconds ExportDeadline::left() const noexcept {
  using std::chrono::milliseconds;
  constexpr milliseconds kDay{86400000};
  const Time until = at();
  const Time now = std::chrono::steady_clock::now();
  if (until <= now) return milliseconds(0);
  return std::min(kDay, std::chrono::ceil<milliseconds>(std::min<Time::duration>(until - now, kDay)));
}

namespace client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kMinInterval{10};
constexpr milliseconds kDay{86400000};
// What the thread keeps of a stop's time to come home after the exporter has returned.
constexpr milliseconds kHomeTime{50};

PeriodicExportOptions Bounded(PeriodicExportOptions options) {
  options.interval = std::clamp(options.interval, kMinInterval, kDay);
  options.timeout = std::clamp(options.timeout, milliseconds(1), kDay);
  options.stop_timeout = std::clamp(options.stop_timeout, milliseconds(1), kDay);
  options.jitter = options.jitter > 0 ? std::min(options.jitter, 1.0) : 0.0;
  return options;
}

double EpochSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

milliseconds FirstWait(const PeriodicExportOptions& options) {
  std::random_device source;
  const double share = static_cast<double>(source()) / static_cast<double>(std::random_device::max());
  const double wait = static_cast<double>(options.interval.count()) * (1 - options.jitter * share);
  return milliseconds(static_cast<milliseconds::rep>(wait));
}

}  // namespace

ExportLoop::ExportLoop(std::shared_ptr<RegistryCore> registry, std::unique_ptr<Exporter> exporter,
                       const PeriodicExportOptions& options)
    : registry_(std::move(registry)), exporter_(std::move(exporter)), options_(Bounded(options)), pid_(getpid()) {}

void ExportLoop::Start(const std::shared_ptr<ExportLoop>& loop) {
  // Threads inherit the signal mask: the program's handlers must never run on this one.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::exception_ptr failure;
  try {
    const std::lock_guard lock(loop->mu_);
    loop->thread_ = std::thread([loop] { loop->Run(); });
  } catch (...) {
    failure = std::current_exception();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failure != nullptr) std::rethrow_exception(failure);
}

void ExportLoop::Run() noexcept {
  try {
    if (options_.self_metrics) counters_ = CountersOf(registry_, exporter_->name());
    if (options_.from_now) Round(true);
    Time next = steady_clock::now() + FirstWait(options_);
    while (WaitForTurn(next)) {
      Round(false);
      const Time now = steady_clock::now();
      if (next <= now) next += ((now - next) / options_.interval + 1) * options_.interval;
    }
  } catch (...) {
    // Out of memory outside a round: the last round below still runs.
  }
  const bool delivered = Round(false);
  const std::lock_guard lock(mu_);
  last_delivered_ = delivered;
  finished_ = true;
  changed_.notify_all();
}

// False when stopping.
bool ExportLoop::WaitForTurn(Time next) {
  std::unique_lock lock(mu_);
  changed_.wait_until(lock, next, [this] { return stopping_ || flushes_asked_ != flushes_done_; });
  return !stopping_;
}

// True if all was delivered. `remember` takes the present numbers as delivered instead.
bool ExportLoop::Round(bool remember) noexcept {
  std::uint64_t asked = 0;
  {
    const std::lock_guard lock(mu_);
    deadline_.Set(stopping_ ? stop_at_ : steady_clock::now() + options_.timeout);
    asked = flushes_asked_;
  }
  ExportTally tally;
  try {
    const double time = EpochSeconds();  // before: what is recorded meanwhile belongs to the next round if in doubt
    const std::vector<FamilySnapshot> families = registry_->Collect();
    const ExportRound round{families, time, &deadline_};
    if (remember) {
      exporter_->Remember(round);
    } else {
      exporter_->Export(round, &tally);
    }
  } catch (const std::exception& e) {
    ++tally.errors;
    try {
      tally.error = std::string("cannot export: ") + e.what();
    } catch (...) {
      tally.error.clear();
    }
  } catch (...) {
    ++tally.errors;
  }
  const bool delivered = tally.errors == 0 && tally.dropped == 0;
  const std::lock_guard lock(mu_);
  if (!remember) {
    Add(std::move(tally));
    flushes_done_ = asked;
    last_delivered_ = delivered;
  }
  changed_.notify_all();
  return delivered;
}

// REQUIRES: mu_ is held.
void ExportLoop::Add(ExportTally tally) noexcept {
  ++status_.rounds;
  status_.packets += tally.packets;
  status_.bytes += tally.bytes;
  status_.dropped += tally.dropped;
  status_.errors += tally.errors;
  if (counters_ != nullptr) {
    counters_->rounds.fetch_add(1, std::memory_order_relaxed);
    counters_->Add(tally);
  }
  if (tally.errors == 0) return;
  status_.last_error = std::move(tally.error);
  if (status_.last_error.empty()) status_.last_error = "cannot export";  // short enough to need no memory
}

bool ExportLoop::Flush(milliseconds timeout) {
  const Time until = steady_clock::now() + std::clamp(timeout, milliseconds(0), kDay);
  std::unique_lock lock(mu_);
  if (stopping_ || finished_) return false;
  const std::uint64_t mine = ++flushes_asked_;
  changed_.notify_all();
  return changed_.wait_until(lock, until, [&] { return flushes_done_ >= mine || finished_; }) && last_delivered_;
}

bool ExportLoop::Stop(milliseconds timeout) {
  const Time now = steady_clock::now();
  timeout = std::clamp(timeout, milliseconds(1), kDay);
  std::thread thread;
  bool finished = false;
  bool delivered = false;
  {
    std::unique_lock lock(mu_);
    if (!thread_.joinable()) return last_delivered_;
    thread = std::move(thread_);
    stopping_ = true;
    stop_at_ = now + timeout - std::min(kHomeTime, timeout / 4);
    if (stop_at_ < deadline_.at()) deadline_.Set(stop_at_);
    changed_.notify_all();
    finished = changed_.wait_until(lock, now + timeout, [this] { return finished_; });
    delivered = finished && last_delivered_;
  }
  if (finished) {
    thread.join();
  } else {
    thread.detach();
  }
  return delivered;
}

bool ExportLoop::running() const {
  const std::lock_guard lock(mu_);
  return !stopping_ && !finished_;
}

ExportStatus ExportLoop::status() const {
  const std::lock_guard lock(mu_);
  return status_;
}

bool ExportLoop::forked() const noexcept { return getpid() != pid_; }

}  // namespace client
}  // namespace cachescope
