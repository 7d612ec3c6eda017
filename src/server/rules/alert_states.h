// The alerts of one alerting rule and how they move: pending, firing, resolved, forgotten; and the ALERTS and
// ALERTS_FOR_STATE series that tell of them.
//
// The states are those of Prometheus. Not thread-safe: the group's mutex guards it.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/alert.h"
#include "server/rules/group_timer.h"
#include "server/storage/appender.h"

namespace cachescope::rules {

// An alert with what only the rule needs to know. Times with `_steady` are on the clock that does not jump; the rest of
// `alert` is wall time, for people and series.
struct ActiveAlert {
  Alert alert;  // without generator_url: it is the same for all alerts of a rule
  TimestampMs active_steady = 0;
  TimestampMs keep_firing_steady = 0;
  TimestampMs resolved_steady = 0;
  TimestampMs sent_steady = 0;
  bool told = false;       // since it last became pending
  std::uint64_t seen = 0;  // the evaluation that found it last
  storage::SeriesRef alerts_ref = 0;
  storage::SeriesRef since_ref = 0;
  AlertState written = AlertState::kInactive;  // state of the ALERTS series that stands; inactive: none does
};

// One element of a result on its way into the states.
struct AlertElement {
  ActiveAlert* alert = nullptr;  // found or new
  double value = 0;
  bool new_annotations = false;
  Labels annotations;
};

struct AlertTiming {
  DurationMs hold = 0;         // for
  DurationMs keep_firing = 0;  // keep_firing_for
  std::int64_t limit = 0;      // most pending and firing alerts; 0: no limit
  bool hold_absent = false;    // alerts that are not in the result stay as they are: the clock has jumped
  const std::function<void(const Alert&)>* dropped_pending = nullptr;  // told of pending alerts that vanish
};

class AlertStates {
 public:
  AlertStates() = default;
  AlertStates(AlertStates&&) = default;
  AlertStates& operator=(AlertStates&&) = default;

  // Begins an evaluation: Find marks what it returns as seen.
  void Begin() { ++evaluation_; }
  // The alert with these labels, made when there is none. Null when this evaluation has seen it already.
  ActiveAlert* Find(Labels labels);
  // Takes back alerts that Find made in this evaluation: the result was no good.
  void Abandon();
  // Moves all states as of `time`. kLimitExceeded: all alerts are dropped, as upstream does.
  Status Advance(std::vector<AlertElement> elements, const EvaluationTime& time, const AlertTiming& timing);

  // Appends ALERTS and ALERTS_FOR_STATE as of `t` and ends the series of alerts that changed state or are gone. The
  // first error that matters is returned, the rest is written all the same. Written() follows when it is stored.
  Status Write(storage::Appender* appender, TimestampMs t);
  void Written() { ended_.clear(); }
  // Ends every series at the next Write.
  void EndAll();

  // Firing and resolved alerts that must be told now, marked as told; `valid` is how long what is told holds.
  std::vector<Alert> TakeDue(const EvaluationTime& time, DurationMs resend, DurationMs valid);

  // Pending and firing, sorted by labels.
  std::vector<Alert> Active() const;
  struct Counts {
    std::size_t pending = 0;
    std::size_t firing = 0;
  };
  Counts Count() const;
  AlertState Worst() const;
  bool empty() const { return alerts_.empty() && ended_.empty(); }
  // For restoring: each pending alert.
  template <typename F>
  void VisitPending(F visit) {
    for (auto& [key, alert] : alerts_) {
      if (alert->alert.state == AlertState::kPending) visit(alert.get());
    }
  }

 private:
  struct Ended {
    Labels labels;  // of the series
    storage::SeriesRef ref;
  };
  void End(const ActiveAlert& alert, bool also_since);
  // Whether the alert is forgotten.
  bool AdvanceAbsent(ActiveAlert* alert, const EvaluationTime& time, const AlertTiming& timing);

  std::unordered_map<std::string_view, std::unique_ptr<ActiveAlert>> alerts_;  // by bytes of the alert's own labels
  std::vector<ActiveAlert*> made_;                                             // by this evaluation
  std::vector<Ended> ended_;                                                   // series to end at the next Write
  std::uint64_t evaluation_ = 0;
};

}  // namespace cachescope::rules
