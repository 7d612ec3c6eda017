// What a server whose store is not open yet answers.
#include "server/app/start_gate.h"

#include <gtest/gtest.h>

#include "server/http/client.h"

namespace cachescope::app {
namespace {

class StartGateTest : public testing::Test {
 protected:
  void SetUp() override {
    server_ = http::Server::New({.listen_address = "127.0.0.1:0"});
    server_->Use(gate_.Middleware());
    for (const char* path : {"/-/healthy", "/-/ready", "/api/v1/query", "/metrics"}) {
      server_->Handle("GET", path, [](const auto&, auto& response) { (void)response.Write("let through"); });
    }
    ASSERT_TRUE(server_->Start().ok());
  }
  void TearDown() override { server_->Stop(std::chrono::milliseconds(100)); }
  http::Response Get(const std::string& path) {
    http::ClientRequest request;
    request.url = "http://" + server_->address() + path;
    auto response = http::FetchBlocking(std::move(request));
    EXPECT_TRUE(response.ok()) << response.status().ToString();
    return response.ok() ? *response : http::Response();
  }

  StartGate gate_;
  std::unique_ptr<http::Server> server_;
};

TEST_F(StartGateTest, ShutItTellsHowFarTheLogIs) {
  EXPECT_EQ(Get("/-/ready").status, 503);
  EXPECT_EQ(Get("/-/ready").body, "opening the store\n");
  gate_.Report({3, 12});
  EXPECT_EQ(Get("/-/ready").body, "reading the log: 3 of 12 segments\n");
  EXPECT_EQ(Get("/-/ready").status, 503);
  const http::Response api = Get("/api/v1/query?query=1");
  EXPECT_EQ(api.status, 503);
  EXPECT_EQ(api.body, R"({"status":"error","errorType":"unavailable","error":"reading the log: 3 of 12 segments"})");
  EXPECT_EQ(http::FindHeader(api.headers, "Content-Type"), "application/json");
  EXPECT_EQ(http::FindHeader(api.headers, "Retry-After"), "1");
  EXPECT_EQ(Get("/nothing").status, 503);
  const http::Response healthy = Get("/-/healthy");
  EXPECT_EQ(healthy.status, 200);
  EXPECT_EQ(healthy.body, "let through");
}

TEST_F(StartGateTest, OpenItLetsEverythingThrough) {
  gate_.Report({12, 12});
  gate_.Open();
  for (const char* path : {"/-/healthy", "/-/ready", "/api/v1/query", "/metrics"}) {
    EXPECT_EQ(Get(path).status, 200) << path;
    EXPECT_EQ(Get(path).body, "let through") << path;
  }
  EXPECT_EQ(Get("/nothing").status, 404);
}

}  // namespace
}  // namespace cachescope::app
