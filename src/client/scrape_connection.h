// ScrapeConnection: one client of a ScrapeListener: reads a request, answers, reads the next. Not thread-safe.
#pragma once

#include <chrono>
#include <string>

#include "cachescope/serve.h"
#include "client/listen_socket.h"
#include "client/scrape_site.h"

namespace cachescope::client {

class ScrapeConnection {
 public:
  using Time = std::chrono::steady_clock::time_point;

  ScrapeConnection(Descriptor socket, const ServeOptions& options, Time now);

  int fd() const noexcept { return socket_.get(); }
  /// What to poll for: POLLIN or POLLOUT.
  short events() const noexcept;
  /// When to give up unless something happens before.
  Time deadline() const noexcept { return deadline_; }
  /// Between requests: may be closed without loss.
  bool idle() const noexcept { return output_.empty() && input_.empty(); }
  /// When it was accepted or had answered its last request.
  Time idle_since() const noexcept { return idle_since_; }

  /// Goes on after poll. False when the connection is finished and must be closed.
  bool Advance(const ScrapeSite& site, Time now);

 private:
  bool Read(Time now);
  bool Write();
  bool AnswerNext(const ScrapeSite& site, Time now);
  void Answer(std::string_view head, const ScrapeSite& site);
  void Refuse(std::string_view status, std::string_view body);

  // Constant after construction.
  const Descriptor socket_;
  const ServeOptions options_;

  std::string input_;
  std::string output_;
  std::size_t written_ = 0;
  bool close_after_write_ = false;
  Time idle_since_;
  Time deadline_;
};

}  // namespace cachescope::client
