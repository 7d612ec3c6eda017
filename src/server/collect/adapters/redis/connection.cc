#include "server/collect/adapters/redis/connection.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <fstream>

#include "base/log.h"
#include "model/labels.h"
#include "server/collect/adapters/redis/stream.h"

namespace cachescope::collect::redis {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kQuotedBytes = 160;  // of a foreign message that is shown
constexpr std::size_t kMaxPasswordBytes = 4096;

std::string Quoted(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kQuotedBytes)) out += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? ' ' : c;
  if (text.size() > kQuotedBytes) out += "…";
  return out;
}

// The first bytes of something that is no Redis, explained.
Status NotRedis(std::string_view head, const Status& why) {
  if (head.starts_with("HTTP/")) return Corruption("the server speaks HTTP, not the Redis protocol");
  if (head.starts_with('\x15') || head.starts_with('\x16')) {
    return Corruption("the server speaks TLS; its address then starts with rediss://");
  }
  const std::string_view line = head.substr(0, head.find_first_of("\r\n"));
  if (IsValidUtf8(line) && !line.empty()) {
    return Corruption("the server does not speak the Redis protocol; it says '" + Quoted(line) + "'");
  }
  return Corruption("the server does not speak the Redis protocol (" + std::string(why.message()) + ")");
}

