// ScrapeListener: the thread behind Serve(). One poll loop over the listening socket, a wake-up pipe and a bounded
// number of connections, each with deadlines; a slow or silent client costs a slot until its deadline, never a thread.
#pragma once

#include <cstdint>
#include <list>
#include <thread>

#include "cachescope/serve.h"
#include "client/scrape_connection.h"

namespace cachescope::client {

class ScrapeListener {
 public:
  /// Starts the thread. May throw std::system_error or std::bad_alloc.
  ScrapeListener(Descriptor socket, ScrapeSite site, const ServeOptions& options);
  /// Stops and joins.
  ~ScrapeListener();
  ScrapeListener(const ScrapeListener&) = delete;
  ScrapeListener& operator=(const ScrapeListener&) = delete;

  std::uint16_t port() const noexcept { return port_; }

 private:
  using Time = ScrapeConnection::Time;

  void Run() noexcept;
  bool Turn();
  void Accept(Time now);
  bool MakeRoom();
  int PollTimeout(Time now) const;

  // Constant after construction.
  const Descriptor socket_;
  const ScrapeSite site_;
  const ServeOptions options_;
  const std::uint16_t port_;
  Descriptor wake_read_;
  Descriptor wake_write_;

  // Of the thread alone.
  std::list<ScrapeConnection> connections_;  // oldest first
  Time accept_again_{};                      // after the process ran out of descriptors

  std::thread thread_;
};

}  // namespace cachescope::client
