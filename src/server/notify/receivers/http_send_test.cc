// Failures of peers, over loopback: every receiver that speaks HTTP sorts them alike and shows no secret.
#include "server/notify/receivers/http_send.h"

#include <filesystem>
#include <fstream>

#include "server/http/raw_server.h"
#include "server/notify/receivers/receiver_fixture.h"

namespace cachescope::notify {
namespace {

using http::RawPeer;
using http::RawServer;

struct Kind {
  const char* name;
  const char* fields;
  const char* success;  // body of a 200 that this peer means
  const char* type = "application/json";
};

constexpr Kind kKinds[] = {
    {"webhook", "{url: 'http://h/SECRET-PATH?k=SECRET-QUERY'}", ""},
    {"slack", "{api_url: 'http://h/SECRET-PATH', channel: c}", "ok", "text/plain"},
    {"slack", "{app_token: SECRET-TOKEN, app_url: 'http://h/', channel: c}", R"({"ok":true})"},
    {"pagerduty", "{routing_key: SECRET-TOKEN, url: 'http://h/'}", "{}"},
    {"pagerduty", "{service_key: SECRET-TOKEN}", "{}"},
    {"discord", "{webhook_url: 'http://h/SECRET-PATH'}", ""},
    {"msteams", "{webhook_url: 'http://h/SECRET-PATH'}", "1"},
    {"msteamsv2", "{webhook_url: 'http://h/SECRET-PATH'}", ""},
    {"opsgenie", "{api_url: 'http://h/', api_key: SECRET-TOKEN}", "{}"},
    {"telegram", "{api_url: 'http://h/', bot_token: SECRET-TOKEN, chat_id: 5}", "{}"},
    {"pushover", "{user_key: SECRET-TOKEN, token: SECRET-OTHER}", "{}"},
    {"webex", "{api_url: 'http://h/', room_id: r, http_config: {authorization: {credentials: SECRET-TOKEN}}}", "{}"},
    {"victorops", "{api_url: 'http://h/', api_key: SECRET-PATH, routing_key: r}", "{}"},
    {"rocketchat", "{api_url: 'http://h/', token: SECRET-TOKEN, token_id: SECRET-OTHER}", R"({"success":true})"},
    {"mattermost", "{webhook_url: 'http://h/SECRET-PATH'}", "ok"},
    {"jira", "{api_url: 'http://h/', project: p, issue_type: t}", R"({"issues":[]})"},
    {"wechat", "{api_url: 'http://h/', api_secret: SECRET-TOKEN, corp_id: c}", R"({"errcode":0,"access_token":"a"})"},
    {"sns", "{topic_arn: 'arn:aws:sns:r:1:t', sigv4: {access_key: a, secret_key: SECRET-TOKEN}}", ""},
    {"incidentio", "{url: 'http://h/', alert_source_token: SECRET-TOKEN}", "{}"},
};

class HttpReceivers : public testing::TestWithParam<Kind> {
 protected:
  // What the peer does with the connection, then with the next ones.
  NotifyResult TellTo(std::function<void(RawPeer&)> serve,
                      std::chrono::milliseconds timeout = std::chrono::seconds(5)) {
    RawServer server(std::move(serve));
    NotifyContext context;
    context.timeout = timeout;
    // Some have an address that is not a setting.
    context.fetch = [&server](http::ClientRequest request) {
      const auto slash = request.url.find('/', request.url.find("://") + 3);
      request.url = server.url(request.url.substr(slash));
      return http::FetchBlocking(std::move(request));
    };
    const auto integration = MakeReceiver(GetParam().name, GetParam().fields);
    if (integration == nullptr) return NotifyResult(Internal("no receiver"));
    const NotifyResult result = integration->Notify(Sample(), context);
    EXPECT_EQ(std::string(result.status.message()).find("SECRET"), std::string::npos) << result.status.ToString();
    return result;
  }
  NotifyResult Answered(const std::string& head, const std::string& body = "") {
    return TellTo([=](RawPeer& peer) {
      peer.ReceiveUntil("\r\n\r\n");
      peer.Send("HTTP/1.1 " + head + "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body);
      peer.ShutdownWrite();
      peer.ReceiveAll();
    });
  }
};

TEST_P(HttpReceivers, SuccessIsWhatThePeerMeans) {
  const NotifyResult result = Answered("200 OK\r\nContent-Type: " + std::string(GetParam().type), GetParam().success);
  EXPECT_TRUE(result.status.ok()) << result.status.ToString();
}

TEST_P(HttpReceivers, ServerErrorsAreTriedAgain) {
  for (const char* head : {"500 Internal Server Error", "503 Service Unavailable"}) {
    // Some peers repeat what they were sent.
    std::string said = "broken:";
    for (const char* secret : {"SECRET-TOKEN", "SECRET-OTHER", "SECRET-PATH"}) {
      if (std::string(GetParam().fields).find(secret) != std::string::npos) said += std::string(" ") + secret;
    }
    const NotifyResult result = Answered(head, said);
    EXPECT_FALSE(result.status.ok());
    EXPECT_TRUE(result.retry);
    EXPECT_EQ(result.reason, FailureReason::kServerError);
  }
}

TEST_P(HttpReceivers, TooManyRequestsNameTheirDelay) {
  const NotifyResult result = Answered("429 Too Many Requests\r\nRetry-After: 7");
  EXPECT_TRUE(result.retry);
  EXPECT_EQ(result.reason, FailureReason::kRateLimited);
  EXPECT_EQ(result.retry_after, 7000);
}

TEST_P(HttpReceivers, RefusalsAreGivenUp) {
  const NotifyResult result = Answered("400 Bad Request", "invalid payload");
  EXPECT_FALSE(result.status.ok());
  EXPECT_FALSE(result.retry);
  EXPECT_EQ(result.reason, FailureReason::kClientError);
  EXPECT_NE(std::string(result.status.message()).find("answered 400: invalid payload"), std::string::npos)
      << result.status.ToString();
}

TEST_P(HttpReceivers, SilenceEndsAtTheDeadline) {
  const NotifyResult result = TellTo([](RawPeer& peer) { peer.ReceiveAll(); }, std::chrono::milliseconds(300));
  EXPECT_TRUE(result.retry);
  EXPECT_EQ(result.reason, FailureReason::kTimeout);
}

TEST_P(HttpReceivers, AResetIsTriedAgain) {
  const NotifyResult result = TellTo([](RawPeer& peer) {
    peer.Receive();
    const linger hard{1, 0};
    ::setsockopt(peer.descriptor(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  });
  EXPECT_TRUE(result.retry);
  EXPECT_EQ(result.reason, FailureReason::kConnection);
}

INSTANTIATE_TEST_SUITE_P(Receivers, HttpReceivers, testing::ValuesIn(kKinds),
                         [](const auto& kind) { return std::string(kind.param.name) + std::to_string(kind.index); });

class HttpSendTest : public ReceiverTest {};

TEST_F(HttpSendTest, PathsAndUrlsThatAreNoneStaySecret) {
  auto webhook = MakeReceiver("webhook", "{url: '{{ \"SECRET:no url\" }}'}");
  NotifyResult result = Tell(webhook.get());
  EXPECT_EQ(result.status.message(), "cannot notify the webhook: its URL is not one");
  EXPECT_FALSE(result.retry);
  webhook = MakeReceiver("webhook", "{url: 'https://h:8443/SECRET?x=SECRET'}");
  answers_ = {Unavailable("cannot fetch https://h:8443/SECRET?x=SECRET: refused")};
  result = Tell(webhook.get());
  EXPECT_EQ(result.status.message(), "cannot notify the webhook: cannot fetch https://h:8443: refused");
  EXPECT_TRUE(result.retry);
}

TEST_F(HttpSendTest, HttpConfigIsApplied) {
  const auto webhook = MakeReceiver(
      "webhook", "{url: 'http://h/', http_config: {basic_auth: {username: u, password: p}, follow_redirects: false}}");
  EXPECT_TRUE(Tell(webhook.get()).status.ok());
  EXPECT_EQ(Header("Authorization"), "Basic dTpw");
  EXPECT_EQ(requests_.back().max_redirects, 0);
}

TEST_F(HttpSendTest, FilesAreReadForEveryMessage) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "receiver_files";
  std::filesystem::create_directories(folder);
  const std::string file = (folder / "url").string();
  const auto webhook = MakeReceiver("webhook", "{url_file: '" + file + "'}");
  std::filesystem::remove(file);
  EXPECT_FALSE(Tell(webhook.get()).status.ok());
  std::ofstream(file) << "http://one/\n";
  EXPECT_TRUE(Tell(webhook.get()).status.ok());
  EXPECT_EQ(requests_.back().url, "http://one/");
  std::ofstream(file) << "http://two/\n";
  EXPECT_TRUE(Tell(webhook.get()).status.ok());
  EXPECT_EQ(requests_.back().url, "http://two/");
  std::filesystem::remove_all(folder);
}

TEST_F(HttpSendTest, TheSettingShortensTheTime) {
  const auto webhook = MakeReceiver("webhook", "{url: 'http://h/', timeout: 1s}");
  EXPECT_TRUE(Tell(webhook.get()).status.ok());
  EXPECT_LE(requests_.back().timeout.count(), 1000);
}

}  // namespace
}  // namespace cachescope::notify
