// Test doubles of the collect tests: a store that records, and a small server on a loopback socket that misbehaves as
// told.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "model/sample.h"
#include "server/storage/appender.h"

namespace cachescope::collect {

// Keeps committed samples by series text. Refuses like a store: out of order, duplicates, ten minutes ahead.
// Thread-safe.
class RecordingStore final : public storage::Appendable {
 public:
  explicit RecordingStore(const Clock* clock = &Clock::System()) : clock_(clock) {}
  std::unique_ptr<storage::Appender> NewAppender() override;

  // All samples of the series that prints as `series`, for example `up{instance="a:1", job="j"}`.
  std::vector<Sample> Of(const std::string& series) const;
  std::vector<std::string> SeriesNames() const;
  std::size_t SampleCount() const;
  int commits() const;
  void FailCommits(bool fail) { fail_commits_ = fail; }

 private:
  friend class RecordingAppender;
  struct Series {
    std::string text;
    std::vector<Sample> samples;
  };
  const Clock* const clock_;
  mutable std::mutex mutex_;
  std::vector<Series> series_;  // reference minus one
  std::map<std::string, storage::SeriesRef> refs_;
  int commits_ = 0;
  std::atomic<bool> fail_commits_{false};
};

// Listens on a free port of 127.0.0.1 and runs `talk` with each connection, each on a thread of its own. The destructor
// closes everything and joins.
class RawServer {
 public:
  class Connection {
   public:
    explicit Connection(int fd, const std::atomic<bool>* closing) : fd_(fd), closing_(closing) {}
    std::string ReadRequest();            // up to the empty line
    bool Write(const std::string& text);  // false when the peer has gone
    void HoldUntilClosed();               // returns when the peer or the server closes
    bool closing() const { return *closing_; }

   private:
    const int fd_;
    const std::atomic<bool>* const closing_;
  };
  explicit RawServer(std::function<void(Connection&)> talk);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void Accept();
  std::function<void(Connection&)> talk_;
  std::atomic<bool> closing_{false};
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> talks_;
  std::thread acceptor_;
};

// A server that answers every request with this page.
std::unique_ptr<RawServer> ServePage(std::string body, std::string content_type = "text/plain; version=0.0.4");

// Polls until `condition` holds or `limit_ms` have passed; returns whether it holds.
bool WaitFor(const std::function<bool()>& condition, int limit_ms = 10'000);

}  // namespace cachescope::collect
