// An HTTP server made with Boost.Beast whose requests are measured by HttpKit: rate, errors, duration, sizes, in
// flight, by method, endpoint, status and tenant. The middleware is MeasuredAnswer(): what is marked there is all it
// takes.
//
//   http_red_beast [PORT]        default 8080 on 127.0.0.1; 0 takes a free one and prints it
//
//   GET  /datasets/ID            200, or 404 for ids that are not numbers
//   POST /search                 200
//   GET  /broken                 a handler that throws: 500
//   GET  /metrics                what was measured
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>

#include "cachescope/cachescope.h"
#include "cachescope/kits/http.h"

namespace beast = boost::beast;
namespace http = beast::http;
using boost::asio::ip::tcp;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

namespace {

// Lets the kit look into Beast's headers; names of any case match there.
class BeastHeaders final : public cachescope::kits::HttpHeaders {
 public:
  explicit BeastHeaders(const http::fields& fields) : fields_(fields) {}
  std::string_view Find(std::string_view name) const noexcept override {
    const auto found = fields_.find({name.data(), name.size()});
    return found == fields_.end() ? std::string_view() : View(found->value());
  }

  template <class Text>
  static std::string_view View(const Text& text) noexcept {
    return {text.data(), text.size()};
  }

 private:
  const http::fields& fields_;
};

Response Answer(const Request& request, const cachescope::Registry& registry) {
  const std::string_view target = BeastHeaders::View(request.target());
  Response response(http::status::ok, request.version());
  response.set(http::field::content_type, "text/plain");
  if (target == "/metrics") {
    response.set(http::field::content_type, std::string(cachescope::kTextContentType));
    response.body() = cachescope::Text(registry);
  } else if (target == "/broken") {
    throw std::runtime_error("this handler is broken");
  } else if (target.starts_with("/search") && request.method() == http::verb::post) {
    response.body() = "[]\n";
  } else if (target.starts_with("/datasets/") && std::atoi(std::string(target.substr(10)).c_str()) > 0) {
    response.body() = "{}\n";
  } else {
    response.result(http::status::not_found);
  }
  return response;
}

// The middleware.
Response MeasuredAnswer(const Request& request, cachescope::kits::HttpKit& kit, const cachescope::Registry& registry) {
  const BeastHeaders headers(request);                                               // 1
  auto exchange = kit.Begin({.method = BeastHeaders::View(request.method_string()),  // 2
                             .target = BeastHeaders::View(request.target()),
                             .headers = &headers});
  Response response = Answer(request, registry);
  exchange.End(static_cast<int>(response.result_int()), request.body().size(), response.body().size());  // 3
  return response;  // if Answer throws, the exchange ends with status 500
}

void ServeConnection(tcp::socket socket, cachescope::kits::HttpKit& kit, const cachescope::Registry& registry) {
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer;
  beast::error_code error;
  for (bool open = true; open;) {
    Request request;
    stream.expires_after(std::chrono::seconds(30));
    http::read(stream, buffer, request, error);
    if (error) return;
    Response response(http::status::internal_server_error, request.version());
    try {
      response = MeasuredAnswer(request, kit, registry);
    } catch (const std::exception& problem) {
      response.body() = problem.what();
    }
    response.keep_alive(request.keep_alive());
    response.prepare_payload();
    http::write(stream, response, error);
    open = !error && request.keep_alive();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<unsigned short>(argc > 1 ? std::atoi(argv[1]) : 8080);
  cachescope::Registry& registry = cachescope::DefaultRegistry();
  cachescope::kits::TenantBounds bounds(registry, {.max_tenants = 100, .max_endpoints = 50});
  cachescope::kits::HttpKit kit(
      registry, bounds,
      {.endpoints = {.templates = {"/datasets/{dataset_id}", "/search", "/broken", "/metrics"}},
       .tenants = cachescope::kits::TenantExtractor().FromHeader("x-tenant-id").FromPath("/tenants/{tenant}")});
  try {
    boost::asio::io_context context;
    tcp::acceptor acceptor(context, {boost::asio::ip::make_address("127.0.0.1"), port});
    std::cout << "listening on 127.0.0.1:" << acceptor.local_endpoint().port() << std::endl;
    for (;;) {
      std::thread([socket = acceptor.accept(), &kit, &registry]() mutable {
        ServeConnection(std::move(socket), kit, registry);
      }).detach();
    }
  } catch (const std::exception& problem) {
    std::cerr << "cannot serve: " << problem.what() << "\n";
    return 1;
  }
}
