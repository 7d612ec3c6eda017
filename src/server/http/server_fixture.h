// What the tests of the server share: a running server with a few handlers, and ways to ask it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>

#include "server/http/content_coding.h"
#include "server/http/raw_peer.h"
#include "server/http/server.h"

namespace cachescope::http {

// Opened once, by the test or by a handler.
class Gate {
 public:
  void Open() {
    const std::lock_guard lock(mu_);
    open_ = true;
    changed_.notify_all();
  }
  bool Wait() {
    std::unique_lock lock(mu_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return open_; });
  }

 private:
  std::mutex mu_;
  std::condition_variable changed_;
  bool open_ = false;
};

inline ServerOptions Options() {
  ServerOptions options;
  options.listen_address = "127.0.0.1:0";
  options.worker_threads = 2;
  options.io_threads = 2;
  return options;
}

class ServerTest : public testing::Test {
 protected:
  // Starts a server with the handlers of Register.
  void Begin(ServerOptions options = Options()) {
    server_ = Server::New(std::move(options));
    Register();
    Start();
  }
  // Starts a server with one handler.
  void BeginWith(std::string_view pattern, Handler handler, ServerOptions options = Options()) {
    server_ = Server::New(std::move(options));
    server_->Handle("GET", pattern, std::move(handler));
    Start();
  }
  void Start() {
    const Status status = server_->Start();
    ASSERT_TRUE(status.ok()) << status.ToString();
    const std::string address = server_->address();
    port_ = std::stoi(address.substr(address.rfind(':') + 1));
  }
  void Register() {
    server_->Handle("GET", "/hello", [](const Request&, ResponseWriter& writer) { (void)writer.Write("hello"); });
    server_->Handle("POST", "/echo",
                    [](const Request& request, ResponseWriter& writer) { (void)writer.Write(request.body); });
    server_->Handle("GET", "/size/:bytes", [](const Request& request, ResponseWriter& writer) {
      std::size_t left = std::stoul(std::string(request.PathParam("bytes")));
      std::string line;
      for (int i = 0; line.size() < 1'000; ++i) line += "value " + std::to_string(i) + "\n";
      for (; left > 0; left -= std::min(left, line.size())) {
        if (!writer.Write(std::string_view(line).substr(0, left)).ok()) return;
      }
    });
    server_->Handle("GET", "/throw", [](const Request&, ResponseWriter& writer) {
      (void)writer.Write("partial");
      throw std::runtime_error("broken");
    });
    server_->Handle("GET", "/throw_late", [](const Request&, ResponseWriter& writer) {
      (void)writer.Write(std::string(100'000, 'x'));
      throw std::runtime_error("broken");
    });
    server_->Handle("GET", "/headers", [](const Request& request, ResponseWriter& writer) {
      writer.SetStatus(201);
      writer.SetHeader("X-Peer", request.peer);
      writer.SetHeader("X-Split", "a\r\nX-Evil: b");
      writer.SetHeader("Content-Length", "3");
      (void)writer.Write(request.path + "|" + std::string(request.query.Get("q")));
    });
    server_->Handle("GET", "/empty", [](const Request&, ResponseWriter& writer) {
      writer.SetStatus(204);
      (void)writer.Write("ignored");
    });
  }

  RawPeer Connect() { return RawPeer::Connect(port_); }
  // One request, the connection closed by the server afterwards.
  std::string Ask(std::string_view request) {
    RawPeer peer = Connect();
    peer.Send(request);
    return peer.ReceiveAll();
  }
  static std::string Get(std::string_view path, std::string_view headers = "Connection: close\r\n") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(headers) + "\r\n";
  }
  static std::string Body(const std::string& response) { return response.substr(response.find("\r\n\r\n") + 4); }
  static std::string Unchunk(std::string_view body) {
    std::string out;
    while (!body.empty()) {
      const std::size_t size = std::stoul(std::string(body.substr(0, body.find("\r\n"))), nullptr, 16);
      body.remove_prefix(body.find("\r\n") + 2);
      if (size == 0) break;
      out += body.substr(0, size);
      body.remove_prefix(size + 2);
    }
    return out;
  }
  static std::string Gunzip(std::string_view packed) {
    auto decoder = BodyDecoder::New("gzip", 1 << 30);
    std::string out;
    EXPECT_TRUE((*decoder)->Write(packed, &out).ok());
    EXPECT_TRUE((*decoder)->Finish().ok());
    return out;
  }

  // For handlers; they outlive the server, whose queued requests may still run when a test ends.
  Gate entered_;
  Gate go_;
  Gate ended_;
  Gate left_;
  Status last_;
  std::unique_ptr<Server> server_;
  int port_ = 0;
};

}  // namespace cachescope::http
