#include "server/api/api_fixture.h"

namespace cachescope::api {

ApiFixture::ApiFixture(FixtureOptions options) : clock_(options.now), engine_(options.engine) {
  options.head.clock = &clock_;
  head_ = std::make_unique<tsdb::Head>(options.head);
  exemplars_ = storage::ExemplarStore::NewInMemory(options.exemplars);
  receiver_ = std::make_unique<WriteReceiver>(head_.get(), exemplars_.get(), WriteLimits(), options.start_times);
  rules_ = rules::RuleManager::New(engine_, *head_, nullptr, clock_);
  client_ = http::Client::New();
  collect::ScrapeManagerOptions scrape;
  scrape.threads = 1;
  scrape.clock = &clock_;
  scrape_ = std::make_unique<collect::ScrapeManager>(scrape, head_.get(), client_.get());
  auto context = std::make_shared<ApiContext>();
  context->engine = &engine_;
  context->storage = head_.get();
  context->head = head_.get();
  context->exemplars = exemplars_.get();
  context->write = receiver_.get();
  context->rules = rules_.get();
  context->scrape = scrape_.get();
  context->clock = &clock_;
  context->build.version = "1.2.3";
  context->config_text = [] { return std::string("global: {}\n"); };
  context->reload = [] { return Status(); };
  context->ready = [] { return true; };
  context->metrics_text = [] { return std::string("up 1\n"); };
  context->last_reload_ok = [] { return true; };
  context->last_reload_at = [] { return TimestampMs{1000}; };
  context->external_labels = [labels = options.external_labels] { return labels; };
  context->admin = options.admin;
  http::ServerOptions http_options;
  http_options.listen_address = "127.0.0.1:0";
  server_ = http::Server::New(http_options);
  auto cors = Cors(options.cors_origin);
  EXPECT_TRUE(cors.ok()) << cors.status().message();
  server_->Use(*cors);
  RegisterAll(*server_, context);
  const Status started = server_->Start();
  EXPECT_TRUE(started.ok()) << started.message();
}

ApiFixture::~ApiFixture() {
  server_->Stop(std::chrono::milliseconds(1000));
  scrape_->Stop();
}

void ApiFixture::Add(const Labels& labels, TimestampMs t, double v) {
  const auto appender = head_->NewAppender();
  const auto ref = appender->Append(0, labels, t, v);
  ASSERT_TRUE(ref.ok()) << ref.status().message();
  ASSERT_TRUE(appender->Commit().ok());
}

http::Response ApiFixture::Send(const std::string& method, const std::string& target, http::Headers headers,
                                std::string body) {
  http::ClientRequest request;
  request.method = method;
  request.url = "http://" + server_->address() + target;
  request.headers = std::move(headers);
  request.body = std::move(body);
  request.max_redirects = 0;
  auto response = http::FetchBlocking(std::move(request));
  EXPECT_TRUE(response.ok()) << method << " " << target << ": " << response.status().message();
  return response.ok() ? std::move(*response) : http::Response{0, {}, {}};
}

nlohmann::json ApiFixture::Get(const std::string& target, int status) {
  const http::Response response = Send("GET", target);
  EXPECT_EQ(response.status, status) << target << ": " << response.body;
  const auto parsed = nlohmann::json::parse(response.body, nullptr, false);
  EXPECT_FALSE(parsed.is_discarded()) << target << ": " << response.body;
  return parsed;
}

}  // namespace cachescope::api
