#include "server/collect/scrape_loop.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>

#include "base/duration.h"
#include "base/hash.h"
#include "base/log.h"

namespace cachescope::collect {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr DurationMs kRhythmTolerance = 2;
constexpr DurationMs kSetBack = 1000;
// A source keeps its own deadline and explains what it waited for; this one is for a source that does not.
constexpr milliseconds kDeadlineGrace{20};

}  // namespace

ScrapeLoop::ScrapeLoop(ScrapeLoopParts parts, asio::io_context& context)
    : parts_(std::move(parts)),
      batch_(parts_.target->spec().labels, parts_.settings, &parts_.target->metadata(), parts_.store, parts_.counters,
             parts_.exemplars),
      strand_(asio::make_strand(context)),
      timer_(strand_) {}

void ScrapeLoop::Start(std::function<void()> done) {
  asio::co_spawn(strand_, Run(), [self = shared_from_this(), done = std::move(done)](const std::exception_ptr& error) {
    if (error) LogError("scrape loop ended unexpectedly", {{"target", self->parts_.target->spec().url}});
    if (self->end_series_) {
      const TimestampMs now = std::max(self->parts_.clock->NowMs(), self->last_time_ + 1);
      static_cast<void>(self->batch_.WriteEndMarkers(now));
    }
    done();
  });
}

void ScrapeLoop::Stop(bool end_series) {
  asio::post(strand_, [self = shared_from_this(), end_series] {
    self->stopping_ = true;
    self->end_series_ = end_series;
    self->timer_.cancel();
  });
}

milliseconds ScrapeLoop::FirstDelay() const {
  const TargetSpec& spec = parts_.target->spec();
  const DurationMs interval = spec.interval;
  const std::uint64_t hash = Hash64(spec.url, Hash64(spec.labels.bytes()));
  const auto offset = static_cast<DurationMs>(hash % static_cast<std::uint64_t>(interval));
  const DurationMs now = parts_.clock->NowMs() % interval;
  return milliseconds((offset - now + 2 * interval) % interval);
}

asio::awaitable<void> ScrapeLoop::Run() {
  const milliseconds interval(parts_.target->spec().interval);
  const milliseconds delay = FirstDelay();
  if (parts_.scrape_at_once && !stopping_) co_await ScrapeOnce(milliseconds(0));
  auto next = SteadyClock::now() + delay;
  expected_ = parts_.clock->NowMs() + delay.count();
  while (!stopping_) {
    timer_.expires_at(next);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (stopping_) break;
    co_await ScrapeOnce(std::chrono::duration_cast<milliseconds>(SteadyClock::now() - next));
    next += interval;
    expected_ += interval.count();
    while (next < SteadyClock::now()) {
      next += interval;
      expected_ += interval.count();
      parts_.counters->skipped.fetch_add(1, std::memory_order_relaxed);
    }
  }
}

TimestampMs ScrapeLoop::ScrapeTime(milliseconds late) {
  TimestampMs now = parts_.clock->NowMs();
  if (expected_ != 0) {
    // The wall clock was set when it disagrees with the steady one about where in the rhythm this is.
    if (std::llabs(now - late.count() - expected_) > kRhythmTolerance) expected_ = now - late.count();
    if (now - expected_ <= kRhythmTolerance) now = expected_;
  }
  // Two scrapes within a millisecond get two times; a clock that was set back further is the store's business.
  if (now <= last_time_ && last_time_ - now < kSetBack) now = last_time_ + 1;
  return now;
}

asio::awaitable<void> ScrapeLoop::ScrapeOnce(milliseconds late) {
  const auto begin = SteadyClock::now();
  last_time_ = ScrapeTime(late);
  batch_.Begin(last_time_);
  parts_.counters->scrapes.fetch_add(1, std::memory_order_relaxed);
  Status status;
  if (busy_) {
    status = Status(Code::kDeadlineExceeded, "the scrape before has not ended yet");
  } else {
    status = co_await CollectInTime();
  }
  if (stopping_) {
    batch_.Abandon();
    co_return;
  }
  if (status.ok()) status = batch_.failure();
  Finish(std::move(status), std::chrono::duration<double>(SteadyClock::now() - begin).count());
}

void ScrapeLoop::Finish(Status status, double duration_seconds) {
  if (status.ok()) status = batch_.FinishGood(duration_seconds);
  const std::int64_t scraped = batch_.scraped();
  if (!status.ok()) {
    parts_.counters->failed[static_cast<std::size_t>(status.code())].fetch_add(1, std::memory_order_relaxed);
    batch_.Fail();
    parts_.source->OnFailure(batch_);
    if (Status stored = batch_.FinishFailed(duration_seconds); !stored.ok()) {
      LogWarn("cannot store the report of a scrape",
              {{"target", parts_.target->spec().url}, {"error", stored.ToString()}});
    }
  }
  const std::string error =
      status.ok() ? std::string() : std::string(status.message().empty() ? "failed" : status.message());
  parts_.target->Report(last_time_, duration_seconds, scraped, error);
}

asio::awaitable<Status> ScrapeLoop::CollectInTime() {
  const milliseconds timeout(parts_.target->spec().timeout);
  busy_ = true;
  waiting_ = true;
  timer_.expires_after(timeout + kDeadlineGrace);
  asio::co_spawn(strand_, CollectGuarded(timeout),
                 [self = shared_from_this()](const std::exception_ptr&, Status status) {
                   self->busy_ = false;
                   if (!self->waiting_) return;
                   self->outcome_ = std::move(status);
                   self->timer_.cancel();
                 });
  // The source may have ended within co_spawn already.
  if (busy_) co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  waiting_ = false;
  if (!busy_) co_return std::move(outcome_);
  co_return Status(Code::kDeadlineExceeded, "no answer within " + FormatDuration(timeout.count()));
}

asio::awaitable<Status> ScrapeLoop::CollectGuarded(milliseconds timeout) {
  try {
    co_return co_await parts_.source->Collect(timeout, batch_);
  } catch (const std::exception& error) {
    co_return Status(Code::kInternal, std::string("scrape ended: ") + error.what());
  }
}

}  // namespace cachescope::collect
