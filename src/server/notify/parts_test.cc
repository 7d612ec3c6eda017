// Matchers, calendars, silences, pauses and the queue, one by one.
#include <gtest/gtest.h>

#include <cstdio>
#include <random>

#include "base/rfc3339.h"
#include "server/notify/matchers.h"
#include "server/notify/notify_fixture.h"
#include "server/notify/send_queue.h"
#include "server/notify/stages/retry_stage.h"
#include "server/notify/time_interval.h"

namespace cachescope::notify {
namespace {

TEST(MatchersTest, ReadsBothGrammars) {
  const struct {
    const char* text;
    const char* want;  // MatchersText; null: refused
  } kCases[] = {
      {"", "{}"},
      {"{}", "{}"},
      {"foo=bar", "{foo=\"bar\"}"},
      {" foo = \"bar\" , baz!~\"a|b\" ", "{foo=\"bar\",baz!~\"a|b\"}"},
      {"{foo=\"bar\",}", "{foo=\"bar\"}"},
      {"foo=", "{foo=\"\"}"},
      {"foo=\"a\\\"b\\\\c\\n\"", "{foo=\"a\\\"b\\\\c\\n\"}"},
      {"foo=\"a,b\"", "{foo=\"a,b\"}"},
      {"foo=a{b", "{foo=\"a{b\"}"},
      {"foo:bar=baz", "{foo:bar=\"baz\"}"},
      {"\"naïve name\"=x", "{\"naïve name\"=\"x\"}"},
      {"naïve=x", "{naïve=\"x\"}"},
      {"foo=\"bar", nullptr},
      {"foo=ba\"r", nullptr},
      {"=bar", nullptr},
      {"foo", nullptr},
      {"foo=~\"(\"", nullptr},
      {"\"\"=x", nullptr},
  };
  for (const auto& c : kCases) {
    const auto matchers = ParseMatchers(c.text);
    ASSERT_EQ(matchers.ok(), c.want != nullptr) << c.text << " " << matchers.status().ToString();
    if (!matchers.ok()) continue;
    EXPECT_EQ(MatchersText(*matchers), c.want) << c.text;
  }
  EXPECT_FALSE(ParseMatcher("a=b,c=d").ok());
  EXPECT_TRUE(MatchAll(*ParseMatchers("a=b,c=~\"x.*\",d!=e"), {{"a", "b"}, {"c", "xy"}}));
}

bool In(const std::string& span, const std::string& at) {
  const auto node = ConfigNode::ParseYaml(span, "t.yml");
  const auto parsed = ParseTimeSpan(*node);
  EXPECT_TRUE(parsed.ok()) << span << " " << parsed.status().ToString();
  return parsed.ok() && parsed->Contains(*ParseRfc3339(at));
}

TEST(TimeIntervalTest, ContainsWhatItSays) {
  const std::string day = "{times: [{start_time: '09:00', end_time: '17:00'}], weekdays: ['monday:friday']}";
  EXPECT_TRUE(In(day, "2026-11-20T09:00:00Z"));
  EXPECT_TRUE(In(day, "2026-11-20T16:59:59Z"));
  EXPECT_FALSE(In(day, "2026-11-20T17:00:00Z"));
  EXPECT_FALSE(In(day, "2026-11-21T12:00:00Z")) << "a Saturday";
  EXPECT_TRUE(In("{weekdays: [sunday]}", "2026-11-22T23:59:00Z"));
  EXPECT_TRUE(In("{times: [{start_time: '23:00', end_time: '24:00'}]}", "2026-11-22T23:59:00Z"));
  EXPECT_TRUE(In("{days_of_month: ['-1']}", "2024-02-29T00:00:00Z"));
  EXPECT_FALSE(In("{days_of_month: ['-1']}", "2024-02-28T00:00:00Z"));
  EXPECT_TRUE(In("{days_of_month: ['1:31']}", "2025-02-28T00:00:00Z"));
  EXPECT_FALSE(In("{days_of_month: ['30:31']}", "2025-02-28T00:00:00Z"));
  EXPECT_TRUE(In("{days_of_month: ['-3:-1', '1:5']}", "2025-01-29T00:00:00Z"));
  EXPECT_TRUE(In("{months: ['May:august', '12']}", "2025-06-01T00:00:00Z"));
  EXPECT_FALSE(In("{months: ['1:3']}", "2025-04-01T00:00:00Z"));
  EXPECT_TRUE(In("{years: ['2020:2022', '2030']}", "2030-04-01T00:00:00Z"));
  EXPECT_FALSE(In("{years: ['2020:2022']}", "2023-01-01T00:00:00Z"));
  // Sydney is eleven hours ahead in summer.
  const std::string sydney = "{times: [{start_time: '00:00', end_time: '01:00'}], location: Australia/Sydney}";
  EXPECT_TRUE(In(sydney, "2026-01-10T13:30:00Z"));
  EXPECT_FALSE(In(sydney, "2026-01-10T00:30:00Z"));
}

TEST(TimeIntervalTest, RefusesWhatUpstreamRefuses) {
  for (const char* text :
       {"{times: [{start_time: '9:00', end_time: '17:00'}]}", "{times: [{start_time: '17:00', end_time: '09:00'}]}",
        "{times: [{start_time: '17:00'}]}", "{times: [{start_time: '24:01', end_time: '25:00'}]}",
        "{weekdays: ['friday:monday']}", "{weekdays: [caturday]}", "{days_of_month: ['0']}", "{days_of_month: ['32']}",
        "{days_of_month: ['-1:5']}", "{days_of_month: ['5:1']}", "{months: ['13']}", "{months: ['may:april']}",
        "{years: ['2022:2020']}", "{location: Mars/Olympus}", "{nonsense: 1}"}) {
    const auto node = ConfigNode::ParseYaml(text, "t.yml");
    EXPECT_FALSE(ParseTimeSpan(*node).ok()) << text;
  }
}

class SilenceTest : public testing::Test {
 protected:
  static Silence Make(const std::string& matchers, TimestampMs from, TimestampMs to) {
    Silence silence;
    silence.matchers = *ParseMatchers(matchers);
    silence.starts_at = from;
    silence.ends_at = to;
    silence.created_by = "me";
    silence.comment = "ä \"quoted\"\n";
    return silence;
  }
  std::unique_ptr<storage::StateStore> state_ = storage::StateStore::NewInMemory();
  SilenceStore store_{state_.get()};
};

TEST_F(SilenceTest, ChangesFollowHistory) {
  const std::string id = *store_.Set(Make("a=b", 100, 1000), 100);
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(store_.SilencedBy({{"a", "b"}}, 100), std::vector<std::string>{id});
  EXPECT_TRUE(store_.SilencedBy({{"a", "c"}}, 100).empty());
  EXPECT_TRUE(store_.SilencedBy({{"a", "b"}}, 1000).empty());
  // A longer one with the same matchers keeps its id.
  Silence longer = *store_.Get(id);
  longer.ends_at = 2000;
  EXPECT_EQ(*store_.Set(longer, 200), id);
  // Other matchers end it and make a new one.
  Silence other = *store_.Get(id);
  other.matchers = *ParseMatchers("a=c");
  const std::string second = *store_.Set(other, 300);
  EXPECT_NE(second, id);
  EXPECT_EQ(store_.Get(id)->StateAt(300), SilenceState::kExpired);
  EXPECT_TRUE(store_.SilencedBy({{"a", "b"}}, 300).empty());
  EXPECT_EQ(store_.SilencedBy({{"a", "c"}}, 300), std::vector<std::string>{second});
  ASSERT_TRUE(store_.Expire(second, 400).ok());
  EXPECT_EQ(store_.Expire(second, 401).code(), Code::kInvalidArgument);
  EXPECT_EQ(store_.Expire("nobody", 401).code(), Code::kNotFound);
  EXPECT_EQ(store_
                .Set(
                    [&] {
                      Silence s = Make("a=b", 500, 600);
                      s.id = "nobody";
                      return s;
                    }(),
                    500)
                .status()
                .code(),
            Code::kNotFound);
  // It is all there after a restart, and gone after the retention.
  SilenceStore again(state_.get());
  ASSERT_TRUE(again.Load(500).ok());
  EXPECT_EQ(again.size(), 2U);
  EXPECT_EQ(again.Get(id)->comment, "ä \"quoted\"\n");
  again.Collect(500 + SilenceStore::kRetention);
  EXPECT_EQ(again.size(), 0U);
  EXPECT_EQ(state_->All("silence")->size(), 0U);
}

TEST_F(SilenceTest, RefusesWhatUpstreamRefuses) {
  const auto error = [&](Silence s) { return std::string(store_.Set(std::move(s), 100).status().message()); };
  EXPECT_EQ(error(Make("", 100, 200)), "invalid silence: at least one matcher required");
  EXPECT_EQ(error(Make("a=\"\"", 100, 200)), "invalid silence: at least one matcher must not match the empty string");
  EXPECT_EQ(error(Make("a=~\".*\"", 100, 200)),
            "invalid silence: at least one matcher must not match the empty string");
  EXPECT_EQ(error(Make("a=b", 300, 200)), "invalid silence: end time must not be before start time");
  EXPECT_EQ(error(Make("a=b", 10, 50)), "invalid silence: end time can't be in the past");
  Silence big = Make("a=b", 100, 200);
  big.comment = std::string(70'000, 'x');
  EXPECT_NE(error(big).find("silence exceeded maximum size"), std::string::npos);
  SilenceStore small(nullptr, {.max_silences = 1});
  ASSERT_TRUE(small.Set(Make("a=b", 100, 200), 100).ok());
  EXPECT_EQ(small.Set(Make("a=c", 100, 200), 100).status().code(), Code::kLimitExceeded);
}

TEST(RetryTest, PausesGrowToAMinuteAndObeyThePeer) {
  const NotifyResult failed(Unavailable("down"));
  DurationMs before = 0;
  for (int attempt = 1; attempt <= 20; ++attempt) {
    const DurationMs longest = RetryDelay(failed, attempt, 0);
    EXPECT_GE(longest, before);
    EXPECT_LE(longest, 60'000);
    for (std::uint64_t r = 0; r < 50; ++r) {
      EXPECT_GE(RetryDelay(failed, attempt, r * 977), longest - longest / 3);
      EXPECT_LE(RetryDelay(failed, attempt, r * 977), longest);
    }
    before = longest;
  }
  EXPECT_EQ(RetryDelay(failed, 1, 0), 500);
  EXPECT_EQ(before, 60'000);
  NotifyResult limited = failed;
  limited.retry_after = 90'000;
  EXPECT_EQ(RetryDelay(limited, 1, 0), 90'000);
  limited.retry_after = 86'400'000;
  EXPECT_EQ(RetryDelay(limited, 1, 0), 600'000);
}

TEST(ResultOfTest, SortsAnswers) {
  EXPECT_TRUE(ResultOf(http::Response{204, {}, ""}, "it", 0).status.ok());
  EXPECT_FALSE(ResultOf(http::Response{404, {}, ""}, "it", 0).retry);
  EXPECT_TRUE(ResultOf(http::Response{408, {}, ""}, "it", 0).retry);
  EXPECT_TRUE(ResultOf(http::Response{425, {}, ""}, "it", 0).retry);
  const auto dated =
      ResultOf(http::Response{503, {{"Retry-After", "Thu, 01 Jan 1970 00:01:00 GMT"}}, ""}, "it", 20'000);
  EXPECT_EQ(dated.retry_after, 40'000);
  EXPECT_EQ(dated.reason, FailureReason::kServerError);
  EXPECT_EQ(ResultOf(DeadlineExceeded("late"), "it", 0).reason, FailureReason::kTimeout);
}

TEST(SendQueueTest, EightPerReceiverOldestFirstAndNobodyWaitsForAnother) {
  SendQueue queue;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(queue.Add({"slow" + std::to_string(100 + i), 0}, "slow", 0));
  ASSERT_TRUE(queue.Add({"fast", 0}, "fast", 0));
  ASSERT_TRUE(queue.Add({"slow100", 0}, "slow", 0)) << "one place for one group";
  EXPECT_EQ(queue.size(), 21U);
  std::vector<SendQueue::Key> taken;
  while (const auto key = queue.Take(0)) taken.push_back(*key);
  ASSERT_EQ(taken.size(), 9U);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(taken[static_cast<std::size_t>(i)].group, "slow" + std::to_string(100 + i));
  EXPECT_EQ(taken[8].group, "fast");
  queue.Done(taken[0]);
  queue.Retry(taken[1], 500);
  EXPECT_EQ(queue.Take(0)->group, "slow108");
  EXPECT_EQ(queue.Take(0)->group, "slow109");
  EXPECT_FALSE(queue.Take(0).has_value());
  EXPECT_EQ(queue.NextDue(), 500);
  queue.Done(taken[2]);
  EXPECT_EQ(queue.Take(500)->group, "slow101") << "the one that failed is the oldest";
}

std::string OutputOf(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return out;
  char buffer[4096];
  while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, n);
  ::pclose(pipe);
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

TEST(RouteTestTest, SameReceiversAsAmtool) {
  const std::string folder = CACHESCOPE_SOURCE_DIR "/../shared/conformance/alertmanager/cli/";
  if (OutputOf("command -v amtool").empty()) GTEST_SKIP() << "amtool is not installed";
  std::mt19937 random(7);
  for (const char* name : {"conf.routing.yml", "conf.routing-reverted.yml"}) {
    const auto node = ConfigNode::ReadFile(folder + name);
    if (!node.ok()) GTEST_SKIP() << "no conformance material in " << folder;
    const auto config = ParseNotifierConfig(*node);
    ASSERT_TRUE(config.ok()) << config.status().ToString();
    for (int i = 0; i < 12; ++i) {
      std::vector<std::pair<std::string, std::string>> labels;
      std::string arguments;
      for (const char* label : {"test", "owner", "severity"}) {
        if (random() % 3 == 0) continue;
        const std::string value = std::to_string(random() % 4);
        labels.emplace_back(label, value);
        arguments += " " + std::string(label) + "=" + value;
      }
      std::string ours;
      for (const std::string& receiver : RouteTest(**config, Labels::FromPairs(labels)))
        ours += (ours.empty() ? "" : ",") + receiver;
      EXPECT_EQ(ours, OutputOf("amtool config routes test --config.file=" + folder + name + arguments + " 2>&-"))
          << arguments;
    }
  }
}

}  // namespace
}  // namespace cachescope::notify
