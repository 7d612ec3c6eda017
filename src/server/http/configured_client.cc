// ConfiguredClient: credentials, headers, proxy and tokens on every request.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>

#include "server/http/run_until.h"
#include "server/http/settings.h"

namespace cachescope::http {
namespace {

namespace asio = boost::asio;

using std::chrono::steady_clock;

// A token is replaced this long before it ends, so that it does not end on its way.
constexpr std::chrono::seconds kTokenMargin{10};
constexpr std::size_t kMaxTokenBytes = 64 << 10;

Status AddAuthorization(const Authentication& auth, ClientRequest* request) {
  std::string value;
  if (auth.IsBasic()) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::string user, auth.username.Read());
    CACHESCOPE_ASSIGN_OR_RETURN(const std::string password, auth.password.Read());
    value = "Basic " + Base64(user + ":" + password);
  } else if (!auth.type.empty()) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::string credentials, auth.credentials.Read());
    if (credentials.empty()) return {};
    value = auth.type + " " + credentials;
  } else {
    return {};
  }
  if (value.find_first_of("\r\n") != std::string::npos) {
    return InvalidArgument("cannot send credentials: they hold a line break");
  }
  request->headers.emplace_back("Authorization", std::move(value));
  return {};
}

Status AddHeaders(const std::vector<ExtraHeader>& headers, ClientRequest* request) {
  for (const ExtraHeader& header : headers) {
    request->private_headers.push_back(header.name);
    for (const Secret& secret : header.values) {
      CACHESCOPE_ASSIGN_OR_RETURN(std::string value, secret.Read());
      request->headers.emplace_back(header.name, std::move(value));
    }
  }
  return {};
}

Result<ClientRequest> TokenRequest(const OAuth2& oauth, std::chrono::milliseconds timeout) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string secret, oauth.client_secret.Read());
  ClientRequest out;
  out.method = "POST";
  out.url = oauth.token_url;
  out.timeout = timeout;
  out.tls = oauth.tls;
  out.proxy = oauth.proxy;
  out.max_body_bytes = kMaxTokenBytes;
  out.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                 {"Accept", "application/json"},
                 {"Authorization", "Basic " + Base64(UrlEncode(oauth.client_id) + ":" + UrlEncode(secret))}};
  out.body = "grant_type=client_credentials";
  if (!oauth.scopes.empty()) {
    std::string scopes;
    for (const std::string& scope : oauth.scopes) scopes += (scopes.empty() ? "" : " ") + scope;
    out.body += "&scope=" + UrlEncode(scopes);
  }
  for (const auto& [name, value] : oauth.endpoint_params) out.body += "&" + UrlEncode(name) + "=" + UrlEncode(value);
  return out;
}

}  // namespace

class ConfiguredClient::Token {
 public:
  std::string Get() {
    const std::lock_guard lock(mu_);
    return steady_clock::now() < until_ ? value_ : std::string();
  }
  void Forget(const std::string& value) {
    const std::lock_guard lock(mu_);
    if (value_ == value) value_.clear();
  }
  // kUnavailable: the answer holds no token. Its text is never shown: it may hold one.
  Result<std::string> Take(const Response& response) {
    if (response.status / 100 != 2) {
      return Unavailable("cannot get a token: the server answered " + std::to_string(response.status));
    }
    const auto json = nlohmann::json::parse(response.body, nullptr, false);
    const auto token = json.is_object() ? json.find("access_token") : json.end();
    if (!json.is_object() || token == json.end() || !token->is_string()) {
      return Unavailable("cannot get a token: the answer has no access_token");
    }
    const auto expires = json.find("expires_in");
    const bool bounded = expires != json.end() && expires->is_number();
    const auto seconds = std::chrono::seconds(bounded ? expires->get<std::int64_t>() : 3600);
    const std::lock_guard lock(mu_);
    value_ = token->get<std::string>();
    until_ = steady_clock::now() + std::min<std::chrono::seconds>(seconds, std::chrono::hours(24)) - kTokenMargin;
    return value_;
  }

 private:
  std::mutex mu_;
  std::string value_;                 // guarded by mu_
  steady_clock::time_point until_{};  // guarded by mu_
};

ConfiguredClient::ConfiguredClient(Client* client, Settings settings)
    : client_(client), settings_(std::move(settings)), token_(std::make_unique<Token>()) {}

ConfiguredClient::~ConfiguredClient() = default;

asio::awaitable<Status> ConfiguredClient::Authorize(ClientRequest* request) {
  if (!settings_.oauth2) co_return AddAuthorization(settings_.auth, request);
  std::string token = token_->Get();
  if (token.empty()) {
    auto ask = TokenRequest(*settings_.oauth2, request->timeout);
    if (!ask.ok()) co_return ask.status();
    const auto response = co_await client_->Fetch(std::move(*ask));
    if (!response.ok()) co_return response.status();
    auto taken = token_->Take(*response);
    if (!taken.ok()) co_return taken.status();
    token = std::move(*taken);
  }
  request->headers.emplace_back("Authorization", "Bearer " + token);
  co_return Status();
}

asio::awaitable<Result<Response>> ConfiguredClient::Fetch(ClientRequest request) {
  request.tls = settings_.tls;
  request.proxy = settings_.proxy;
  if (!settings_.follow_redirects) request.max_redirects = 0;
  if (Status added = AddHeaders(settings_.headers, &request); !added.ok()) co_return added;
  for (bool again = settings_.oauth2.has_value();; again = false) {
    ClientRequest attempt = request;
    Status authorized = co_await Authorize(&attempt);
    if (!authorized.ok()) co_return authorized;
    const std::string authorization(FindHeader(attempt.headers, "Authorization"));
    auto response = co_await client_->Fetch(std::move(attempt));
    // A token may be withdrawn before it ends.
    if (!again || !response.ok() || response->status != 401) co_return response;
    token_->Forget(authorization.substr(std::string("Bearer ").size()));
  }
}

Result<Response> ConfiguredClient::FetchBlocking(ClientRequest request) {
  asio::io_context context(1);
  std::optional<Result<Response>> result;
  const std::atomic<bool>* const cancelled = request.cancelled;
  const auto fetch = [&]() -> asio::awaitable<void> { result.emplace(co_await Fetch(std::move(request))); };
  asio::co_spawn(context, fetch(), asio::detached);
  RunUntil(&context, cancelled);
  if (!result) return Cancelled("cannot fetch: the program ends");
  return std::move(*result);
}

}  // namespace cachescope::http
