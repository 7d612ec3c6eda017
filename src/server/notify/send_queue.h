// Which notifications wait to be sent: one place per group and integration, however often the group changes meanwhile.
//
// Per receiver at most kPerReceiver are on their way at once; the group that waits longest goes first; a receiver that
// is slow or down holds up nobody else. Internal to the module; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"

namespace cachescope::notify {

class SendQueue {
 public:
  static constexpr int kPerReceiver = 8;
  static constexpr std::size_t kMaxWaiting = 20'000;

  struct Key {
    std::string group;            // Dispatcher::GroupId
    std::size_t integration = 0;  // of the receiver
    auto operator<=>(const Key&) const = default;
  };
  struct Job {
    std::string receiver;
    int attempt = 0;  // sends so far
    bool on_its_way = false;
    std::uint64_t order = 0;     // when its group came, first first
    TimestampMs not_before = 0;  // monotonic
    std::string last_id;         // of the notification that failed last
  };

  // Queues; a place that is there already stays as it is. False when the queue is full.
  bool Add(const Key& key, const std::string& receiver, TimestampMs now);
  bool Has(const Key& key) const { return jobs_.count(key) != 0; }
  Job* Find(const Key& key);
  bool HasGroup(const std::string& group) const;
  // The next to send; it is on its way until Done or Retry. nullopt: none may go now.
  std::optional<Key> Take(TimestampMs now);
  void Done(const Key& key);
  void Retry(const Key& key, TimestampMs not_before);
  // Lets one that waits for its retry go now.
  void Hurry(const Key& key, TimestampMs now);
  // Forgets all that are not on their way, and those once they are Done.
  void Clear();
  TimestampMs NextDue() const;  // monotonic, of those that wait for a retry; INT64_MAX
  std::size_t size() const { return jobs_.size(); }
  std::size_t lanes() const { return lanes_.size(); }  // receivers
  int on_their_way() const { return on_their_way_; }

 private:
  struct Lane {
    std::set<std::pair<std::uint64_t, Key>> ready;  // by order
    std::set<std::pair<TimestampMs, Key>> delayed;  // by not_before
    int on_their_way = 0;
  };
  std::map<Key, Job> jobs_;
  std::map<std::string, Lane> lanes_;  // by receiver
  std::uint64_t next_order_ = 0;
  int on_their_way_ = 0;
};

}  // namespace cachescope::notify
