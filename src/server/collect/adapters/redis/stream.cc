#include "server/collect/adapters/redis/stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cctype>
#include <string>
#include <vector>

namespace cachescope::collect::redis {
namespace {

namespace asio = boost::asio;
using Error = boost::system::error_code;
using asio::ip::tcp;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

// "Connection refused" → "connection refused"; the library's own words otherwise.
std::string Words(const Error& error) {
  std::string text = error.message();
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

Status Failure(const Error& error) {
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    return IoError("the server closed the connection");
  }
  return IoError(Words(error));
}

struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), wait(executor) {}
  tcp::resolver resolver;
  asio::steady_timer wait;
  Error error = asio::error::timed_out;
  tcp::resolver::results_type results;
};

// A name lookup cannot be interrupted, so its outcome is waited for on a timer and left to itself when that runs out.
asio::awaitable<Result<std::vector<tcp::endpoint>>> Resolve(const asio::any_io_executor& executor,
                                                            const RedisAddress& address, Deadline deadline) {
  Error error;
  std::vector<tcp::endpoint> endpoints;
  if (const asio::ip::address literal = asio::ip::make_address(address.host, error); !error) {
    endpoints.emplace_back(literal, address.port);
    co_return endpoints;
  }
  const auto lookup = std::make_shared<Lookup>(executor);
  lookup->wait.expires_at(deadline);
  lookup->resolver.async_resolve(address.host, std::to_string(address.port), tcp::resolver::numeric_service,
                                 [lookup](const Error& e, tcp::resolver::results_type results) {
                                   lookup->error = e;
                                   lookup->results = std::move(results);
                                   lookup->wait.cancel();
                                 });
  co_await lookup->wait.async_wait(kTuple);
  if (lookup->error == asio::error::timed_out)
    co_return DeadlineExceeded("the name of its host was not resolved in time");
  if (lookup->error) co_return IoError("the name of its host is not known: " + Words(lookup->error));
  for (const auto& entry : lookup->results) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

}  // namespace

asio::awaitable<Status> RedisConnection::Stream::Connect(const RedisOptions& options, Deadline deadline) {
  if (options.address.tls && options.address.unix_path.empty()) {
    Status prepared = PrepareTls(options);
    if (!prepared.ok()) co_return prepared;
  }
  if (!options.address.unix_path.empty()) {
    const asio::local::stream_protocol::endpoint endpoint(options.address.unix_path);
    const auto [error] = co_await socket_.async_connect(endpoint, kTuple);
    co_return error ? Failure(error) : Status();
  }
  Status connected = co_await ConnectTcp(options.address, deadline);
  if (!connected.ok() || !options.address.tls) co_return connected;
  Status secured = co_await StartTls(options);
  co_return secured;
}

asio::awaitable<Status> RedisConnection::Stream::ConnectTcp(const RedisAddress& address, Deadline deadline) {
  const Result<std::vector<tcp::endpoint>> endpoints = co_await Resolve(executor_, address, deadline);
  if (!endpoints.ok()) co_return endpoints.status();
  Error last = asio::error::host_not_found;
  for (const tcp::endpoint& endpoint : *endpoints) {
    Error ignored;
    if (closed_) break;
    if (socket_.is_open()) socket_.close(ignored);
    const auto [error] = co_await socket_.async_connect(endpoint, kTuple);
    last = error;
    if (error) continue;
    socket_.set_option(tcp::no_delay(true), ignored);
    break;
  }
  co_return last ? Failure(last) : Status();
}

Status RedisConnection::Stream::PrepareTls(const RedisOptions& options) {
  Error error;
  tls_context_.emplace(asio::ssl::context::tls_client);
  if (options.ca_file.empty()) {
    tls_context_->set_default_verify_paths(error);
  } else {
    tls_context_->load_verify_file(options.ca_file, error);
  }
  if (error) return InvalidArgument("cannot read the ca_file " + options.ca_file + ": " + Words(error));
  if (!options.cert_file.empty()) {
    tls_context_->use_certificate_chain_file(options.cert_file, error);
    if (error) return InvalidArgument("cannot read the cert_file " + options.cert_file + ": " + Words(error));
  }
  if (!options.key_file.empty()) {
    tls_context_->use_private_key_file(options.key_file, asio::ssl::context::pem, error);
    if (error) return InvalidArgument("cannot read the key_file " + options.key_file + ": " + Words(error));
  }
  tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, *tls_context_);
  const std::string& name = options.server_name.empty() ? options.address.host : options.server_name;
  if (options.insecure_skip_verify) {
    tls_->set_verify_mode(asio::ssl::verify_none, error);
  } else {
    tls_->set_verify_mode(asio::ssl::verify_peer, error);
    tls_->set_verify_callback(asio::ssl::host_name_verification(name), error);
  }
  asio::ip::make_address(name, error);
  const bool is_name = static_cast<bool>(error);  // server name indication is for names only
  if (is_name) SSL_set_tlsext_host_name(tls_->native_handle(), name.c_str());
  return {};
}

asio::awaitable<Status> RedisConnection::Stream::StartTls(const RedisOptions& options) {
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, kTuple);
  if (!error) co_return Status();
  if (const long verdict = SSL_get_verify_result(tls_->native_handle()); verdict != X509_V_OK) {
    const std::string& name = options.server_name.empty() ? options.address.host : options.server_name;
    co_return IoError("its certificate is not accepted for " + name + ": " + X509_verify_cert_error_string(verdict));
  }
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated ||
      ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_WRONG_VERSION_NUMBER) {
    co_return IoError("the server does not answer in TLS; without TLS its address starts with redis://");
  }
  co_return IoError("the TLS handshake failed: " + Words(error));
}

asio::awaitable<Status> RedisConnection::Stream::WriteAll(std::string_view bytes) {
  const auto buffer = asio::buffer(bytes.data(), bytes.size());
  if (tls_) {
    const auto [error, written] = co_await asio::async_write(*tls_, buffer, kTuple);
    static_cast<void>(written);
    co_return error ? Failure(error) : Status();
  }
  const auto [error, written] = co_await asio::async_write(socket_, buffer, kTuple);
  static_cast<void>(written);
  co_return error ? Failure(error) : Status();
}

asio::awaitable<Result<std::size_t>> RedisConnection::Stream::ReadSome(std::span<char> into) {
  const auto buffer = asio::buffer(into.data(), into.size());
  if (tls_) {
    const auto [error, bytes] = co_await tls_->async_read_some(buffer, kTuple);
    if (error) co_return Failure(error);
    co_return bytes;
  }
  const auto [error, bytes] = co_await socket_.async_read_some(buffer, kTuple);
  if (error) co_return Failure(error);
  co_return bytes;
}

void RedisConnection::Stream::Close() {
  Error ignored;
  closed_ = true;
  socket_.close(ignored);
}

}  // namespace cachescope::collect::redis
