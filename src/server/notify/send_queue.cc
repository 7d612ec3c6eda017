#include "server/notify/send_queue.h"

#include <algorithm>
#include <limits>

namespace cachescope::notify {

bool SendQueue::Add(const Key& key, const std::string& receiver, TimestampMs now) {
  if (jobs_.count(key) != 0) return true;
  if (jobs_.size() >= kMaxWaiting) return false;
  Job job;
  job.receiver = receiver;
  job.order = next_order_++;
  job.not_before = now;
  lanes_[receiver].ready.insert({job.order, key});
  jobs_.emplace(key, std::move(job));
  return true;
}

SendQueue::Job* SendQueue::Find(const Key& key) {
  const auto found = jobs_.find(key);
  return found == jobs_.end() ? nullptr : &found->second;
}

bool SendQueue::HasGroup(const std::string& group) const {
  const auto found = jobs_.lower_bound({group, 0});
  return found != jobs_.end() && found->first.group == group;
}

std::optional<SendQueue::Key> SendQueue::Take(TimestampMs now) {
  Lane* best = nullptr;
  for (auto& [receiver, lane] : lanes_) {
    while (!lane.delayed.empty() && lane.delayed.begin()->first <= now) {
      const Key key = lane.delayed.begin()->second;
      lane.delayed.erase(lane.delayed.begin());
      lane.ready.insert({jobs_.at(key).order, key});
    }
    if (lane.ready.empty() || lane.on_their_way >= kPerReceiver) continue;
    if (best == nullptr || lane.ready.begin()->first < best->ready.begin()->first) best = &lane;
  }
  if (best == nullptr) return std::nullopt;
  const Key key = best->ready.begin()->second;
  best->ready.erase(best->ready.begin());
  ++best->on_their_way;
  ++on_their_way_;
  jobs_.at(key).on_its_way = true;
  return key;
}

void SendQueue::Done(const Key& key) {
  const auto found = jobs_.find(key);
  if (found == jobs_.end()) return;
  Lane& lane = lanes_[found->second.receiver];
  if (found->second.on_its_way) {
    --lane.on_their_way;
    --on_their_way_;
  }
  lane.ready.erase({found->second.order, key});
  lane.delayed.erase({found->second.not_before, key});
  if (lane.ready.empty() && lane.delayed.empty() && lane.on_their_way == 0) lanes_.erase(found->second.receiver);
  jobs_.erase(found);
}

void SendQueue::Retry(const Key& key, TimestampMs not_before) {
  Job* job = Find(key);
  if (job == nullptr || !job->on_its_way) return;
  Lane& lane = lanes_[job->receiver];
  --lane.on_their_way;
  --on_their_way_;
  job->on_its_way = false;
  job->not_before = not_before;
  lane.delayed.insert({not_before, key});
}

void SendQueue::Hurry(const Key& key, TimestampMs now) {
  Job* job = Find(key);
  if (job == nullptr || job->on_its_way) return;
  Lane& lane = lanes_[job->receiver];
  if (lane.delayed.erase({job->not_before, key}) == 0) return;
  job->not_before = now;
  job->attempt = 0;
  lane.ready.insert({job->order, key});
}

void SendQueue::Clear() {
  for (auto it = jobs_.begin(); it != jobs_.end();) {
    if (it->second.on_its_way) {
      ++it;
      continue;
    }
    Lane& lane = lanes_[it->second.receiver];
    lane.ready.erase({it->second.order, it->first});
    lane.delayed.erase({it->second.not_before, it->first});
    it = jobs_.erase(it);
  }
}

TimestampMs SendQueue::NextDue() const {
  TimestampMs next = std::numeric_limits<TimestampMs>::max();
  for (const auto& [receiver, lane] : lanes_) {
    if (!lane.delayed.empty()) next = std::min(next, lane.delayed.begin()->first);
  }
  return next;
}

}  // namespace cachescope::notify
