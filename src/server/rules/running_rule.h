// What a rule group works with: a rule that runs, and what an evaluation may use. Internal to the module. Plain data;
// the group's mutexes guard it.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/promql/ast.h"
#include "server/rules/alert_states.h"
#include "server/rules/alert_texts.h"
#include "server/rules/rule_file.h"
#include "server/rules/rule_manager.h"
#include "server/rules/selector_check.h"
#include "server/rules/written_series.h"

namespace cachescope::rules {

// Lends threads that have nothing else to do. Thread-safe.
class Helpers {
 public:
  virtual ~Helpers() = default;
  // How many would start at once. A hint.
  virtual std::size_t Idle() const = 0;
  virtual void Post(std::function<void()> task) = 0;
};

// What an evaluation uses; all outlive the group.
struct EvaluationContext {
  const promql::Engine* engine = nullptr;
  storage::Storage* storage = nullptr;
  AlertSink* sink = nullptr;                     // may be null
  Helpers* helpers = nullptr;                    // may be null: rules run one after the other
  const std::atomic<bool>* cancelled = nullptr;  // may be null
  bool expand_annotations = true;                // false: nobody will read them
  bool write = true;                             // false: nothing goes into the store
  // Told of each pending alert that vanishes before it fires; may be empty.
  std::function<void(const Alert&)> dropped_pending;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

// The page that shows a rule's expression.
std::string GeneratorUrl(const std::string& external_url, const std::string& query);

struct RunningRule {
  RuleDefinition definition;  // with the labels of the group
  promql::ExprPtr expr;
  std::string query;    // canonical text
  Overrides overrides;  // of a recording rule's results
  std::unique_ptr<AlertTexts> texts;
  AlertStates alerts;
  WrittenSeries written;
  std::string health = "unknown";
  std::string last_error;
  double evaluation_seconds = 0;
  TimestampMs last_evaluation = 0;
  std::vector<SelectorFinding> selectors;
};

}  // namespace cachescope::rules
