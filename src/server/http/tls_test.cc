#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "server/http/client.h"
#include "server/http/raw_server.h"

namespace cachescope::http {
namespace {

using testing::HasSubstr;

// A key and a certificate signed with it, for localhost and 127.0.0.1.
struct Identity {
  Identity() : key(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate(X509_new(), X509_free) {
    X509* const x = certificate.get();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3'600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3'600);
    X509_set_pubkey(x, key.get());
    X509_NAME* const name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(x, name);
    for (const auto& [nid, value] : {std::pair{NID_basic_constraints, "critical,CA:TRUE"},
                                     std::pair{NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1"}}) {
      X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
      X509_add_ext(x, extension, -1);
      X509_EXTENSION_free(extension);
    }
    X509_sign(x, key.get(), EVP_sha256());
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key;
  std::unique_ptr<X509, decltype(&X509_free)> certificate;
};

class TlsTest : public testing::Test {
 protected:
  TlsTest() : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
    SSL_CTX_use_certificate(context_.get(), identity_.certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), identity_.key.get());
    char name[] = "/tmp/cachescope_tls_XXXXXX";
    directory_ = ::mkdtemp(name);
    WriteFile("/cert.pem", [&](FILE* file) { PEM_write_X509(file, identity_.certificate.get()); });
    WriteFile("/key.pem", [&](FILE* file) {
      PEM_write_PrivateKey(file, identity_.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  ~TlsTest() override { std::filesystem::remove_all(directory_); }

  void WriteFile(const std::string& name, const std::function<void(FILE*)>& write) {
    FILE* const file = std::fopen((directory_ + name).c_str(), "w");
    write(file);
    std::fclose(file);
  }

  // Answers requests until the client closes. `notice`: says goodbye as TLS wants it.
  void Serve(RawPeer& peer, const std::string& answer, bool once, bool notice) {
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context_.get()), SSL_free);
    SSL_set_fd(ssl.get(), peer.descriptor());
    if (SSL_accept(ssl.get()) != 1) return;
    const char* const name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
    const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(ssl.get()), X509_free);
    char buffer[16 << 10];
    while (SSL_read(ssl.get(), buffer, sizeof buffer) > 0) {
      const std::string body = answer + (name != nullptr ? name : "-") + (shown ? " with certificate" : "");
      const std::string head = once ? "HTTP/1.1 200 OK\r\n\r\n"
                                    : "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
      const std::string bytes = head + body;
      SSL_write(ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
      if (once) break;
    }
    if (notice) SSL_shutdown(ssl.get());
  }

  ClientRequest Request(const RawServer& server, const std::string& host = "localhost") {
    ClientRequest request;
    request.url = "https://" + host + ":" + std::to_string(server.port()) + "/";
    request.tls.ca_file = directory_ + "/cert.pem";
    return request;
  }
  static Result<Response> Fetch(Client* client, ClientRequest request) {
    boost::asio::io_context context(1);
    std::optional<Result<Response>> result;
    const auto run = [&]() -> boost::asio::awaitable<void> {
      result.emplace(co_await client->Fetch(std::move(request)));
    };
    boost::asio::co_spawn(context, run(), boost::asio::detached);
    context.run();
    return std::move(*result);
  }
  static std::string Cause(const Result<Response>& result) {
    EXPECT_EQ(result.status().code(), Code::kUnavailable);
    return std::string(result.status().message());
  }

  Identity identity_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::string directory_;
};

TEST_F(TlsTest, VerifiesNamesAndAddresses) {
  RawServer server([this](RawPeer& peer) { Serve(peer, "sni ", false, true); });
  auto result = FetchBlocking(Request(server));
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->body, "sni localhost");
  result = FetchBlocking(Request(server, "127.0.0.1"));
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->body, "sni -");
}

TEST_F(TlsTest, RefusesWhomItCannotTrust) {
  RawServer server([this](RawPeer& peer) { Serve(peer, "", false, true); });
  ClientRequest stranger = Request(server);
  stranger.tls.ca_file.clear();
  EXPECT_THAT(Cause(FetchBlocking(stranger)), HasSubstr("certificate verification failed: self-signed certificate"));
  ClientRequest other = Request(server);
  other.tls.server_name = "example.org";
  EXPECT_THAT(Cause(FetchBlocking(other)), HasSubstr("certificate verification failed: hostname mismatch"));
  other.tls.insecure_skip_verify = true;
  EXPECT_EQ(FetchBlocking(other)->body, "example.org");
}

TEST_F(TlsTest, AnInsecureConnectionIsNotReusedForAVerifiedOne) {
  RawServer server([this](RawPeer& peer) { Serve(peer, "", false, true); });
  const auto client = Client::New();
  ClientRequest request = Request(server);
  request.tls.ca_file.clear();
  request.tls.insecure_skip_verify = true;
  EXPECT_TRUE(Fetch(client.get(), request).ok());
  EXPECT_TRUE(Fetch(client.get(), request).ok());
  EXPECT_EQ(server.connections(), 1);
  request.tls.insecure_skip_verify = false;
  EXPECT_FALSE(Fetch(client.get(), request).ok());
}

TEST_F(TlsTest, ShowsItsCertificate) {
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  RawServer server([this](RawPeer& peer) { Serve(peer, "", false, true); });
  ClientRequest request = Request(server);
  request.tls.cert_file = directory_ + "/cert.pem";
  EXPECT_EQ(FetchBlocking(request).status().code(), Code::kInvalidArgument);
  request.tls.key_file = directory_ + "/key.pem";
  const auto result = FetchBlocking(request);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->body, "localhost with certificate");
  request.tls.ca_file = directory_ + "/none.pem";
  EXPECT_EQ(FetchBlocking(request).status().code(), Code::kInvalidArgument);
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(TlsTest, TextsServeAsFilesDo) {
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  RawServer server([this](RawPeer& peer) { Serve(peer, "", false, true); });
  ClientRequest request = Request(server);
  request.tls.ca_file.clear();
  request.tls.ca = request.tls.cert = ReadAll(directory_ + "/cert.pem");
  request.tls.key = ReadAll(directory_ + "/key.pem");
  const auto result = FetchBlocking(request);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->body, "localhost with certificate");
  request.tls.key = "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n";
  const Status bad = FetchBlocking(request).status();
  EXPECT_EQ(bad.code(), Code::kInvalidArgument);
  EXPECT_THAT(std::string(bad.message()), testing::Not(HasSubstr("secret")));
  request.tls.ca = "nothing";
  EXPECT_EQ(FetchBlocking(request).status().code(), Code::kInvalidArgument);
}

TEST_F(TlsTest, VersionsAreBounded) {
  SSL_CTX_set_max_proto_version(context_.get(), TLS1_2_VERSION);
  RawServer server([this](RawPeer& peer) { Serve(peer, "", false, true); });
  ClientRequest request = Request(server);
  EXPECT_TRUE(FetchBlocking(request).ok());
  request.tls.min_version = 0x0304;
  EXPECT_THAT(Cause(FetchBlocking(request)), HasSubstr("TLS: "));
}

TEST_F(TlsTest, GoesThroughAProxyByConnect) {
  std::string asked;
  RawServer proxy([&](RawPeer& peer) {
    asked = peer.ReceiveUntil("\r\n\r\n");
    peer.Send("HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n");
    Serve(peer, "tunnel ", false, true);
  });
  const auto client = Client::New();
  ClientRequest request;
  request.url = "https://localhost:65000/";
  request.tls.ca_file = directory_ + "/cert.pem";
  request.proxy.url = "http://u:p@127.0.0.1:" + std::to_string(proxy.port());
  request.proxy.connect_headers = {{"X-Team", "cache"}};
  for (int i = 0; i < 2; ++i) {
    const auto result = Fetch(client.get(), request);
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    EXPECT_EQ(result->body, "tunnel localhost");
  }
  EXPECT_EQ(proxy.connections(), 1);
  EXPECT_THAT(asked, testing::StartsWith("CONNECT localhost:65000 HTTP/1.1\r\nHost: localhost:65000\r\n"));
  EXPECT_THAT(asked, HasSubstr("Proxy-Authorization: Basic dTpw\r\n"));
  EXPECT_THAT(asked, HasSubstr("X-Team: cache\r\n"));
  request.proxy = {};
  EXPECT_FALSE(Fetch(client.get(), request).ok()) << "a tunnel must not serve a request without a proxy";
}

TEST_F(TlsTest, ABodyCutOffIsNoBody) {
  RawServer honest([this](RawPeer& peer) { Serve(peer, "body ", true, true); });
  EXPECT_EQ(FetchBlocking(Request(honest))->body, "body localhost");
  RawServer cut([this](RawPeer& peer) { Serve(peer, "body ", true, false); });
  EXPECT_THAT(Cause(FetchBlocking(Request(cut))), HasSubstr("ended without notice"));
}

TEST_F(TlsTest, PlainAndHangingPeers) {
  RawServer plain([](RawPeer& peer) {
    peer.Receive();
    peer.Send("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  EXPECT_THAT(Cause(FetchBlocking(Request(plain))), HasSubstr("TLS: "));
  RawServer hanging([](RawPeer& peer) {
    while (!peer.Receive().empty()) {
    }
  });
  ClientRequest request = Request(hanging);
  request.timeout = std::chrono::milliseconds(50);
  EXPECT_EQ(FetchBlocking(request).status().code(), Code::kDeadlineExceeded);
}

}  // namespace
}  // namespace cachescope::http
