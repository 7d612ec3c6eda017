// ScrapeLoop scrapes one target for as long as it runs: one coroutine on its own strand.
//
// The first scrape falls within one interval of the start, at an offset that depends on the target only, so that
// targets spread over the interval and keep their place across restarts. Times that come out within 2 ms of the rhythm
// are stored as the rhythm's own, which compresses better. A scrape that takes longer than the interval is not caught
// up.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "server/collect/scrape_batch.h"
#include "server/collect/source.h"
#include "server/collect/target.h"

namespace cachescope::collect {

struct ScrapeLoopParts {
  std::shared_ptr<Target> target;
  std::shared_ptr<Source> source;
  SampleSettings settings;
  storage::Appendable* store = nullptr;
  const Clock* clock = nullptr;
  CollectCounters* counters = nullptr;
  storage::ExemplarStore* exemplars = nullptr;  // null: exemplars are not kept
  bool scrape_at_once = false;
};

// Start and Stop are thread-safe; each is called once. Everything pointed to must outlive the call of `done`.
class ScrapeLoop : public std::enable_shared_from_this<ScrapeLoop> {
 public:
  ScrapeLoop(ScrapeLoopParts parts, boost::asio::io_context& context);

  // `done` is called on an I/O thread when the loop has ended.
  void Start(std::function<void()> done);
  // Ends the loop at once; a running scrape leaves nothing behind. With `end_series` the target's series get staleness
  // markers.
  void Stop(bool end_series);

  Target& target() const noexcept { return *parts_.target; }

 private:
  boost::asio::awaitable<void> Run();
  boost::asio::awaitable<void> ScrapeOnce(std::chrono::milliseconds late);
  boost::asio::awaitable<Status> CollectInTime();
  boost::asio::awaitable<Status> CollectGuarded(std::chrono::milliseconds timeout);
  void Finish(Status status, double duration_seconds);
  TimestampMs ScrapeTime(std::chrono::milliseconds late);
  std::chrono::milliseconds FirstDelay() const;

  ScrapeLoopParts parts_;
  ScrapeBatch batch_;
  boost::asio::strand<boost::asio::io_context::executor_type> strand_;
  // On the strand only, as all below.
  boost::asio::steady_timer timer_;  // all that the loop ever waits for
  TimestampMs expected_ = 0;         // wall-clock time of the next scrape, 0 before the first
  TimestampMs last_time_ = 0;        // of the last scrape
  bool busy_ = false;                // the source is at work, perhaps on a scrape that was given up
  bool waiting_ = false;             // the loop waits for it
  Status outcome_;
  bool stopping_ = false;
  bool end_series_ = false;
};

}  // namespace cachescope::collect
