#include "server/notify/silences/silence_store.h"

#include <algorithm>
#include <random>

#include "server/notify/matchers.h"

namespace cachescope::notify {
namespace {

constexpr const char* kKind = "silence";

bool SameMatchers(std::vector<Matcher> a, std::vector<Matcher> b) {
  SortMatchers(&a);
  SortMatchers(&b);
  return MatchersText(a) == MatchersText(b);
}

// Whether `next` may replace `old` under the same id.
bool CanUpdate(const Silence& old, const Silence& next, TimestampMs now) {
  if (!SameMatchers(old.matchers, next.matchers)) return false;
  switch (old.StateAt(now)) {
    case SilenceState::kActive:
      return next.starts_at == old.starts_at && next.ends_at >= now;
    case SilenceState::kPending:
      return next.starts_at >= now;
    case SilenceState::kExpired:
      return false;
  }
  return false;
}

// Ends it now; one that has not begun gets an empty span.
void End(Silence* silence, TimestampMs now) {
  if (silence->StateAt(now) == SilenceState::kPending) silence->starts_at = now;
  silence->ends_at = now;
  silence->updated_at = now;
}

}  // namespace

std::string NewUuid() {
  static thread_local std::mt19937_64 random{std::random_device{}() * 0x9e3779b97f4a7c15ULL ^ std::random_device{}()};
  std::uint64_t high = random();
  std::uint64_t low = random();
  high = (high & ~0xf000ULL) | 0x4000ULL;
  low = (low & ~(3ULL << 62)) | (2ULL << 62);
  char text[37];
  std::snprintf(text, sizeof text, "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16 & 0xffff), static_cast<unsigned>(high & 0xffff),
                static_cast<unsigned>(low >> 48), static_cast<unsigned long long>(low & 0xffffffffffffULL));
  return text;
}

Status SilenceStore::Load(TimestampMs now) {
  if (store_ == nullptr) return {};
  CACHESCOPE_ASSIGN_OR_RETURN(const auto rows, store_->All(kKind));
  Status first;
  const std::lock_guard lock(mu_);
  for (const storage::StateRow& row : rows) {
    auto silence = SilenceFromJson(row.value);
    if (!silence.ok()) {
      if (first.ok()) first = silence.status().WithPrefix("cannot read silence " + row.key);
    } else if (silence->ends_at + kRetention > now) {
      silences_[silence->id] = std::move(*silence);
    }
  }
  return first;
}

Status SilenceStore::Write(const std::vector<Silence>& silences) {
  if (store_ != nullptr) {
    std::vector<storage::StateRow> rows;
    for (const Silence& silence : silences)
      rows.push_back({kKind, silence.id, SilenceToJson(silence), silence.updated_at, silence.ends_at + kRetention});
    CACHESCOPE_RETURN_IF_ERROR(store_->Put(rows));
  }
  for (const Silence& silence : silences) silences_[silence.id] = silence;
  return {};
}

Result<std::string> SilenceStore::Create(Silence silence, TimestampMs now, std::vector<Silence> also) {
  if (silences_.size() >= limits_.max_silences) {
    return LimitExceeded("exceeded maximum number of silences: " + std::to_string(silences_.size()) +
                         " (limit: " + std::to_string(limits_.max_silences) + ")");
  }
  silence.id = NewUuid();
  if (silence.starts_at < now) silence.starts_at = now;
  also.push_back(silence);
  CACHESCOPE_RETURN_IF_ERROR(Write(also));
  return silence.id;
}

Result<std::string> SilenceStore::Set(Silence silence, TimestampMs now) {
  silence.updated_at = now;
  // A start in the past, or none, is now.
  const TimestampMs stated_start = silence.starts_at;
  if (silence.starts_at < now) silence.starts_at = std::max<TimestampMs>(now, 1);
  if (silence.ends_at != 0 && silence.ends_at <= now)
    return InvalidArgument("invalid silence: end time can't be in the past");
  CACHESCOPE_RETURN_IF_ERROR(ValidateSilence(silence, limits_));
  const std::lock_guard lock(mu_);
  if (silence.id.empty()) return Create(std::move(silence), now, {});
  const auto found = silences_.find(silence.id);
  if (found == silences_.end()) return NotFound("silence " + silence.id + " not found");
  const Silence& old = found->second;
  if (stated_start == old.starts_at) silence.starts_at = old.starts_at;
  if (CanUpdate(old, silence, now)) {
    CACHESCOPE_RETURN_IF_ERROR(Write({silence}));
    return silence.id;
  }
  std::vector<Silence> also;
  if (old.StateAt(now) != SilenceState::kExpired) {
    also.push_back(old);
    End(&also.back(), now);
  }
  return Create(std::move(silence), now, std::move(also));
}

Status SilenceStore::Expire(const std::string& id, TimestampMs now) {
  const std::lock_guard lock(mu_);
  const auto found = silences_.find(id);
  if (found == silences_.end()) return NotFound("silence " + id + " not found");
  if (found->second.StateAt(now) == SilenceState::kExpired)
    return InvalidArgument("silence " + id + " already expired");
  Silence ended = found->second;
  End(&ended, now);
  return Write({ended});
}

Result<Silence> SilenceStore::Get(const std::string& id) const {
  const std::lock_guard lock(mu_);
  const auto found = silences_.find(id);
  if (found == silences_.end()) return NotFound("silence " + id + " not found");
  return found->second;
}

std::vector<Silence> SilenceStore::All() const {
  const std::lock_guard lock(mu_);
  std::vector<Silence> out;
  for (const auto& [id, silence] : silences_) out.push_back(silence);
  return out;
}

std::vector<std::string> SilenceStore::SilencedBy(const Labels& labels, TimestampMs now) const {
  const std::lock_guard lock(mu_);
  std::vector<std::string> out;
  for (const auto& [id, silence] : silences_) {
    if (silence.StateAt(now) == SilenceState::kActive && MatchAll(silence.matchers, labels)) out.push_back(id);
  }
  return out;
}

void SilenceStore::Collect(TimestampMs now) {
  const std::lock_guard lock(mu_);
  for (auto it = silences_.begin(); it != silences_.end();) {
    if (it->second.ends_at + kRetention > now) {
      ++it;
      continue;
    }
    // A row that cannot be removed now goes with the store's own expiry.
    if (store_ != nullptr) (void)store_->Erase(kKind, it->first).ok();
    it = silences_.erase(it);
  }
}

std::size_t SilenceStore::size() const {
  const std::lock_guard lock(mu_);
  return silences_.size();
}

}  // namespace cachescope::notify
