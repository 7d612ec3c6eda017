// A silence: for a while, alerts that match it are not told. Plain data with its text form.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/matcher.h"

namespace cachescope::notify {

enum class SilenceState : unsigned char { kPending, kActive, kExpired };
std::string_view SilenceStateName(SilenceState state) noexcept;  // "pending", "active", "expired"

struct Silence {
  std::string id;  // a UUID; empty in a request that creates one
  std::vector<Matcher> matchers;
  TimestampMs starts_at = 0;
  TimestampMs ends_at = 0;
  TimestampMs updated_at = 0;
  std::string created_by;
  std::string comment;
  std::vector<std::pair<std::string, std::string>> annotations;

  SilenceState StateAt(TimestampMs now) const;
};

struct SilenceLimits {
  std::size_t max_silences = 10'000;         // expired ones that are still kept included
  std::size_t max_silence_bytes = 64 << 10;  // as JSON
  std::size_t max_matchers = 100;
};

// Upstream's rules: matchers there are, names are valid, not all of them match an empty value; the end is after the
// start and both are given. kInvalidArgument says "invalid silence: …".
Status ValidateSilence(const Silence& silence, const SilenceLimits& limits);

// JSON for the state store, without loss.
std::string SilenceToJson(const Silence& silence);
Result<Silence> SilenceFromJson(std::string_view text);  // kCorruption

}  // namespace cachescope::notify
