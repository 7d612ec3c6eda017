#include "server/http/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "server/http/raw_server.h"
#include "server/http/server.h"

namespace cachescope::http {
namespace {

using testing::HasSubstr;
using testing::Not;

Result<Settings> Parse(const std::string& yaml) {
  const auto node = ConfigNode::ParseYaml(yaml, "dir/http.yml");
  EXPECT_TRUE(node.ok()) << node.status().ToString();
  return node.ok() ? ParseSettings(*node) : Result<Settings>(node.status());
}

Url UrlOf(const std::string& text) { return *ParseUrl(text); }

bool Proxied(const ProxySettings& settings, const std::string& target) {
  const auto proxy = ProxyFor(settings, UrlOf(target));
  EXPECT_TRUE(proxy.ok()) << proxy.status().ToString();
  return proxy.ok() && proxy->has_value();
}

TEST(HttpSettings, ReadsEveryKey) {
  const auto settings = Parse(R"(
oauth2: {client_id: id, client_secret_file: s, token_url: 'http://t/', scopes: [a, b], endpoint_params: {x: y}}
tls_config: {ca_file: ca, cert_file: c, key_file: /k, server_name: n, min_version: TLS11, max_version: TLS13}
proxy_url: http://u:p@proxy:3128
no_proxy: a,b
proxy_connect_header: {X-A: [1, 2]}
http_headers: {X-B: {values: [v], secrets: [s], files: [f]}}
follow_redirects: false
enable_http2: false
)");
  ASSERT_TRUE(settings.ok()) << settings.status().ToString();
  EXPECT_EQ(settings->oauth2->client_secret.file, "dir/s");
  EXPECT_EQ(settings->oauth2->scopes.size(), 2U);
  EXPECT_EQ(settings->tls.cert_file, "dir/c");
  EXPECT_EQ(settings->tls.key_file, "/k");
  EXPECT_EQ(settings->tls.min_version, 0x0302);
  EXPECT_EQ(settings->tls.max_version, 0x0304);
  EXPECT_EQ(settings->proxy.connect_headers.size(), 2U);
  ASSERT_EQ(settings->headers.size(), 1U);
  EXPECT_EQ(settings->headers[0].values.size(), 3U);
  EXPECT_EQ(settings->headers[0].values[2].file, "dir/f");
  EXPECT_FALSE(settings->follow_redirects);
}

TEST(HttpSettings, ErrorsNameThePlaceAndNoSecret) {
  for (const char* bad :
       {"basic_auth: {username: u, password: hunter2, password_file: f}",
        "authorization: {type: basic, credentials: hunter2}", "bearer_token: hunter2\nbasic_auth: {username: u}",
        "proxy_url: 'socks5://u:hunter2@p'", "oauth2: {client_id: i, client_secret: hunter2}",
        "http_headers: {Host: {values: [x]}}", "http_headers: {A: {secrets: [\"hunter2\\r\\nB: c\"]}}",
        "tls_config: {ca: x, ca_file: y}", "tls_config: {min_version: TLS13, max_version: TLS12}", "nonsense: 1"}) {
    const auto settings = Parse(bad);
    ASSERT_FALSE(settings.ok()) << bad;
    EXPECT_THAT(std::string(settings.status().message()), testing::StartsWith("dir/http.yml:")) << bad;
    EXPECT_THAT(std::string(settings.status().message()), Not(HasSubstr("hunter2"))) << bad;
  }
}

// Files whose name says good are read, those whose name says bad are refused. Left out: secret references and client
// certificates for tokens, which name a service this program does not have, and relative URLs and odd types of
// upstream.
TEST(HttpSettings, JudgesTheFilesOfUpstream) {
  const std::filesystem::path root = CACHESCOPE_SOURCE_DIR "/../shared/conformance/prometheus/http_client_config";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "no conformance data at " << root;
  int judged = 0;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    const std::string name = entry.path().filename().string();
    const bool good = name.find(".good.") != std::string::npos;
    if (!good && name.find(".bad.") == std::string::npos) continue;
    if (name == "http.conf.invalid-bearer-token-file.bad.yml") continue;
    const auto node = ConfigNode::ReadFile(entry.path().string());
    const bool tls = name.starts_with("tls_config");
    bool ok = node.ok();
    std::string why;
    if (ok && tls) {
      const auto read = ParseTlsOptions(*node);
      ok = read.ok();
      why = read.status().message();
    } else if (ok) {
      const auto read = ParseSettings(*node);
      ok = read.ok();
      why = read.status().message();
    }
    EXPECT_EQ(ok, good) << name << ": " << why;
    ++judged;
  }
  std::cout << judged << " files judged as upstream does\n";
  EXPECT_GT(judged, 30);
}

TEST(HttpSettings, FingerprintsTellThemApart) {
  Settings a;
  Settings b;
  EXPECT_EQ(FingerprintOf(a), FingerprintOf(b));
  b.headers.push_back({"X", {{"v", ""}}});
  EXPECT_NE(FingerprintOf(a), FingerprintOf(b));
  a.tls.ca = "x";
  b = Settings();
  EXPECT_NE(FingerprintOf(a), FingerprintOf(b));
  a = Settings();
  a.oauth2 = OAuth2{};
  EXPECT_NE(FingerprintOf(a), FingerprintOf(b));
}

TEST(HttpProxy, NoProxyRules) {
  ProxySettings settings;
  settings.url = "proxy:3128";
  EXPECT_TRUE(Proxied(settings, "http://127.0.0.1/")) << "an explicit proxy without exceptions takes everything";
  settings.no_proxy = "example.com, .only-below.org,10.0.0.0/8,fd00::/8,192.168.1.5,host:8080,[::5]:9,*.star.net";
  for (const char* direct :
       {"http://example.com/", "https://a.example.com/", "http://x.only-below.org/", "http://10.2.3.4/",
        "http://[fd12::1]/", "http://192.168.1.5:99/", "http://host:8080/", "http://[::5]:9/", "http://a.star.net/",
        "http://localhost/", "http://127.3.2.1/", "http://[::1]/"}) {
    EXPECT_FALSE(Proxied(settings, direct)) << direct;
  }
  for (const char* proxied :
       {"http://example.org/", "http://notexample.com/", "http://only-below.org/", "http://11.2.3.4/",
        "http://[fe12::1]/", "http://192.168.1.6/", "http://host:8081/", "http://[::5]:8/", "http://star.net/"}) {
    EXPECT_TRUE(Proxied(settings, proxied)) << proxied;
  }
  settings.no_proxy = "*";
  EXPECT_FALSE(Proxied(settings, "http://example.org/"));
}

TEST(HttpProxy, TheEnvironmentNamesItByScheme) {
  ::setenv("http_proxy", "http://plain:1", 1);
  ::setenv("HTTPS_PROXY", "http://secure:2", 1);
  ::setenv("NO_PROXY", "internal", 1);
  ProxySettings settings;
  settings.from_environment = true;
  EXPECT_EQ((*ProxyFor(settings, UrlOf("http://a/")))->host, "plain");
  EXPECT_EQ((*ProxyFor(settings, UrlOf("https://a/")))->host, "secure");
  EXPECT_FALSE(Proxied(settings, "http://internal/"));
  EXPECT_FALSE(Proxied(settings, "http://localhost/"));
  ::setenv("HTTPS_PROXY", "https://secure:2", 1);
  EXPECT_EQ(ProxyFor(settings, UrlOf("https://a/")).status().code(), Code::kInvalidArgument);
  for (const char* name : {"http_proxy", "HTTPS_PROXY", "NO_PROXY"}) ::unsetenv(name);
}

TEST(HttpProxy, PlainRequestsNameTheWholeUrlAndShareAConnection) {
  std::string seen;
  RawServer proxy([&](RawPeer& peer) {
    for (std::string head; !(head = peer.ReceiveUntil("\r\n\r\n")).empty();) {
      seen = head;
      peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    }
  });
  Settings settings;
  settings.proxy.url = "http://user:pa%20ss@127.0.0.1:" + std::to_string(proxy.port());
  const auto client = Client::New();
  ConfiguredClient configured(client.get(), settings);
  for (int i = 0; i < 2; ++i) {
    ClientRequest request;
    request.url = "http://nowhere.invalid:81/path?q=1";
    const auto response = configured.FetchBlocking(request);
    ASSERT_TRUE(response.ok()) << response.status().ToString();
    EXPECT_EQ(response->body, "hi");
  }
  EXPECT_EQ(proxy.connections(), 1);
  EXPECT_THAT(seen, HasSubstr("GET http://nowhere.invalid:81/path?q=1 HTTP/1.1\r\nHost: nowhere.invalid:81\r\n"));
  EXPECT_THAT(seen, HasSubstr("Proxy-Authorization: Basic " + Base64("user:pa ss") + "\r\n"));
}

TEST(HttpProxy, ARefusalAndGarbageAreTheProxysFault) {
  for (const char* answer : {"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "SSH-2.0\r\n\r\n", ""}) {
    RawServer proxy([&](RawPeer& peer) {
      peer.ReceiveUntil("\r\n\r\n");
      peer.Send(answer);
    });
    ClientRequest request;
    request.url = "https://nowhere.invalid/";
    request.proxy.url = "http://u:secret@127.0.0.1:" + std::to_string(proxy.port());
    const auto response = FetchBlocking(request);
    ASSERT_FALSE(response.ok());
    EXPECT_THAT(std::string(response.status().message()), HasSubstr("proxy 127.0.0.1:")) << answer;
    EXPECT_THAT(std::string(response.status().message()), Not(HasSubstr("secret")));
  }
}

// A server that gives out tokens, and answers only to the newest.
class OAuthTest : public testing::Test {
 protected:
  void SetUp() override {
    ServerOptions options;
    options.listen_address = "127.0.0.1:0";
    server_ = Server::New(options);
    server_->Handle("POST", "/token", [this](const Request& request, ResponseWriter& writer) {
      asked_ = request.body;
      authorization_ = request.Header("Authorization");
      writer.SetHeader("Content-Type", "application/json");
      (void)writer.Write(answer_.empty() ? R"({"access_token":"t)" + std::to_string(++tokens_) +
                                               R"(","token_type":"bearer","expires_in":)" + expires_ + "}"
                                         : answer_);
    });
    server_->Handle("GET", "/", [this](const Request& request, ResponseWriter& writer) {
      if (request.Header("Authorization") != "Bearer t" + std::to_string(tokens_.load())) writer.SetStatus(401);
    });
    ASSERT_TRUE(server_->Start().ok());
    Settings settings;
    settings.oauth2 = OAuth2{"my id", {"s&cret", ""}, base() + "/token", {"a", "b"}, {{"aud", "x y"}}, {}, {}};
    configured_ = std::make_unique<ConfiguredClient>(client_.get(), settings);
  }
  std::string base() const { return "http://" + server_->address(); }
  Result<Response> Fetch() {
    ClientRequest request;
    request.url = base() + "/";
    return configured_->FetchBlocking(request);
  }

  std::atomic<int> tokens_{0};
  std::string asked_, authorization_, answer_, expires_ = "3600";
  const std::unique_ptr<Client> client_ = Client::New();
  std::unique_ptr<ConfiguredClient> configured_;
  std::unique_ptr<Server> server_;
};

