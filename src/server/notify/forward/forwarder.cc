#include "server/notify/forward/forwarder.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/log.h"
#include "base/rfc3339.h"
#include "server/http/url.h"

namespace cachescope::notify {
namespace {

using Json = nlohmann::ordered_json;

Json TextMap(const Labels& labels) {
  Json out = Json::object();
  for (const LabelView& label : labels) out[std::string(label.name)] = std::string(label.value);
  return out;
}

}  // namespace

std::string ForwardBody(const std::vector<Alert>& alerts) {
  Json out = Json::array();
  for (const Alert& alert : alerts) {
    const TimestampMs end = alert.resolved_at != 0 ? alert.resolved_at : alert.valid_until;
    Json one = {
        {"labels", TextMap(alert.labels)},
        {"annotations", TextMap(alert.annotations)},
        {"startsAt", FormatRfc3339(alert.fired_at != 0 ? alert.fired_at : alert.active_at, TimeFraction::kMillis)},
        {"generatorURL", alert.generator_url}};
    if (end != 0) one["endsAt"] = FormatRfc3339(end, TimeFraction::kMillis);
    out.push_back(std::move(one));
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// One Alertmanager.
class Forwarder::Peer {
 public:
  Peer(http::Client* client, const ForwardTarget& target)
      : target_(target), fingerprint_(FingerprintOf(target)), client_(client, target.http), thread_([this] { Run(); }) {
    stats_.url = http::RedactedUrl(std::string_view(target.url));
  }
  ~Peer() {
    {
      const std::lock_guard lock(mu_);
      stopping_ = true;
    }
    ending_ = true;
    wake_.notify_all();
    thread_.join();
  }

  static std::string FingerprintOf(const ForwardTarget& target) {
    return target.url + "|" + std::to_string(target.timeout) + "|" + http::FingerprintOf(target.http);
  }
  const std::string& fingerprint() const { return fingerprint_; }

  void Put(const std::vector<Alert>& alerts) {
    {
      const std::lock_guard lock(mu_);
      waiting_.insert(waiting_.end(), alerts.begin(), alerts.end());
      while (waiting_.size() > kMaxWaiting) {
        waiting_.pop_front();
        ++stats_.dropped;
      }
    }
    wake_.notify_all();
  }

  ForwardStats Stats() const {
    const std::lock_guard lock(mu_);
    ForwardStats out = stats_;
    out.waiting = waiting_.size();
    return out;
  }

 private:
  void Run() {
    std::unique_lock lock(mu_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      const std::size_t count = std::min(kBatch, waiting_.size());
      const std::vector<Alert> batch(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
      waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
      lock.unlock();
      const Status status = Send(batch);
      lock.lock();
      if (status.ok()) {
        stats_.sent += count;
        stats_.last_error.clear();
        continue;
      }
      stats_.failed += count;
      // Once per outage: it is tried with every alert that comes.
      if (stats_.last_error.empty()) {
        LogWarn("cannot forward alerts", {{"alertmanager", stats_.url}, {"error", std::string(status.message())}});
      }
      stats_.last_error = status.message();
    }
  }

  Status Send(const std::vector<Alert>& batch) {
    http::ClientRequest request;
    request.method = "POST";
    request.url = target_.url;
    request.timeout = std::chrono::milliseconds(target_.timeout);
    request.headers = {{"Content-Type", "application/json"}};
    request.body = ForwardBody(batch);
    request.cancelled = &ending_;
    const Result<http::Response> response = client_.FetchBlocking(std::move(request));
    if (!response.ok()) return response.status();
    if (response->status / 100 == 2) return {};
    return Unavailable("it answered " + std::to_string(response->status) + ": " + response->body.substr(0, 200));
  }

  const ForwardTarget target_;
  const std::string fingerprint_;
  http::ConfiguredClient client_;
  mutable std::mutex mu_;
  std::condition_variable wake_;
  std::deque<Alert> waiting_;  // guarded by mu_, like the two below
  ForwardStats stats_;
  bool stopping_ = false;
  std::atomic<bool> ending_{false};
  std::thread thread_;  // last: it uses all of the above
};

struct Forwarder::Parts {
  const std::unique_ptr<http::Client> client = http::Client::New();
  mutable std::mutex mu;
  std::vector<std::unique_ptr<Peer>> peers;  // guarded by mu
};

Forwarder::Forwarder() : parts_(std::make_unique<Parts>()) {}

Forwarder::~Forwarder() { Stop(); }

void Forwarder::Apply(const std::vector<ForwardTarget>& targets) {
  std::vector<std::unique_ptr<Peer>> gone;  // ended after the lock is gone
  const std::lock_guard lock(parts_->mu);
  gone.swap(parts_->peers);
  for (const ForwardTarget& target : targets) {
    const std::string fingerprint = Peer::FingerprintOf(target);
    const auto known = std::find_if(gone.begin(), gone.end(), [&](const auto& peer) {
      return peer != nullptr && peer->fingerprint() == fingerprint;
    });
    if (known != gone.end()) {
      parts_->peers.push_back(std::move(*known));
    } else {
      parts_->peers.push_back(std::make_unique<Peer>(parts_->client.get(), target));
    }
  }
}

void Forwarder::Put(const std::vector<Alert>& alerts) {
  const std::lock_guard lock(parts_->mu);
  for (const auto& peer : parts_->peers) peer->Put(alerts);
}

std::vector<ForwardStats> Forwarder::Stats() const {
  const std::lock_guard lock(parts_->mu);
  std::vector<ForwardStats> out;
  for (const auto& peer : parts_->peers) out.push_back(peer->Stats());
  return out;
}

void Forwarder::Stop() {
  std::vector<std::unique_ptr<Peer>> gone;
  const std::lock_guard lock(parts_->mu);
  gone.swap(parts_->peers);
}

}  // namespace cachescope::notify
