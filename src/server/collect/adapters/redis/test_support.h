// For tests of this folder: a sink that remembers, a private redis-server or other program, a listener that answers as
// told.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "server/collect/adapters/redis/redis_source.h"

namespace cachescope::collect::redis {

// Keeps every sample under the text of its series, labels sorted: `redis_db_keys{db="db0"}`.
class MapSink final : public SampleSink {
 public:
  void Family(std::string_view name, MetricType type, std::string_view help, std::string_view) override {
    EXPECT_TRUE(families.emplace(name, type).second) << name << " is described twice";
    EXPECT_FALSE(help.empty()) << name;
  }
  Status Add(std::string_view name, const std::vector<LabelView>& labels, double value) override {
    return AddAt(name, labels, value, 0);
  }
  Status AddAt(std::string_view name, const std::vector<LabelView>& labels, double value, TimestampMs) override {
    std::map<std::string, std::string> sorted;
    for (const LabelView& label : labels) {
      EXPECT_FALSE(label.value.empty()) << name << " " << label.name;
      sorted.emplace(label.name, label.value);
    }
    std::string series(name);
    for (const auto& [key, text] : sorted)
      series += (series.size() == name.size() ? '{' : ',') + key + "=\"" + text + '"';
    if (!sorted.empty()) series += '}';
    EXPECT_TRUE(samples.emplace(series, value).second) << series << " is there twice";
    return {};
  }
  bool AddCached(std::string_view, double, TimestampMs, bool) override { return false; }
  Status AddParsed(std::string_view, std::string_view name, const std::vector<LabelView>& labels, double value,
                   TimestampMs t, bool) override {
    return AddAt(name, labels, value, t);
  }

  // NaN when the series is not there.
  double Get(const std::string& series) const {
    const auto it = samples.find(series);
    return it == samples.end() ? std::numeric_limits<double>::quiet_NaN() : it->second;
  }

  std::map<std::string, double> samples;
  std::map<std::string, MetricType> families;
};

// Runs the coroutines of sources, one after the other, on one io_context. Declared before the sources, as it must
// outlive them.
class Runner {
 public:
  Status Collect(Source& source, MapSink* sink, std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    Status result = Internal("cannot collect: the coroutine did not end");
    boost::asio::co_spawn(context_, source.Collect(timeout, *sink), [&](std::exception_ptr error, Status status) {
      EXPECT_FALSE(error);
      result = std::move(status);
    });
    context_.restart();
    context_.run();
    return result;
  }

 private:
  boost::asio::io_context context_;
};

inline sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

inline int FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

// A connected socket, or -1.
inline int ConnectTo(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
  ::close(fd);
  return -1;
}

class TempFolder {
 public:
  TempFolder() : path_(testing::TempDir() + "cachescope-redis-XXXXXX") { EXPECT_NE(::mkdtemp(path_.data()), nullptr); }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A program that runs until the object is gone; its output is dropped.
class Program {
 public:
  explicit Program(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ~Program() { Stop(); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void Stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    Wait();
  }
  int Wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

inline bool Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// Waits until `ready` is true; false after ten seconds.
inline bool WaitFor(const std::function<bool()>& ready) {
  for (int i = 0; i < 2000; ++i) {
    if (ready()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

inline bool WaitForPort(int port) {
  return WaitFor([port] {
    const int fd = ConnectTo(port);
    if (fd >= 0) ::close(fd);
    return fd >= 0;
  });
}

constexpr const char* kRedisServer = "/usr/bin/redis-server";
constexpr const char* kRedisExporter = "/usr/bin/prometheus-redis-exporter";

// A private redis-server with nothing on disk.
class RedisServer {
 public:
  explicit RedisServer(const std::vector<std::string>& more = {}, bool sentinel = false) : port_(FreePort()) {
    std::vector<std::string> words = {kRedisServer};
    if (sentinel) {
      std::ofstream(folder_ / "sentinel.conf") << "";
      words.push_back(folder_ / "sentinel.conf");
    }
    for (const char* word : {"--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--daemonize", "no"}) {
      if (!sentinel) words.push_back(word);
    }
    words.insert(words.end(), {"--port", std::to_string(port_), "--dir", folder_.path()});
    if (sentinel) words.insert(words.end(), {"--sentinel"});
    words.insert(words.end(), more.begin(), more.end());
    program_ = std::make_unique<Program>(words);
    EXPECT_TRUE(WaitForPort(port_));
  }

  int port() const { return port_; }
  pid_t pid() const { return program_->pid(); }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  void Stop() { program_->Stop(); }

  // Runs commands and returns the texts of their replies.
  std::vector<std::string> Run(const std::vector<std::vector<std::string_view>>& commands) const {
    std::string request;
    for (const auto& words : commands) AppendCommand(&request, std::span(words.data(), words.size()));
    return Send(request, commands.size());
  }
  std::vector<std::string> Send(std::string_view request, std::size_t replies) const {
    const int fd = ConnectTo(port_);
    RespReader reader;
    std::thread writer([&] {
      while (!request.empty()) {
        const ssize_t n = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
        if (n <= 0) return;
        request.remove_prefix(static_cast<std::size_t>(n));
      }
    });
    while (reader.complete() < replies) {
      const std::span<char> room = reader.Prepare();
      const ssize_t n = ::read(fd, room.data(), room.size());
      if (n <= 0) break;
      reader.Commit(static_cast<std::size_t>(n));
      EXPECT_TRUE(reader.Parse().ok());
    }
    writer.join();
    ::close(fd);
    std::vector<std::string> out;
    for (std::size_t i = 0; i < reader.complete(); ++i) out.emplace_back(reader.reply(i).text());
    return out;
  }

 private:
  TempFolder folder_;
  const int port_;
  std::unique_ptr<Program> program_;
};

#define CACHESCOPE_SKIP_WITHOUT(path) \
  if (!::cachescope::collect::redis::Exists(path)) GTEST_SKIP() << (path) << " is not installed"

// A listener that answers whatever it is asked with one text. Then it closes, or stays silent, or goes on with one
// answer for each command.
class FakeServer {
 public:
  enum class Then { kClose, kStay, kGoOn };
  FakeServer(std::string answer, Then then) : answer_(std::move(answer)), then_(then) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~FakeServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    for (const int fd : connections_) ::close(fd);
    ::close(listener_);
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  int port() const { return port_; }

 private:
  void Serve() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      while (Answer(fd) && then_ == Then::kGoOn) continue;
      if (then_ == Then::kStay) {
        connections_.push_back(fd);
      } else {
        ::close(fd);
      }
    }
  }
  // False when the peer is gone.
  bool Answer(int fd) {
    char request[4096];
    const ssize_t size = ::recv(fd, request, sizeof(request), 0);
    if (size <= 0) return false;
    const std::string_view text(request, static_cast<std::size_t>(size));
    const auto commands = then_ == Then::kGoOn ? std::count(text.begin(), text.end(), '*') : 1;
    for (auto i = commands; i > 0; --i) static_cast<void>(::send(fd, answer_.data(), answer_.size(), MSG_NOSIGNAL));
    return true;
  }

  const std::string answer_;
  const Then then_;
  int listener_ = -1;
  int port_ = 0;
  std::vector<int> connections_;
  std::thread thread_;
};

}  // namespace cachescope::collect::redis