TEST_F(OAuthTest, OneTokenServesUntilItIsRefused) {
  EXPECT_EQ(Fetch()->status, 200);
  EXPECT_EQ(Fetch()->status, 200);
  EXPECT_EQ(tokens_, 1);
  EXPECT_EQ(asked_, "grant_type=client_credentials&scope=a%20b&aud=x%20y");
  EXPECT_EQ(authorization_, "Basic " + Base64("my%20id:s%26cret"));
  ++tokens_;  // the one in use is withdrawn
  EXPECT_EQ(Fetch()->status, 200);
  EXPECT_EQ(tokens_, 3);
}

TEST_F(OAuthTest, AShortTokenIsFetchedAgain) {
  expires_ = "5";
  EXPECT_EQ(Fetch()->status, 200);
  EXPECT_EQ(Fetch()->status, 200);
  EXPECT_EQ(tokens_, 2);
}

TEST_F(OAuthTest, AnAnswerWithoutATokenIsAnErrorThatShowsNothingOfIt) {
  answer_ = R"({"error":"invalid_client","hint":"s&cret"})";
  const auto response = Fetch();
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.status().code(), Code::kUnavailable);
  EXPECT_THAT(std::string(response.status().message()), Not(HasSubstr("cret")));
}

TEST(ConfiguredClientTest, SecretsAreReadForEveryRequest) {
  std::string seen;
  RawServer server([&](RawPeer& peer) {
    seen = peer.ReceiveUntil("\r\n\r\n");
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  const std::string file = testing::TempDir() + "cachescope_secret_" + std::to_string(server.port());
  Settings settings;
  settings.auth.type = "Bearer";
  settings.auth.credentials.file = file;
  settings.headers.push_back({"X-Team", {{"cache", ""}, {"", file}}});
  const auto client = Client::New();
  ConfiguredClient configured(client.get(), settings);
  ClientRequest request;
  request.url = server.url();
  EXPECT_EQ(configured.FetchBlocking(request).status().code(), Code::kIoError);
  for (const char* secret : {"first", "second"}) {
    std::ofstream(file) << " " << secret << "\n";
    ASSERT_TRUE(configured.FetchBlocking(request).ok());
    EXPECT_THAT(seen, HasSubstr(std::string("Authorization: Bearer ") + secret + "\r\n"));
    EXPECT_THAT(seen, HasSubstr(std::string("X-Team: cache\r\nX-Team: ") + secret + "\r\n"));
  }
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace cachescope::http
