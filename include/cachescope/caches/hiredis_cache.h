// HiredisCache: a Redis or Valkey server as a cache, over hiredis (0.14 or newer), which the program links itself.
//
//   caches::HiredisCache redis({.host = "127.0.0.1", .port = 6379, .prefix = "users:"});
//   auto users = caches::Instrument(registry, {.name = "users", .tier = "l2"}, redis);
//   users.Set("42", "Ada", std::chrono::minutes(5));
//   auto user = users.Get("42");           // caches::Lookup<std::string>: a hit, a miss or an error
//
// One connection, opened at the first use and again after it was lost; a call that finds it lost fails at once when the
// last attempt is younger than `retry_after`. Nothing throws but for want of memory. Keys and values are any bytes.
// Not thread-safe: one per thread, as hiredis contexts; they may share a name and then add up.
#pragma once

#include <hiredis/hiredis.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "cachescope/caches/outcome.h"

namespace cachescope::caches {

struct HiredisOptions {
  std::string host = "127.0.0.1";
  int port = 6379;
  /// When not empty, a Unix socket instead of host and port.
  std::string unix_path = {};
  /// Sent by AUTH when not empty; `user` needs Redis 6.
  std::string user = {};
  std::string password = {};
  int database = 0;
  /// Stands before every key.
  std::string prefix = {};
  std::chrono::milliseconds connect_timeout{1000};
  /// Of one command.
  std::chrono::milliseconds timeout{1000};
  std::chrono::milliseconds retry_after{1000};
};

class HiredisCache {
 public:
  explicit HiredisCache(HiredisOptions options = {}) : options_(std::move(options)) {}

  Lookup<std::string> Get(std::string_view key) {
    const Reply reply = Command({"GET", Full(key)});
    if (reply == nullptr) return Lookup<std::string>::Failed(error_);
    if (reply->type == REDIS_REPLY_NIL) return Lookup<std::string>::Miss();
    if (reply->type != REDIS_REPLY_STRING) return Lookup<std::string>::Failed(Refused(*reply));
    return Lookup<std::string>::Hit(std::string(reply->str, static_cast<std::size_t>(reply->len)));
  }

  /// `ttl` zero is for ever; it is rounded up to milliseconds.
  WriteResult Set(std::string_view key, std::string_view value, std::chrono::nanoseconds ttl = {}) {
    const std::string full(Full(key));
    if (ttl.count() <= 0) return Changed(Command({"SET", full, value}));
    const std::string milliseconds = std::to_string(std::chrono::ceil<std::chrono::milliseconds>(ttl).count());
    return Changed(Command({"SET", full, value, "PX", milliseconds}));
  }

  /// `changed` is 1 if there was one.
  WriteResult Erase(std::string_view key) { return Changed(Command({"DEL", Full(key)})); }

  /// What hiredis or the server said about the latest failure; empty if there was none.
  const std::string& error_text() const noexcept { return error_text_; }
  bool connected() const noexcept { return context_ != nullptr; }

 private:
  struct FreeReply {
    void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
  };
  struct FreeCommand {
    void operator()(char* command) const noexcept { redisFreeCommand(command); }
  };
  struct FreeContext {
    void operator()(redisContext* context) const noexcept { redisFree(context); }
  };
  using Reply = std::unique_ptr<redisReply, FreeReply>;
  using Clock = std::chrono::steady_clock;

  static timeval ToTimeval(std::chrono::milliseconds time) {
    const auto milliseconds = std::max<long long>(time.count(), 1);
    return {static_cast<time_t>(milliseconds / 1000), static_cast<suseconds_t>(milliseconds % 1000 * 1000)};
  }

  /// Valid until the next call.
  std::string_view Full(std::string_view key) {
    if (options_.prefix.empty()) return key;
    full_key_.assign(options_.prefix).append(key);
    return full_key_;
  }

  /// Null on failure of the connection, with error_ set.
  Reply Command(std::initializer_list<std::string_view> words) { return Connect() ? Send(words) : nullptr; }

