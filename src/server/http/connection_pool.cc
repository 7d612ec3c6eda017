#include "server/http/connection_pool.h"

#include <algorithm>
#include <utility>

namespace cachescope::http {

std::string ConnectionPool::KeyOf(const Url& url, const TlsOptions& tls, const Url* proxy) {
  std::string key = url.scheme + "://" + url.host + ":" + std::to_string(url.port);
  if (proxy != nullptr) {
    key += "|" + proxy->user + ":" + proxy->password + "@" + proxy->host + ":" + std::to_string(proxy->port);
  }
  if (url.scheme != "https") return key;
  for (const std::string* part :
       {&tls.ca_file, &tls.cert_file, &tls.key_file, &tls.server_name, &tls.ca, &tls.cert, &tls.key}) {
    key += '\0' + *part;
  }
  key += std::to_string(tls.min_version) + "-" + std::to_string(tls.max_version);
  return key + (tls.insecure_skip_verify ? "|insecure" : "|verify");
}

std::unique_ptr<ParkedConnection> ConnectionPool::Take(const std::string& key) {
  std::list<Entry> dead;  // closed after the lock is gone
  const std::lock_guard lock(mu_);
  const auto now = std::chrono::steady_clock::now();
  while (!idle_.empty() && now - idle_.front().since > kIdleTime) dead.splice(dead.end(), idle_, idle_.begin());
  for (auto it = idle_.end(); it != idle_.begin();) {
    --it;
    if (it->key != key) continue;
    const auto next = std::next(it);
    dead.splice(dead.end(), idle_, it);
    it = next;
    if (dead.back().connection->Usable()) return std::move(dead.back().connection);
  }
  return nullptr;
}

void ConnectionPool::Put(const std::string& key, std::unique_ptr<ParkedConnection> connection) {
  if (!connection) return;
  std::list<Entry> dead;
  const std::lock_guard lock(mu_);
  const auto same = [&](const Entry& entry) { return entry.key == key; };
  if (static_cast<std::size_t>(std::count_if(idle_.begin(), idle_.end(), same)) >= kMaxPerPeer) {
    dead.splice(dead.end(), idle_, std::find_if(idle_.begin(), idle_.end(), same));
  } else if (idle_.size() >= kMaxIdle) {
    dead.splice(dead.end(), idle_, idle_.begin());
  }
  idle_.push_back({key, std::chrono::steady_clock::now(), std::move(connection)});
}

}  // namespace cachescope::http
