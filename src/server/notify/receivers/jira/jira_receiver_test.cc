#include "server/notify/receivers/jira/jira_receiver.h"

#include "server/notify/receivers/receiver_fixture.h"

namespace cachescope::notify {
namespace {

using nlohmann::json;

class JiraTest : public ReceiverTest {
 protected:
  static http::Response Found(const char* status) {
    return Answering(200,
                     std::string(R"({"issues":[{"key":"OPS-1","fields":{"status":{"statusCategory":{"key":")") +
                         status + R"("}}}}]})",
                     "application/json");
  }
  std::vector<std::string> Asked() const {
    std::vector<std::string> out;
    for (const auto& request : requests_) out.push_back(request.method + " " + request.url);
    return out;
  }
};

constexpr char kFields[] =
    "{api_url: 'http://h/rest/api/2', project: OPS, issue_type: Bug, labels: [zone], description: d, fields: "
    "{customfield_1: "
    "'{{ len .Alerts }}'}, reopen_transition: Open, resolve_transition: Close, reopen_duration: 1h, "
    "wont_fix_resolution: Wont}";

TEST_F(JiraTest, AnIssueIsMade) {
  const auto jira = MakeReceiver("jira", kFields);
  answers_ = {Answering(200, R"({"issues":[]})"), Answering(201, R"({"key":"OPS-1"})")};
  ASSERT_TRUE(Tell(jira.get()).status.ok());
  EXPECT_EQ(Asked(), (std::vector<std::string>{"POST http://h/rest/api/2/search", "POST http://h/rest/api/2/issue"}));
  const std::string label = std::string("ALERT{") + kSampleKeyHash + "}";
  EXPECT_EQ(json::parse(requests_[0].body)["jql"],
            "resolution != \"Wont\" and (resolutiondate is EMPTY OR resolutiondate >= -60m) and project=\"OPS\" and "
            "labels=\"" +
                label + "\" order by status ASC,resolutiondate DESC");
  const json expected = {{"fields",
                          {{"project", {{"key", "OPS"}}},
                           {"issuetype", {{"name", "Bug"}}},
                           {"summary", "[FIRING:2] HitRatioLow (page)"},
                           {"description", "d"},
                           {"labels", {label, "zone"}},
                           {"customfield_1", 2}}}};
  EXPECT_EQ(json::parse(requests_[1].body), expected);
}

TEST_F(JiraTest, AnIssueIsClosed) {
  const auto jira = MakeReceiver("jira", kFields);
  answers_ = {Found("new"), Answering(204),
              Answering(200, R"({"transitions":[{"id":"1","name":"Open"},{"id":"2","name":"Close"}]})"),
              Answering(204)};
  ASSERT_TRUE(Tell(jira.get(), Sample(true)).status.ok());
  EXPECT_EQ(Asked(), (std::vector<std::string>{"POST http://h/rest/api/2/search", "PUT http://h/rest/api/2/issue/OPS-1",
                                               "GET http://h/rest/api/2/issue/OPS-1/transitions",
                                               "POST http://h/rest/api/2/issue/OPS-1/transitions"}));
  ExpectJson(json::parse(requests_[3].body), R"json({"transition":{"id":"2"}})json");
}

TEST_F(JiraTest, AnIssueIsOpenedAgain) {
  const auto jira = MakeReceiver("jira", kFields);
  answers_ = {Found("done"), Answering(204), Answering(200, R"({"transitions":[{"id":"1","name":"Open"}]})"),
              Answering(204)};
  ASSERT_TRUE(Tell(jira.get()).status.ok());
  ExpectJson(json::parse(requests_[3].body), R"json({"transition":{"id":"1"}})json");
  answers_ = {Found("done"), Answering(204), Answering(200, R"({"transitions":[]})")};
  EXPECT_EQ(Tell(jira.get()).reason, FailureReason::kClientError);
}

TEST_F(JiraTest, NothingIsMadeForWhatIsOver) {
  const auto jira = MakeReceiver("jira", kFields);
  answers_ = {Answering(200, R"({"issues":[]})")};
  ASSERT_TRUE(Tell(jira.get(), Sample(true)).status.ok());
  EXPECT_EQ(requests_.size(), 1u);
}

TEST_F(JiraTest, CloudSearchesElsewhere) {
  const auto jira =
      MakeReceiver("jira",
                   "{api_url: 'https://x.atlassian.net/rest/api/3', project: OPS, issue_type: Bug, description: "
                   "'{\"type\": \"doc\"}', summary: {template: s, enable_update: false}}");
  answers_ = {Found("new"), Answering(204)};
  ASSERT_TRUE(Tell(jira.get()).status.ok());
  EXPECT_EQ(requests_[0].url, "https://x.atlassian.net/rest/api/3/search/jql");
  const auto fields = json::parse(requests_[1].body)["fields"];
  ExpectJson(fields["description"], R"json({"type":"doc"})json");
  EXPECT_FALSE(fields.contains("summary"));
}

TEST_F(JiraTest, FailuresAreSorted) {
  const auto jira = MakeReceiver("jira", kFields);
  answers_ = {Answering(503)};
  EXPECT_TRUE(Tell(jira.get()).retry);
  answers_ = {Answering(401)};
  EXPECT_FALSE(Tell(jira.get()).retry);
  answers_ = {Answering(200, "<html>")};
  EXPECT_TRUE(Tell(jira.get()).retry);
}

}  // namespace
}  // namespace cachescope::notify
