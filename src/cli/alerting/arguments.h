// What the verbs about alerts take from the command line: alerts, silence, threshold, route, receiver.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"

namespace cachescope::cli {

struct AlertingArguments {
  std::string url;
  std::string config;                 // route: a file instead of the running server
  std::vector<std::string> matchers;  // as typed: severity="page", 'instance=~a.*'; or fingerprints
  std::string author;                 // empty: the user's name
  std::string comment;
  std::string start;  // of a silence: RFC 3339; empty: now
  std::string end;    // wins over `duration`
  DurationMs duration = 3600'000;
  DurationMs since = 0;  // history, stats; 0: the default of the verb
  std::size_t limit = 50;
  std::string kind;   // history
  std::string alert;  // history: name of the alert
  bool all = false;   // expired silences too; alerts: silenced and inhibited ones too
  // thresholds
  std::string id, name, expr, op, severity, summary, value;
  DurationMs hold = 0;
  DurationMs cooldown = 0;
  std::vector<std::string> escalation;  // "10m:critical:second-line"
  bool disable = false;
};

}  // namespace cachescope::cli
