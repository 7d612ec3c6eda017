// Idle connections of a Client by peer, for reuse. Bounded in number and in age. Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "server/http/transport.h"

namespace cachescope::http {

class ConnectionPool {
 public:
  static constexpr std::size_t kMaxPerPeer = 8;
  static constexpr std::size_t kMaxIdle = 512;
  // Shorter than the two minutes after which our own server closes an idle connection.
  static constexpr std::chrono::seconds kIdleTime{90};

  // Scheme, host, port, the proxy in between and everything that decides whom TLS trusts. `proxy` may be null.
  static std::string KeyOf(const Url& url, const TlsOptions& tls, const Url* proxy);

  // The connection used last, null when there is none that still looks alive.
  std::unique_ptr<ParkedConnection> Take(const std::string& key);
  void Put(const std::string& key, std::unique_ptr<ParkedConnection> connection);

 private:
  struct Entry {
    std::string key;
    std::chrono::steady_clock::time_point since;
    std::unique_ptr<ParkedConnection> connection;
  };

  std::mutex mu_;
  std::list<Entry> idle_;  // guarded by mu_; oldest first
};

}  // namespace cachescope::http
