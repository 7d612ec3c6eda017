// Stories on simulated time: what is told, to whom and when, across silences, acknowledgements, escalations and
// restarts. Numbers are seconds; the clock starts at 1000.
#include <gtest/gtest.h>

#include <random>

#include "server/notify/history/history_stats.h"
#include "server/notify/matchers.h"
#include "server/notify/notify_fixture.h"

namespace cachescope::notify {
namespace {

using Lines = std::vector<std::string>;

class StoryTest : public NotifyFixture {
 protected:
  static std::string Yaml(const std::string& more, const std::vector<std::string>& names = {"a", "b"}) {
    return "route: {receiver: a, group_by: [alertname], group_wait: 0s, group_interval: 1m, repeat_interval: 10m}\n" +
           Receivers(names) + more;
  }
  std::string Silence(const std::string& matchers, DurationMs length) {
    notify::Silence silence;
    silence.matchers = *ParseMatchers(matchers);
    silence.starts_at = clock_.NowMs();
    silence.ends_at = clock_.NowMs() + length;
    silence.created_by = "me";
    const auto id = notifier_->silences().Set(silence, clock_.NowMs());
    EXPECT_TRUE(id.ok()) << id.status().ToString();
    return id.value_or("");
  }
  const AlertView* View(const AlertSnapshot& snapshot, const std::string& name) {
    for (const AlertView& view : snapshot.alerts) {
      if (view.alert.labels.Get("alertname") == name) return &view;
    }
    return nullptr;
  }
};

TEST_F(StoryTest, InhibitedWhileTheSourceFires) {
  Apply(
      Yaml("inhibit_rules: [{source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [c]}]"));
  const Alert down = Firing({{"alertname", "down"}, {"severity", "critical"}, {"c", "1"}});
  const Alert slow = Firing({{"alertname", "slow"}, {"severity", "warning"}, {"c", "1"}});
  const Alert other = Firing({{"alertname", "other"}, {"severity", "warning"}, {"c", "2"}});
  notifier_->Put({down, slow, other});
  At(1'000'000);
  Lines lines = Take();
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines, (Lines{"1000 a: firing:down", "1000 a: firing:other"}));
  const auto snapshot = notifier_->Snapshot();
  ASSERT_EQ(snapshot.alerts.size(), 3U);
  EXPECT_EQ(View(snapshot, "slow")->status.state, AlertProcessing::kSuppressed);
  EXPECT_EQ(View(snapshot, "slow")->status.inhibited_by, (Lines{FingerprintText(FingerprintOf(down.labels))}));
  EXPECT_EQ(View(snapshot, "down")->status.state, AlertProcessing::kActive);
  EXPECT_EQ(View(snapshot, "down")->receivers, (Lines{"a"}));
  clock_.SetMs(1'030'000);
  Put(Resolved(down));
  Until(1'070'000);
  lines = Take();
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines, (Lines{"1060 a: firing:slow", "1060 a: resolved:down"}));
}

