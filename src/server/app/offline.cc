#include "server/app/offline.h"

#include "server/api/api.h"
#include "server/app/data_directory.h"
#include "server/http/router.h"
#include "server/storage/tsdb/db/db.h"

namespace cachescope::app {
namespace {

// A server nobody connects to: it only keeps the handlers.
class HandlerTable final : public http::Server {
 public:
  void Handle(std::string_view method, std::string_view pattern, http::Handler handler) override {
    router_.Add(method, pattern, std::move(handler));
  }
  void Use(Middleware) override {}
  Status Start() override { return {}; }
  std::string address() const override { return {}; }
  void Stop(std::chrono::milliseconds) override {}
  const http::Router& router() const { return router_; }

 private:
  http::Router router_;
};

class CapturedResponse final : public http::ResponseWriter {
 public:
  void SetStatus(int status) override { response.status = status; }
  void SetHeader(std::string_view name, std::string_view value) override {
    response.headers.emplace_back(std::string(name), std::string(value));
  }
  Status Write(std::string_view bytes) override {
    response.body.append(bytes);
    return {};
  }
  http::Response response;
};

class OfflineApiImpl final : public OfflineApi {
 public:
  explicit OfflineApiImpl(std::unique_ptr<tsdb::Db> db) : db_(std::move(db)) {
    auto context = std::make_shared<api::ApiContext>();
    context->engine = &engine_;
    context->storage = db_.get();
    context->head = &db_->head();
    context->clock = &Clock::System();
    api::RegisterQuery(table_, context);
    api::RegisterSeries(table_, context);
  }

  http::Response Handle(const std::string& method, const std::string& target, const std::string& form) override {
    http::Request request;
    request.method = method;
    request.target = target;
    const std::string raw_path = target.substr(0, target.find('?'));
    request.path = http::UrlDecode(raw_path);
    if (raw_path.size() < target.size()) request.query = http::Params::Parse(target.substr(raw_path.size() + 1));
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = form;
    const http::Router::Match match = table_.router().Find(method, raw_path);
    CapturedResponse out;
    if (match.handler == nullptr) {
      out.SetStatus(404);
      return std::move(out.response);
    }
    request.path_params = match.path_params;
    (*match.handler)(request, out);
    return std::move(out.response);
  }

 private:
  const std::unique_ptr<tsdb::Db> db_;
  promql::Engine engine_;
  HandlerTable table_;
};

}  // namespace

Result<std::unique_ptr<OfflineApi>> OfflineApi::Open(const std::string& path,
                                                     std::function<void(const tsdb::ReplayProgress&)> report) {
  Env& env = Env::Posix();
  if (!HoldsMetrics(env, path)) return NotFound("cannot read " + path + ": it holds neither blocks nor a log");
  tsdb::DbOptions options;
  options.read_only = true;
  options.background = false;
  options.report = std::move(report);
  CACHESCOPE_ASSIGN_OR_RETURN(std::unique_ptr<tsdb::Db> db, tsdb::Db::Open(MetricsDirectory(env, path), options));
  return std::unique_ptr<OfflineApi>(std::make_unique<OfflineApiImpl>(std::move(db)));
}

}  // namespace cachescope::app
