#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>

#include "server/collect/collect_test_support.h"

namespace cachescope::collect {

class RecordingAppender final : public storage::Appender {
 public:
  explicit RecordingAppender(RecordingStore* store) : store_(store) {}

  Result<storage::SeriesRef> Append(storage::SeriesRef ref, const Labels& labels, TimestampMs t, double v) override {
    const std::lock_guard lock(store_->mutex_);
    if (labels.empty()) return InvalidArgument("empty label set");
    const std::string text = labels.ToString();
    if (ref == 0 || ref > store_->series_.size() || store_->series_[ref - 1].text != text) {
      auto [found, fresh] = store_->refs_.emplace(text, store_->series_.size() + 1);
      if (fresh) store_->series_.push_back({text, {}});
      ref = found->second;
    }
    constexpr DurationMs kAhead = 600'000;
    if (t > store_->clock_->NowMs() + kAhead) return Status(Code::kOutOfBounds, "too far ahead");
    const auto& samples = store_->series_[ref - 1].samples;
    if (!samples.empty() && t < samples.back().t) return Status(Code::kOutOfOrder, "out of order");
    if (!samples.empty() && t == samples.back().t &&
        std::bit_cast<std::uint64_t>(samples.back().v) != std::bit_cast<std::uint64_t>(v)) {
      return Status(Code::kDuplicateSample, "duplicate");
    }
    batch_.push_back({ref, {t, v}});
    return ref;
  }
  Result<storage::SeriesRef> AppendHistogram(storage::SeriesRef, const Labels&, TimestampMs,
                                             std::shared_ptr<const FloatHistogram>) override {
    return InvalidArgument("not recorded");
  }
  Status Commit() override {
    if (store_->fail_commits_) return IoError("cannot write the log: disk full");
    const std::lock_guard lock(store_->mutex_);
    for (const auto& [ref, sample] : batch_) {
      auto& samples = store_->series_[ref - 1].samples;
      if (samples.empty() || samples.back().t < sample.t) samples.push_back(sample);
    }
    batch_.clear();
    ++store_->commits_;
    return {};
  }
  Status Rollback() override {
    batch_.clear();
    return {};
  }

 private:
  RecordingStore* const store_;
  std::vector<std::pair<storage::SeriesRef, Sample>> batch_;
};

std::unique_ptr<storage::Appender> RecordingStore::NewAppender() { return std::make_unique<RecordingAppender>(this); }

std::vector<Sample> RecordingStore::Of(const std::string& series) const {
  const std::lock_guard lock(mutex_);
  const auto found = refs_.find(series);
  return found == refs_.end() ? std::vector<Sample>() : series_[found->second - 1].samples;
}

std::vector<std::string> RecordingStore::SeriesNames() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [text, ref] : refs_) {
    if (!series_[ref - 1].samples.empty()) out.push_back(text);
  }
  return out;
}

std::size_t RecordingStore::SampleCount() const {
  const std::lock_guard lock(mutex_);
  std::size_t n = 0;
  for (const Series& series : series_) n += series.samples.size();
  return n;
}

int RecordingStore::commits() const {
  const std::lock_guard lock(mutex_);
  return commits_;
}

std::string RawServer::Connection::ReadRequest() {
  std::string out;
  char buffer[4096];
  while (out.find("\r\n\r\n") == std::string::npos) {
    const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
    if (n <= 0) break;
    out.append(buffer, static_cast<std::size_t>(n));
  }
  return out;
}

bool RawServer::Connection::Write(const std::string& text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t n = ::send(fd_, text.data() + at, text.size() - at, MSG_NOSIGNAL);
    if (n <= 0) return false;
    at += static_cast<std::size_t>(n);
  }
  return !*closing_;
}

void RawServer::Connection::HoldUntilClosed() {
  char buffer[4096];
  while (::recv(fd_, buffer, sizeof buffer, 0) > 0) {
  }
}

RawServer::RawServer(std::function<void(Connection&)> talk) : talk_(std::move(talk)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
  ::listen(listener_, 64);
  socklen_t size = sizeof address;
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

void RawServer::Accept() {
  while (true) {
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    const std::lock_guard lock(mutex_);
    if (closing_) {
      ::close(fd);
      return;
    }
    open_.push_back(fd);
    talks_.emplace_back([this, fd] {
      Connection connection(fd, &closing_);
      talk_(connection);
      ::shutdown(fd, SHUT_RDWR);  // closed by the destructor, so that the number is not reused before
    });
  }
}

RawServer::~RawServer() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& thread : talks_) thread.join();
  for (const int fd : open_) ::close(fd);
  ::close(listener_);
}

std::unique_ptr<RawServer> ServePage(std::string body, std::string content_type) {
  return std::make_unique<RawServer>(
      [body = std::move(body), content_type = std::move(content_type)](RawServer::Connection& c) {
        while (!c.ReadRequest().empty()) {
          if (!c.Write("HTTP/1.1 200 OK\r\nContent-Type: " + content_type +
                       "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body)) {
            return;
          }
        }
      });
}

bool WaitFor(const std::function<bool()>& condition, int limit_ms) {
  for (int waited = 0; waited < limit_ms; waited += 5) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

}  // namespace cachescope::collect
