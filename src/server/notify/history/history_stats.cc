#include "server/notify/history/history_stats.h"

#include <absl/time/time.h>

#include <algorithm>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>

namespace cachescope::notify {
namespace {

using Json = nlohmann::json;

// Sums behind the means of one name.
struct Sums {
  AlertHistory out;
  std::int64_t acknowledge = 0;
  std::int64_t resolve = 0;
};

// One label set.
struct Track {
  bool firing = false;
  bool acknowledged = false;
  bool flapped = false;
  TimestampMs since = 0;
  std::deque<TimestampMs> transitions;
};

class Reader {
 public:
  Reader(const HistoryOptions& options, absl::TimeZone zone) : options_(options), zone_(zone) {}

  void Read(const storage::StateEvent& event) {
    Sums& sums = names_[event.name];
    Track& track = tracks_[event.subject];
    if (event.kind == "firing") {
      Firing(event, &sums, &track);
    } else if (event.kind == "resolved") {
      Resolved(event, &sums, &track);
    } else if (event.kind == "acknowledged") {
      if (!track.firing || track.acknowledged) return;
      track.acknowledged = true;
      ++sums.out.acknowledged;
      sums.acknowledge += event.at - track.since;
    } else if (event.kind == "escalated") {
      ++sums.out.escalations;
    } else if (event.kind == "notified") {
      Notified(event, &sums);
    }
  }

  HistoryStats Finish(std::uint64_t events) {
    HistoryStats stats;
    Sums total;
    for (auto& [name, sums] : names_) {
      sums.out.name = name;
      Add(sums, &total);
      stats.alerts.push_back(Means(sums));
    }
    std::sort(stats.alerts.begin(), stats.alerts.end(), [](const AlertHistory& a, const AlertHistory& b) {
      return std::make_tuple(b.pages, b.firings, std::cref(a.name)) <
             std::make_tuple(a.pages, a.firings, std::cref(b.name));
    });
    stats.total = Means(total);
    stats.events = events;
    stats.unreadable = unreadable_;
    return stats;
  }

 private:
  void Transition(TimestampMs at, Sums* sums, Track* track) {
    track->transitions.push_back(at);
    while (track->transitions.front() < at - options_.flap_window) track->transitions.pop_front();
    if (track->flapped || track->transitions.size() < options_.flap_transitions) return;
    track->flapped = true;
    ++sums->out.flapping;
  }

  void Firing(const storage::StateEvent& event, Sums* sums, Track* track) {
    if (track->firing) return;  // a restart may tell of the same episode twice
    track->firing = true;
    track->acknowledged = false;
    track->since = event.at;
    ++sums->out.firings;
    sums->out.last_fired_at = std::max(sums->out.last_fired_at, event.at);
    Transition(event.at, sums, track);
  }

  void Resolved(const storage::StateEvent& event, Sums* sums, Track* track) {
    if (!track->firing) return;
    track->firing = false;
    ++sums->out.resolved;
    sums->resolve += event.at - track->since;
    sums->out.firing_ms += event.at - track->since;
    Transition(event.at, sums, track);
  }

  void Notified(const storage::StateEvent& event, Sums* sums) {
    const Json json = Json::parse(event.value, nullptr, false);
    if (!json.is_object()) {
      ++unreadable_;
      return;
    }
    if (!json.value("lead", false)) return;
    if (!json.value("ok", false)) {
      ++sums->out.failed;
    } else if (json.value("status", "") == "firing") {
      ++sums->out.pages;
      if (IsNight(event.at)) ++sums->out.night_pages;
    }
  }

  bool IsNight(TimestampMs at) const {
    const absl::CivilSecond civil = zone_.At(absl::FromUnixMillis(at)).cs;
    const int minute = civil.hour() * 60 + civil.minute();
    if (options_.night_begins <= options_.night_ends)
      return minute >= options_.night_begins && minute < options_.night_ends;
    return minute >= options_.night_begins || minute < options_.night_ends;
  }

  static void Add(const Sums& from, Sums* to) {
    to->acknowledge += from.acknowledge;
    to->resolve += from.resolve;
    for (auto field :
         {&AlertHistory::firings, &AlertHistory::resolved, &AlertHistory::acknowledged, &AlertHistory::pages,
          &AlertHistory::night_pages, &AlertHistory::failed, &AlertHistory::escalations, &AlertHistory::flapping})
      to->out.*field += from.out.*field;
    to->out.firing_ms += from.out.firing_ms;
    to->out.last_fired_at = std::max(to->out.last_fired_at, from.out.last_fired_at);
  }

  static AlertHistory Means(const Sums& sums) {
    AlertHistory out = sums.out;
    if (out.acknowledged != 0) out.mean_to_acknowledge = sums.acknowledge / static_cast<std::int64_t>(out.acknowledged);
    if (out.resolved != 0) out.mean_to_resolve = sums.resolve / static_cast<std::int64_t>(out.resolved);
    out.never_acknowledged = out.pages != 0 && out.acknowledged == 0;
    return out;
  }

  const HistoryOptions& options_;
  const absl::TimeZone zone_;
  std::map<std::string, Sums> names_;
  std::map<std::string, Track> tracks_;  // by fingerprint
  std::uint64_t unreadable_ = 0;
};

}  // namespace

Result<HistoryStats> ComputeHistoryStats(const std::vector<storage::StateEvent>& events,
                                         const HistoryOptions& options) {
  absl::TimeZone zone = absl::UTCTimeZone();
  if (!options.location.empty() && !absl::LoadTimeZone(options.location, &zone))
    return InvalidArgument("unknown time zone " + options.location);
  std::vector<const storage::StateEvent*> ordered;
  for (const storage::StateEvent& event : events) ordered.push_back(&event);
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) {
    return std::make_pair(a->at, a->id) < std::make_pair(b->at, b->id);
  });
  Reader reader(options, zone);
  for (const storage::StateEvent* event : ordered) reader.Read(*event);
  return reader.Finish(events.size());
}

}  // namespace cachescope::notify