TEST_F(StoryTest, SilencedThenToldAndAResolutionUnderASilenceIsNotLost) {
  Apply(Yaml(""));
  const std::string id = Silence("alertname=x", 5 * kMinute);
  const Alert alert = Firing({{"alertname", "x"}});
  Put(alert);
  At(1'000'000);
  Until(1'200'000, 10'000);
  EXPECT_TRUE(Take().empty());
  EXPECT_EQ(View(notifier_->Snapshot(), "x")->status.silenced_by, (Lines{id}));
  EXPECT_EQ(CountEvents("suppressed"), 1U);
  Until(1'310'000, 10'000);
  EXPECT_EQ(Take(), (Lines{"1300 a: firing:x"}));
  Silence("alertname=x", 3 * kMinute);
  Put(Resolved(alert));
  Until(1'480'000, 10'000);
  EXPECT_TRUE(Take().empty());
  Until(1'560'000, 10'000);
  EXPECT_EQ(Take(), (Lines{"1540 a: resolved:x"}));
}

TEST_F(StoryTest, SilencesSurviveARestart) {
  Apply(Yaml(""));
  Silence("alertname=x", 5 * kMinute);
  Restart();
  Put(Firing({{"alertname", "x"}}));
  Until(1'290'000, 10'000);
  EXPECT_TRUE(Take().empty());
}

TEST_F(StoryTest, ARestartRepeatsNothingAndLosesNoResolution) {
  Apply(Yaml(""));
  const Alert one = Firing({{"alertname", "x"}, {"n", "1"}});
  const Alert two = Firing({{"alertname", "x"}, {"n", "2"}});
  notifier_->Put({one, two});
  At(1'000'000);
  EXPECT_EQ(Take(), (Lines{"1000 a: firing:1 firing:2"}));
  Restart();
  Until(1'030'000);
  // Rules report again what still fires, as if it had begun now; the other one is never heard of again.
  Put(Firing(one.labels));
  Until(1'299'000);
  EXPECT_TRUE(Take().empty()) << "nothing is resolved before the sender had time to speak";
  Put(Firing(one.labels));
  Until(1'420'000);
  const Lines lines = Take();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("a: firing:1 resolved:2"), std::string::npos) << lines[0];
}

TEST_F(StoryTest, RepeatIntervalHoldsAcrossRestarts) {
  Apply(Yaml(""));
  Put(Firing({{"alertname", "x"}}));
  for (int i = 0; i < 60; ++i) {
    Until(clock_.NowMs() + 20'000, 10'000);
    Restart();
    Put(Firing({{"alertname", "x"}}));
  }
  TimestampMs last = 0;
  ASSERT_GE(told_.size(), 2U);
  for (const Message& message : told_) {
    EXPECT_GE(message.at - last, 10 * kMinute);
    EXPECT_EQ(message.status(), "firing");
    last = message.at;
  }
}

TEST_F(StoryTest, AcknowledgedIsSilentUntilItIsOverThenArmedAgain) {
  Apply(Yaml(""));
  const Alert alert = Firing({{"alertname", "x"}});
  Put(alert);
  At(1'000'000);
  ASSERT_EQ(Take().size(), 1U);
  const auto acked = notifier_->Acknowledge(*ParseMatchers("alertname=x"), "me", "on it");
  ASSERT_TRUE(acked.ok()) << acked.status().ToString();
  EXPECT_EQ(acked->size(), 1U);
  EXPECT_FALSE(notifier_->Acknowledge(*ParseMatchers("alertname=z"), "me", "").ok());
  Until(1'900'000, 10'000);
  EXPECT_TRUE(Take().empty()) << "it does not repeat";
  Restart();
  Put(Firing(alert.labels));
  Until(2'000'000, 10'000);
  EXPECT_TRUE(Take().empty()) << "the acknowledgement survives";
  ASSERT_TRUE(View(notifier_->Snapshot(), "x")->status.acknowledged.has_value());
  EXPECT_EQ(View(notifier_->Snapshot(), "x")->status.acknowledged->comment, "on it");
  Put(Resolved(alert));
  Until(2'070'000, 10'000);
  Lines lines = Take();
  ASSERT_EQ(lines.size(), 1U) << "its end is told";
  EXPECT_NE(lines[0].find("resolved:x"), std::string::npos);
  Put(Firing(alert.labels));
  Until(2'140'000, 10'000);
  lines = Take();
  ASSERT_EQ(lines.size(), 1U) << "and it is armed again";
  EXPECT_NE(lines[0].find("firing:x"), std::string::npos);
}

TEST_F(StoryTest, UnacknowledgedSpeaksAgain) {
  Apply(Yaml(""));
  Put(Firing({{"alertname", "x"}}));
  At(1'000'000);
  ASSERT_EQ(Take().size(), 1U);
  const Fingerprint x = FingerprintOf(Labels{{"alertname", "x"}});
  ASSERT_TRUE(notifier_->Acknowledge(x, "me", "").ok());
  Until(2'000'000, 10'000);
  EXPECT_TRUE(Take().empty());
  ASSERT_TRUE(notifier_->Unacknowledge(x, "me").ok());
  EXPECT_EQ(notifier_->Unacknowledge(x, "me").code(), Code::kNotFound);
  Until(2'070'000, 10'000);
  EXPECT_EQ(Take().size(), 1U);
}

TEST_F(StoryTest, ClimbsTheStepsOnceAcrossARestartAndTellsTheEndToEverybody) {
  Apply(
      Yaml("escalations: [{name: e, matchers: [severity=warning], steps: [{after: 5m, severity: critical, receiver: "
           "b}, {after: 20m, receiver: c}]}]",
           {"a", "b", "c"}));
  const Alert alert = Firing({{"alertname", "x"}, {"severity", "warning"}});
  Put(alert);
  At(1'000'000);
  Until(1'299'000);
  EXPECT_EQ(Take(), (Lines{"1000 a: firing:x"}));
  Until(1'301'000);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].to, "b");
  EXPECT_EQ(told_[0].body["alerts"][0]["labels"]["severity"], "critical");
  told_.clear();
  Restart();
  Put(Firing(alert.labels));
  Until(1'500'000, 5000);
  EXPECT_TRUE(Take().empty()) << "no step twice";
  ASSERT_TRUE(notifier_->Acknowledge(*ParseMatchers("alertname=x"), "me", "").ok());
  Until(2'600'000, 10'000);
  EXPECT_TRUE(Take().empty()) << "an acknowledgement ends the climb";
  Put(Resolved(alert));
  Until(2'700'000, 10'000);
  Lines to;
  for (const Message& message : told_) {
    EXPECT_EQ(message.status(), "resolved");
    to.push_back(message.to);
  }
  std::sort(to.begin(), to.end());
  EXPECT_EQ(to, (Lines{"a", "b"}));
  EXPECT_EQ(CountEvents("escalated"), 1U);
}

TEST_F(StoryTest, ACooledAlertIsToldOnlyWhenItStillFiresAtTheEnd) {
  Apply(Yaml("cooldowns: [{matchers: [alertname=x], cooldown: 30m}]"));
  Alert alert = Firing({{"alertname", "x"}});
  Put(alert);
  Until(1'010'000);
  clock_.SetMs(1'050'000);
  Put(Resolved(alert));
  Until(1'070'000);
  ASSERT_EQ(Take().size(), 2U);
  // A short episode inside the cooldown, then one that stays.
  clock_.SetMs(1'200'000);
  alert = Firing({{"alertname", "x"}});
  Put(alert);
  Until(1'400'000, 10'000);
  EXPECT_NE(View(notifier_->Snapshot(), "x")->status.cooldown_until, 0);
  Put(Resolved(alert));
  Until(1'600'000, 10'000);
  alert = Firing({{"alertname", "x"}});
  Put(alert);
  Restart();
  Put(alert);
  Until(2'840'000, 10'000);
  EXPECT_TRUE(Take().empty());
  Until(2'920'000, 10'000);
  EXPECT_EQ(Take().size(), 1U) << "it still fires at 1050 + 1800 s";
}

TEST_F(StoryTest, MutedByTheCalendar) {
  Apply(
      "route: {receiver: a, group_wait: 0s, group_interval: 1m, routes: [{receiver: a, mute_time_intervals: "
      "[hour]}]}\n" +
      Receivers({"a"}) +
      "time_intervals: [{name: hour, time_intervals: [{times: [{start_time: '00:00', end_time: "
      "'00:20'}]}]}]");
  Put(Firing({{"alertname", "x"}}));
  At(1'000'000);
  Until(1'190'000, 10'000);
  EXPECT_TRUE(Take().empty());
  const auto snapshot = notifier_->Snapshot();
  ASSERT_EQ(snapshot.groups.size(), 1U);
  EXPECT_EQ(snapshot.groups[0].muted_by, (Lines{"hour"}));
  EXPECT_EQ(snapshot.alerts[0].status.state, AlertProcessing::kSuppressed);
  Until(1'250'000, 10'000);
  EXPECT_EQ(Take(), (Lines{"1240 a: firing:x"}));
}

TEST_F(StoryTest, AWallClockThatJumpsResolvesNothingAndRepeatsNothing) {
  split_clocks_ = true;
  Restart();
  Apply(Yaml(""));
  Alert alert = Firing({{"alertname", "x"}});
  alert.valid_until = clock_.NowMs() + 4 * kMinute;
  Put(alert);
  notifier_->RunDue();
  ASSERT_EQ(Take().size(), 1U);
  for (const DurationMs jump : {3600'000LL, -3600'000LL, 86'400'000LL, -86'400'000LL, -2000LL}) {
    clock_.AdvanceMs(jump);
    mono_.AdvanceMs(60'000);
    alert.valid_until = clock_.NowMs() + 4 * kMinute;
    notifier_->RunDue();
    EXPECT_TRUE(Take().empty()) << jump;
    Put(alert);
    notifier_->RunDue();
  }
}

TEST_F(StoryTest, AlertsFromOutsideGetUpstreamsDefaults) {
  Apply(Yaml("global: {resolve_timeout: 2m}"));
  ExternalAlert in;
  in.labels = {{"alertname", "x"}};
  ExternalAlert bad;
  ExternalAlert backwards;
  backwards.labels = {{"alertname", "y"}};
  backwards.starts_at = 500'000;
  backwards.ends_at = 400'000;
  const Status status = notifier_->PutExternal({in, bad, backwards});
  EXPECT_EQ(status.message(), "at least one label pair required; start time must be before end time");
  At(1'000'000);
  Until(1'110'000, 10'000);
  EXPECT_EQ(Take(), (Lines{"1000 a: firing:x"}));
  Until(1'190'000, 10'000);
  EXPECT_EQ(Take(), (Lines{"1120 a: resolved:x"}));
  EXPECT_EQ(notifier_->Counters().received_invalid, 2U);
}

TEST_F(StoryTest, OneReceiverThatIsDownDelaysNobodyElse) {
  Apply(
      "route: {receiver: a, group_wait: 0s, group_interval: 1m, group_by: [n], routes: [{receiver: a, matchers: "
      "['n=~\".*\"'], continue: true}, {receiver: b}]}\n" +
      Receivers({"a", "b"}));
  answers_.emplace("a", Unavailable("down"));
  for (int i = 0; i < 50; ++i) Put(Firing({{"alertname", "x"}, {"n", std::to_string(i)}}));
  At(1'000'000);
  EXPECT_EQ(told_.size(), 50U);
  EXPECT_EQ(notifier_->Counters().queued, 50U);
}

// Random senders, receivers that fail, restarts. At the end of each quiet spell everybody knows the truth.
TEST_F(StoryTest, RandomLivesEndInTheTruth) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    store_ = storage::StateStore::NewInMemory();
    clock_.SetMs(1'000'000);
    Restart();
    Apply(Yaml(""));
    told_.clear();
    answers_.clear();
    std::map<std::string, Alert> fires;
    std::set<std::string> ever;
    for (int step = 0; step < 200; ++step) {
      const std::string n = std::to_string(random() % 6);
      const Labels labels = {{"alertname", "g" + std::to_string(random() % 2)}, {"n", n}};
      const std::string key(labels.ToString());
      if (fires.count(key) == 0) {
        fires[key] = Firing(labels);
        ever.insert(key);
        Put(fires[key]);
      } else if (random() % 3 != 0) {
        Put(Resolved(fires[key]));
        fires.erase(key);
      }
      if (random() % 10 == 0) answers_.emplace("a", http::Response{503, {}, ""});
      if (random() % 5 == 0) answers_.clear();
      if (random() % 20 == 0) {
        notifier_->RunDue();
        Restart();
        for (const auto& [k, alert] : fires) Put(alert);
      }
      Until(clock_.NowMs() + static_cast<TimestampMs>(random() % 40'000), 5000);
    }
    answers_.clear();
    for (const auto& [k, alert] : fires) Put(alert);
    Until(clock_.NowMs() + 12 * kMinute, 5000);
    std::map<std::string, std::string> last;
    for (const Message& message : told_) {
      for (const auto& alert : message.body["alerts"]) {
        Labels labels = {{"alertname", alert["labels"]["alertname"].get<std::string>()},
                         {"n", alert["labels"]["n"].get<std::string>()}};
        const std::string key = labels.ToString();
        EXPECT_EQ(ever.count(key), 1U) << "told of what never fired: " << key;
        last[key] = alert["status"];
      }
    }
    for (const auto& [k, alert] : fires) EXPECT_EQ(last[k], "firing") << k;
    for (const auto& [k, status] : last) {
      EXPECT_EQ(status, fires.count(k) == 0 ? "resolved" : "firing") << k;
    }
  }
}

TEST(HistoryStatsTest, CountsWhatHappened) {
  std::vector<storage::StateEvent> events;
  const auto add = [&](TimestampMs at, const char* kind, const char* subject, const char* name, const char* value) {
    events.push_back({static_cast<std::int64_t>(events.size()) + 1, at, kind, subject, name, value});
  };
  for (int i = 0; i < 3; ++i) {
    add(i * 600'000, "firing", "1", "Flappy", "{}");
    add(i * 600'000 + 60'000, "resolved", "1", "Flappy", "{}");
  }
  add(0, "firing", "2", "Calm", "{}");
  add(1000, "notified", "2", "Calm", R"({"lead":true,"ok":true,"status":"firing"})");
  add(1000, "notified", "3", "Calm", R"({"lead":false,"ok":true,"status":"firing"})");
  add(61'000, "acknowledged", "2", "Calm", "{}");
  add(121'000, "resolved", "2", "Calm", "{}");
  add(2000, "notified", "1", "Flappy", R"({"lead":true,"ok":false,"status":"firing"})");
  add(3000, "notified", "1", "Flappy", "nonsense");
  const auto stats = ComputeHistoryStats(events);
  ASSERT_TRUE(stats.ok());
  ASSERT_EQ(stats->alerts.size(), 2U);
  EXPECT_EQ(stats->alerts[0].name, "Calm");
  EXPECT_EQ(stats->alerts[0].pages, 1U);
  EXPECT_EQ(stats->alerts[0].night_pages, 1U) << "the epoch begins at midnight";
  EXPECT_EQ(stats->alerts[0].mean_to_acknowledge, 61'000);
  EXPECT_EQ(stats->alerts[0].mean_to_resolve, 121'000);
  EXPECT_EQ(stats->alerts[1].firings, 3U);
  EXPECT_EQ(stats->alerts[1].flapping, 1U);
  EXPECT_EQ(stats->alerts[1].failed, 1U);
  EXPECT_EQ(stats->alerts[1].mean_to_resolve, 60'000);
  EXPECT_EQ(stats->alerts[1].mean_to_acknowledge, -1);
  EXPECT_EQ(stats->total.firings, 4U);
  EXPECT_EQ(stats->unreadable, 1U);
  EXPECT_FALSE(ComputeHistoryStats(events, {.location = "Mars/Olympus"}).ok());
}

}  // namespace
}  // namespace cachescope::notify
