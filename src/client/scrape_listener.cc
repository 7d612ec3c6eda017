#include "client/scrape_listener.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

namespace cachescope::client {
namespace {

using std::chrono::milliseconds;
// Pause before accepting again when the process has no descriptor left; the backlog would wake poll at once otherwise.
constexpr milliseconds kAcceptPause{100};

// Threads inherit the signal mask: with all signals blocked here the program's handlers never run on this thread.
class BlockSignals {
 public:
  BlockSignals() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

ScrapeListener::ScrapeListener(Descriptor socket, ScrapeSite site, const ServeOptions& options)
    : socket_(std::move(socket)), site_(std::move(site)), options_(options), port_(BoundPort(socket_)) {
  int ends[2];
  if (pipe(ends) != 0) throw std::system_error(errno, std::system_category());
  wake_read_ = Descriptor(ends[0]);
  wake_write_ = Descriptor(ends[1]);
  for (const int fd : ends) fcntl(fd, F_SETFD, FD_CLOEXEC);
  const BlockSignals blocked;
  thread_ = std::thread([this] { Run(); });
}

ScrapeListener::~ScrapeListener() {
  const char stop = 's';
  while (write(wake_write_.get(), &stop, 1) < 0 && errno == EINTR) {
  }
  thread_.join();
}

void ScrapeListener::Run() noexcept {
  while (true) {
    try {
      if (!Turn()) return;
    } catch (...) {
      // Out of memory: give up these clients, keep the endpoint.
      connections_.clear();
    }
  }
}

int ScrapeListener::PollTimeout(Time now) const {
  Time first = Time::max();
  for (const ScrapeConnection& connection : connections_) first = std::min(first, connection.deadline());
  if (accept_again_ > now) first = std::min(first, accept_again_);
  if (first == Time::max()) return -1;
  const auto wait = std::chrono::ceil<milliseconds>(first - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(wait, 0, 60000));
}

// One round of poll. False when told to stop.
bool ScrapeListener::Turn() {
  Time now = std::chrono::steady_clock::now();
  const bool accepting = accept_again_ <= now && (connections_.size() < options_.max_connections ||
                                                  std::any_of(connections_.begin(), connections_.end(),
                                                              [](const auto& c) { return c.idle(); }));
  std::vector<pollfd> polled;
  polled.push_back({wake_read_.get(), POLLIN, 0});
  polled.push_back({accepting ? socket_.get() : -1, POLLIN, 0});
  for (const ScrapeConnection& connection : connections_) polled.push_back({connection.fd(), connection.events(), 0});
  if (poll(polled.data(), polled.size(), PollTimeout(now)) < 0 && errno != EINTR) return true;
  if (polled[0].revents != 0) return false;
  now = std::chrono::steady_clock::now();
  std::size_t i = 2;
  for (auto it = connections_.begin(); it != connections_.end(); ++i) {
    const bool ready = polled[i].revents != 0;
    const bool keep = ready ? it->Advance(site_, now) : now < it->deadline();
    it = keep ? std::next(it) : connections_.erase(it);
  }
  if (polled[1].revents != 0) Accept(now);
  return true;
}

// Closes the connection that has been idle longest if the bound is reached. False if there is no room.
bool ScrapeListener::MakeRoom() {
  if (connections_.size() < options_.max_connections) return true;
  auto oldest = connections_.end();
  for (auto it = connections_.begin(); it != connections_.end(); ++it) {
    if (it->idle() && (oldest == connections_.end() || it->idle_since() < oldest->idle_since())) oldest = it;
  }
  if (oldest == connections_.end()) return false;
  connections_.erase(oldest);
  return true;
}

void ScrapeListener::Accept(Time now) {
  if (!MakeRoom()) return;
  Descriptor accepted(accept(socket_.get(), nullptr, nullptr));
  if (accepted.get() < 0) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) accept_again_ = now + kAcceptPause;
    return;
  }
  fcntl(accepted.get(), F_SETFD, FD_CLOEXEC);
  fcntl(accepted.get(), F_SETFL, O_NONBLOCK);
  connections_.emplace_back(std::move(accepted), options_, now);
}

}  // namespace cachescope::client