  Reply Send(std::initializer_list<std::string_view> words) {
    const char* texts[kMaxWords] = {};
    std::size_t lengths[kMaxWords] = {};
    int count = 0;
    for (const std::string_view word : words) {
      texts[count] = word.data() == nullptr ? "" : word.data();
      lengths[count++] = word.size();
    }
    if (!Write(count, texts, lengths)) return nullptr;
    void* reply = nullptr;
    if (redisGetReply(context_.get(), &reply) != REDIS_OK) Disconnect(errno, context_->errstr);
    return Reply(static_cast<redisReply*>(reply));
  }

  /// Not by hiredis itself, whose write to a closed connection would end the program with SIGPIPE.
  bool Write(int count, const char** texts, const std::size_t* lengths) {
    char* command = nullptr;
    const auto size = redisFormatCommandArgv(&command, count, texts, lengths);
    if (size < 0) throw std::bad_alloc();
    const std::unique_ptr<char, FreeCommand> owner(command);
    const char* rest = command;
    auto left = static_cast<std::size_t>(size);
    while (left > 0) {
      const ssize_t sent = send(context_->fd, rest, left, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return Disconnect(errno, nullptr);
      rest += sent;
      left -= static_cast<std::size_t>(sent);
    }
    return true;
  }

  bool Connect() {
    if (context_ != nullptr) return true;
    const auto now = Clock::now();
    if (tried_ && now - last_try_ < options_.retry_after) return false;
    tried_ = true;
    last_try_ = now;
    const timeval limit = ToTimeval(options_.connect_timeout);
    context_.reset(options_.unix_path.empty() ? redisConnectWithTimeout(options_.host.c_str(), options_.port, limit)
                                              : redisConnectUnixWithTimeout(options_.unix_path.c_str(), limit));
    if (context_ == nullptr) throw std::bad_alloc();
    if (context_->err != 0) return Disconnect(errno, context_->errstr);
    redisSetTimeout(context_.get(), ToTimeval(options_.timeout));
    return LogIn();
  }

  bool LogIn() {
    const auto accepted = [this](const Reply& reply) {
      if (reply != nullptr && reply->type == REDIS_REPLY_ERROR) {
        error_ = Refused(*reply);
        context_.reset();
      }
      return context_ != nullptr;
    };
    if (!options_.user.empty()) {
      if (!accepted(Send({"AUTH", options_.user, options_.password}))) return false;
    } else if (!options_.password.empty()) {
      if (!accepted(Send({"AUTH", options_.password}))) return false;
    }
    return options_.database == 0 || accepted(Send({"SELECT", std::to_string(options_.database)}));
  }

  /// Keeps why and closes, because a connection with an answer still to come would give it to the next command.
  bool Disconnect(int code, const char* text) {
    const bool waited = code == EAGAIN || code == EWOULDBLOCK || code == ETIMEDOUT;
    const bool by_system = text == nullptr || context_->err == REDIS_ERR_IO;
    error_ = by_system && waited ? CacheError::kTimeout : CacheError::kConnection;
    error_text_ = text != nullptr ? text : std::generic_category().message(code);
    context_.reset();
    return false;
  }

  CacheError Refused(const redisReply& reply) {
    if (reply.type == REDIS_REPLY_ERROR) error_text_.assign(reply.str, static_cast<std::size_t>(reply.len));
    const bool full = reply.type == REDIS_REPLY_ERROR && error_text_.starts_with("OOM");
    return full ? CacheError::kOutOfMemory : CacheError::kOperation;
  }

  WriteResult Changed(const Reply& reply) {
    if (reply == nullptr) return {error_, 0};
    if (reply->type == REDIS_REPLY_INTEGER) return {CacheError::kNone, static_cast<std::size_t>(reply->integer)};
    if (reply->type == REDIS_REPLY_STATUS) return {CacheError::kNone, 1};
    return {Refused(*reply), 0};
  }

  static constexpr std::size_t kMaxWords = 5;

  const HiredisOptions options_;
  std::unique_ptr<redisContext, FreeContext> context_;
  std::string full_key_;
  CacheError error_ = CacheError::kConnection;
  std::string error_text_;
  Clock::time_point last_try_{};
  bool tried_ = false;
};

}  // namespace cachescope::caches