Result<std::string> ReadPassword(const RedisOptions& options) {
  if (!options.address.password.empty() || options.password_file.empty()) return options.address.password;
  std::ifstream file(options.password_file, std::ios::binary);
  std::string text(kMaxPasswordBytes, '\0');
  if (!file || !file.read(text.data(), static_cast<std::streamsize>(text.size())).eof()) {
    return InvalidArgument("cannot read the password_file " + options.password_file +
                           (file ? ": it is larger than 4096 bytes" : ": it does not open"));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

// A server before 6, or one without a password, says so when it is given one.
bool IsNeedlessPassword(std::string_view error) {
  return error.find("no password is set") != std::string_view::npos ||
         error.find("without any password configured") != std::string_view::npos;
}

// A server that turns a client away says so in place of the first reply, whatever the command.
bool IsTurnedAway(std::string_view error) {
  return error.starts_with("DENIED") || error.starts_with("ERR max number of clients");
}

// Only the code of a refused AUTH is shown: some servers repeat the words of a command they do not know.
Status RefusedPassword(std::string_view error) {
  const std::string_view code = error.substr(0, error.find(' '));
  if (code == "WRONGPASS" || error.find("invalid password") != std::string_view::npos) {
    return Unavailable("the server refuses the user or the password (WRONGPASS)");
  }
  if (code == "ERR" || code == "NOPERM") return Unavailable("the server does not take AUTH (" + Quoted(code) + ")");
  return ErrorReply(code);
}

}  // namespace

Status ErrorReply(std::string_view text) {
  const std::string_view code = text.substr(0, text.find(' '));
  if (code == "NOAUTH" || text.starts_with("ERR operation not permitted")) {
    return Unavailable(
        "the server asks for a password (NOAUTH): set one in the URL, in password_file or in REDIS_PASSWORD");
  }
  if (code == "LOADING") return Unavailable("the server is still loading its data (LOADING)");
  if (code == "NOPERM") return Unavailable("its ACL forbids this user a command it needs: " + Quoted(text));
  if (code == "DENIED") return Unavailable("the server is in protected mode and answers local clients only (DENIED)");
  return Unavailable("the server answers '" + Quoted(text) + "'");
}

RedisConnection::RedisConnection(RedisOptions options) : options_(std::move(options)) {}
RedisConnection::~RedisConnection() = default;

bool RedisConnection::is_open() const { return stream_ != nullptr; }

void RedisConnection::Close() { stream_.reset(); }

namespace {

// Calls `close` when the deadline comes, which ends the operation under way. The flag is shared, because a timer that
// is already due runs after its cancellation.
class Alarm {
 public:
  template <typename Close>
  Alarm(const asio::any_io_executor& executor, Deadline deadline, Close close)
      : timer_(executor, deadline), state_(std::make_shared<State>()) {
    timer_.async_wait([state = state_, close = std::move(close)](const boost::system::error_code& error) {
      if (error || state->over) return;
      state->rung = true;
      close();
    });
  }
  ~Alarm() { state_->over = true; }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  bool rung() const { return state_->rung; }

 private:
  struct State {
    bool over = false;
    bool rung = false;
  };
  asio::steady_timer timer_;
  std::shared_ptr<State> state_;
};

}  // namespace

asio::awaitable<Status> RedisConnection::Open(Deadline deadline) {
  if (is_open()) co_return Status();
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  stream_ = std::make_unique<Stream>(executor);
  Status status;
  {
    const Alarm alarm(executor, deadline, [this] { stream_->Close(); });
    status = co_await stream_->Connect(options_, deadline);
    if (!status.ok() && alarm.rung()) status = DeadlineExceeded("it does not accept the connection in time");
  }
  if (status.ok()) status = co_await Greet(deadline);
  if (!status.ok()) Close();
  co_return status;
}

asio::awaitable<Status> RedisConnection::Greet(Deadline deadline) {
  const Result<std::string> password = ReadPassword(options_);
  if (!password.ok()) co_return password.status();
  std::string request;
  std::size_t replies = 0;
  const bool has_auth = !password->empty() || !options_.address.username.empty();
  if (has_auth && options_.address.username.empty()) AppendCommand(&request, {"AUTH", *password});
  if (has_auth && !options_.address.username.empty()) {
    AppendCommand(&request, {"AUTH", options_.address.username, *password});
  }
  if (!options_.client_name.empty()) AppendCommand(&request, {"CLIENT", "SETNAME", options_.client_name});
  const std::string database = std::to_string(options_.address.database);
  if (options_.address.database != 0) AppendCommand(&request, {"SELECT", database});
  replies =
      (has_auth ? 1U : 0U) + (options_.client_name.empty() ? 0U : 1U) + (options_.address.database != 0 ? 1U : 0U);
  if (replies == 0) co_return Status();

  RespReader reader;
  Status status = co_await Exchange(request, replies, deadline, &reader);
  if (!status.ok()) co_return status;
  const RespValue first = reader.reply(0);
  if (first.is_error() && IsTurnedAway(first.text())) co_return ErrorReply(first.text());
  if (has_auth && first.is_error()) {
    if (!IsNeedlessPassword(first.text())) co_return RefusedPassword(first.text());
    if (!warned_needless_password_) {
      LogWarn("the Redis server needs no password, but one is set", {{"target", options_.address.ToString()}});
    }
    warned_needless_password_ = true;
  }
  // The name is a courtesy and may fail; the database may not.
  const RespValue last = reader.reply(replies - 1);
  if (options_.address.database != 0 && last.is_error()) {
    Status error = ErrorReply(last.text());
    co_return last.text().starts_with("NOAUTH") ? error : error.WithPrefix("cannot select database " + database);
  }
  co_return Status();
}

asio::awaitable<Status> RedisConnection::Exchange(std::string_view request, std::size_t replies, Deadline deadline,
                                                  RespReader* reader) {
  reader->Reset();
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const Alarm alarm(executor, deadline, [this] { stream_->Close(); });
  // A server that refuses a client says why and closes, so its words are read even when ours do not reach it.
  Status status = co_await stream_->WriteAll(request);
  for (bool reading = true; reading && reader->complete() < replies;) {
    const Result<std::size_t> bytes = co_await stream_->ReadSome(reader->Prepare());
    if (!bytes.ok()) {
      status = status.ok() ? bytes.status() : status;
      reading = false;
      continue;
    }
    reader->Commit(*bytes);
    Status parsed = reader->Parse();
    if (!parsed.ok()) {
      Close();
      co_return NotRedis(reader->head(kQuotedBytes), parsed);
    }
  }
  if (reader->complete() == replies && !reader->has_rest()) co_return Status();
  Close();
  if (alarm.rung()) co_return DeadlineExceeded("it does not answer in time");
  if (reader->complete() >= replies) co_return Corruption("the server sent more replies than commands");
  if (reader->complete() == 1 && reader->reply(0).is_error()) co_return ErrorReply(reader->reply(0).text());
  co_return status;
}

}  // namespace cachescope::collect::redis
