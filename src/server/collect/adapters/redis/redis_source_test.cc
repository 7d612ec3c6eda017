#include "server/collect/adapters/redis/redis_source.h"

#include <gmock/gmock.h>

#include "server/collect/adapters/redis/redis_catalog.h"
#include "server/collect/adapters/redis/test_support.h"

namespace cachescope::collect::redis {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

RedisOptions Options(const std::string& url) {
  Result<RedisAddress> address = ParseRedisUrl(url);
  EXPECT_TRUE(address.ok()) << address.status().ToString();
  RedisOptions options;
  if (address.ok()) options.address = *std::move(address);
  return options;
}

std::string WithUser(const RedisServer& server, const std::string& user) {
  return "redis://" + user + "@127.0.0.1:" + std::to_string(server.port());
}

// One Collect; the message of its failure, or "".
std::string Failure(const RedisOptions& options, milliseconds timeout = std::chrono::seconds(10),
                    Code* code = nullptr) {
  Runner runner;
  const std::shared_ptr<Source> source = NewRedisSource(options);
  MapSink sink;
  const Status status = runner.Collect(*source, &sink, timeout);
  if (code != nullptr) *code = status.code();
  if (!status.ok()) {
    EXPECT_TRUE(sink.samples.empty());
    source->OnFailure(sink);
    EXPECT_EQ(sink.samples, (std::map<std::string, double>{{"redis_up", 0}}));
    EXPECT_EQ(sink.families.size(), 1U);
  }
  return std::string(status.message());
}

TEST(RedisSource, ReadsAServer) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  const RedisServer server({"--maxmemory", "64mb"});
  server.Run(
      {{"SET", "a", "1"}, {"SET", "b", "1", "EX", "100"}, {"GET", "a"}, {"GET", "nothing"}, {"LPUSH", "a", "x"}});
  Runner runner;
  const std::shared_ptr<Source> source = NewRedisSource(Options(server.url()));
  MapSink sink;
  const Status status = runner.Collect(*source, &sink);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(sink.Get("redis_up"), 1);
  EXPECT_EQ(sink.Get("redis_memory_max_bytes"), 64 << 20);
  EXPECT_EQ(sink.Get("redis_config_maxmemory"), 64 << 20);
  EXPECT_EQ(sink.Get("redis_db_keys{db=\"db0\"}"), 2);
  EXPECT_EQ(sink.Get("redis_db_keys_expiring{db=\"db0\"}"), 1);
  EXPECT_EQ(sink.Get("redis_db_keys{db=\"db15\"}"), 0);
  EXPECT_EQ(sink.Get("redis_keyspace_hits_total"), 1);
  EXPECT_EQ(sink.Get("redis_keyspace_misses_total"), 1);
  EXPECT_EQ(sink.Get("redis_commands_total{cmd=\"set\"}"), 2);
  EXPECT_EQ(sink.Get("redis_errors_total{err=\"WRONGTYPE\"}"), 1);
  EXPECT_EQ(sink.Get("redis_commands_latencies_usec_count{cmd=\"set\"}"), 2);
  EXPECT_EQ(sink.Get("redis_commands_latencies_usec_bucket{cmd=\"set\",le=\"+Inf\"}"), 2);
  for (const char* part : {"config", "slowlog", "latency", "latency_histogram"}) {
    EXPECT_EQ(sink.Get("cachescope_redis_command_up{command=\"" + std::string(part) + "\"}"), 1) << part;
  }
  EXPECT_GT(sink.Get("cachescope_redis_ping_seconds"), 0);
  EXPECT_LT(sink.Get("cachescope_redis_ping_seconds"), 5);
}

TEST(RedisSource, EveryFamilyIsInTheCatalogue) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  const RedisServer server;
  Runner runner;
  const std::shared_ptr<Source> source = NewRedisSource(Options(server.url()));
  MapSink sink;
  ASSERT_TRUE(runner.Collect(*source, &sink).ok());
  std::map<std::string, MetricType> known;
  for (const RedisFamily& family : InfoFamilies())
    EXPECT_TRUE(known.emplace(family.name, family.type).second) << family.name;
  for (const RedisFamily& family : ComputedFamilies()) {
    EXPECT_TRUE(known.emplace(family.name, family.type).second) << family.name;
  }
  for (const auto& [name, type] : sink.families) {
    ASSERT_TRUE(known.contains(name)) << name;
    EXPECT_EQ(known[name], type) << name;
  }
}

TEST(RedisSource, KeepsItsConnectionAndReconnectsOnce) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  const RedisServer server;
  Runner runner;
  const std::shared_ptr<Source> source = NewRedisSource(Options(server.url()));
  MapSink first;
  MapSink second;
  ASSERT_TRUE(runner.Collect(*source, &first).ok());
  ASSERT_TRUE(runner.Collect(*source, &second).ok());
  EXPECT_EQ(first.Get("redis_connections_received_total"), second.Get("redis_connections_received_total"));
  EXPECT_EQ(first.Get("redis_start_time_seconds"), second.Get("redis_start_time_seconds"));
  EXPECT_EQ(second.Get("redis_total_error_replies"), 0);

  server.Run({{"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}});
  MapSink third;
  const Status status = runner.Collect(*source, &third);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(third.Get("redis_connections_received_total"), second.Get("redis_connections_received_total") + 2);
}

TEST(RedisSource, SaysWhenTheServerIsAway) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  auto server = std::make_unique<RedisServer>();
  const std::string url = server->url();
  Runner runner;
  const std::shared_ptr<Source> source = NewRedisSource(Options(url));
  MapSink sink;
  ASSERT_TRUE(runner.Collect(*source, &sink).ok());
  server.reset();
  MapSink empty;
  const Status status = runner.Collect(*source, &empty);
  EXPECT_EQ(status.ToString(), "io_error: cannot read " + url + ": connection refused");
  EXPECT_TRUE(empty.samples.empty());

  RedisOptions named = Options(url);
  named.name = "sessions";
  EXPECT_EQ(Failure(named), "cannot read sessions (" + url + "): connection refused");
  EXPECT_THAT(Failure(Options("redis://no-such-host.invalid")), HasSubstr("the name of its host is not known: "));
  EXPECT_THAT(Failure(Options("unix:///nowhere/redis.sock")),
              testing::Eq("cannot read unix:///nowhere/redis.sock: no such file or directory"));
}

TEST(RedisSource, Passwords) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  const RedisServer server({"--requirepass", "open-sesame"});
  server.Run({{"AUTH", "open-sesame"}, {"ACL", "SETUSER", "reader", "on", ">hush", "~*", "+@all"}});
  Code code = Code::kOk;
  EXPECT_EQ(Failure(Options(server.url()), std::chrono::seconds(10), &code),
            "cannot read " + server.url() +
                ": the server asks for a password (NOAUTH): set one in the URL, in password_file or in REDIS_PASSWORD");
  EXPECT_EQ(code, Code::kUnavailable);
  const std::string refused =
      "cannot read " + server.url() + ": the server refuses the user or the password (WRONGPASS)";
  EXPECT_EQ(Failure(Options(WithUser(server, ":wrong"))), refused);
  EXPECT_EQ(Failure(Options(WithUser(server, "reader:wrong"))), refused);
  EXPECT_EQ(Failure(Options(WithUser(server, ":open-sesame"))), "");
  EXPECT_EQ(Failure(Options(WithUser(server, "reader:hush"))), "");

  const TempFolder folder;
  RedisOptions options = Options(server.url());
  options.password_file = folder / "password";
  EXPECT_THAT(Failure(options), HasSubstr("cannot read the password_file"));
  std::ofstream(options.password_file) << "open-sesame\n";
  EXPECT_EQ(Failure(options), "");
  std::ofstream(options.password_file) << std::string(5000, 'x');
  EXPECT_THAT(Failure(options), HasSubstr("larger than 4096 bytes"));
}

TEST(RedisSource, NeedlessPasswordIsNoFailure) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  const RedisServer server;
  EXPECT_EQ(Failure(Options(WithUser(server, ":needless"))), "");
}

TEST(RedisSource, NoPasswordInMessages) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  const RedisServer server({"--requirepass", "secret-word", "--rename-command", "AUTH", ""});
  const std::string message = Failure(Options(WithUser(server, "someone:secret-word")));
  EXPECT_EQ(message, "cannot read " + server.url() + ": the server does not take AUTH (ERR)");
}

TEST(RedisSource, SelectsADatabase) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  const RedisServer server;
  EXPECT_EQ(Failure(Options(server.url() + "/7")), "");
  EXPECT_EQ(Failure(Options(server.url() + "/99")),
            "cannot read " + server.url() +
                "/99: cannot select database 99: the server answers 'ERR DB index is out of range'");
}

TEST(RedisSource, ForbiddenAndRenamedCommandsCostTheirMetricsOnly) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  const RedisServer server({"--rename-command", "LATENCY", ""});
  server.Run({{"ACL", "SETUSER", "watcher", "on", ">pw", "+info", "+ping"}, {"SET", "a", "1"}});
  Runner runner;
  const std::shared_ptr<Source> source = NewRedisSource(Options(WithUser(server, "watcher:pw")));
  double errors = 0;
  for (int i = 0; i < 25; ++i) {
    MapSink sink;
    const Status status = runner.Collect(*source, &sink);
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(sink.Get("redis_up"), 1);
    EXPECT_EQ(sink.Get("redis_db_keys{db=\"db0\"}"), 1);
    EXPECT_EQ(sink.Get("redis_db_keys{db=\"db15\"}"), 0);
    EXPECT_FALSE(sink.samples.contains("redis_config_maxmemory"));
    EXPECT_FALSE(sink.samples.contains("redis_slowlog_length"));
    for (const char* part : {"config", "slowlog", "latency", "latency_histogram"}) {
      EXPECT_EQ(sink.Get("cachescope_redis_command_up{command=\"" + std::string(part) + "\"}"), 0) << i << part;
    }
    // Asked at scrapes 0 and 21 only: the server counts every try.
    if (i == 2) errors = sink.Get("redis_total_error_replies");
    if (i == 20) {
      EXPECT_EQ(sink.Get("redis_total_error_replies"), errors);
    }
    if (i == 24) {
      EXPECT_GT(sink.Get("redis_total_error_replies"), errors);
    }
  }
  // A user without INFO has nothing to show.
  server.Run({{"ACL", "SETUSER", "blind", "on", ">pw", "+ping"}});
  EXPECT_THAT(Failure(Options(WithUser(server, "blind:pw"))),
              HasSubstr("its ACL forbids this user a command it needs"));
}

TEST(RedisSource, CommandComesBackWhenAllowed) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  const RedisServer server;
  server.Run({{"ACL", "SETUSER", "watcher", "on", ">pw", "+info", "+ping"}});
  Runner runner;
  const std::shared_ptr<Source> source = NewRedisSource(Options(WithUser(server, "watcher:pw")));
  MapSink before;
  ASSERT_TRUE(runner.Collect(*source, &before).ok());
  EXPECT_EQ(before.Get("cachescope_redis_command_up{command=\"slowlog\"}"), 0);
  server.Run({{"ACL", "SETUSER", "watcher", "+slowlog", "+config|get", "+latency"}});
  MapSink after;
  for (int i = 0; i < 22; ++i) {
    after = MapSink();
    ASSERT_TRUE(runner.Collect(*source, &after).ok());
  }
  EXPECT_EQ(after.Get("cachescope_redis_command_up{command=\"slowlog\"}"), 1);
  EXPECT_EQ(after.Get("redis_slowlog_length"), 0);
  EXPECT_EQ(after.Get("redis_config_maxmemory"), 0);
}

TEST(RedisSource, ServerLimitOfClients) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  const RedisServer server({"--maxclients", "1"});
  int fd = -1;
  ASSERT_TRUE(WaitFor([&] {  // until the connection that waited for the port is gone and ours is the one
    if (fd >= 0) ::close(fd);
    fd = ConnectTo(server.port());
    char answer = 0;
    return ::send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6 && ::recv(fd, &answer, 1, 0) == 1 && answer == '+';
  }));
  const std::string message = Failure(Options(server.url()));
  EXPECT_THAT(message, HasSubstr("ERR max number of clients reached"));
  ::close(fd);
}

TEST(RedisSource, PeersThatAreNoHealthyRedis) {
  using Then = FakeServer::Then;
  struct Case {
    std::string answer;
    Then then;
    std::string want;
    Code code;
  };
  const Case kCases[] = {
      {"-LOADING Redis is loading\r\n", Then::kGoOn, "the server is still loading its data (LOADING)",
       Code::kUnavailable},
      {"HTTP/1.1 400 Bad Request\r\n\r\n", Then::kClose, "the server speaks HTTP, not the Redis protocol",
       Code::kCorruption},
      {"\x15\x03\x03\x01\x02\x02\x46", Then::kStay, "the server speaks TLS; its address then starts with rediss://",
       Code::kCorruption},
      {"220 mail ready\r\n", Then::kStay, "the server does not speak the Redis protocol; it says '220 mail ready'",
       Code::kCorruption},
      {"\xff\xfe\x01", Then::kStay,
       "the server does not speak the Redis protocol (cannot read a reply: its first byte is no type of the Redis "
       "protocol)",
       Code::kCorruption},
      {"-DENIED Redis is running in protected mode because\r\n", Then::kClose,
       "the server is in protected mode and answers local clients only (DENIED)", Code::kUnavailable},
      {"", Then::kClose, "the server closed the connection", Code::kIoError},
      {"", Then::kStay, "it does not answer in time", Code::kDeadlineExceeded},
      {"*3\r\n:1\r\n", Then::kStay, "it does not answer in time", Code::kDeadlineExceeded},
      {"+OK\r\n+OK\r\n+OK\r\n", Then::kStay, "the server sent more replies than commands", Code::kCorruption},
      {"$99999999999\r\n", Then::kStay, "the server does not speak the Redis protocol; it says '$99999999999'",
       Code::kCorruption},
  };
  for (const Case& c : kCases) {
    const FakeServer server(c.answer, c.then);
    const std::string url = "redis://127.0.0.1:" + std::to_string(server.port());
    Code code = Code::kOk;
    const std::string message =
        Failure(Options(url), milliseconds(c.code == Code::kDeadlineExceeded ? 100 : 10000), &code);
    EXPECT_EQ(message, "cannot read " + url + ": " + c.want) << c.answer;
    EXPECT_EQ(code, c.code) << c.answer;
  }
}

TEST(RedisSource, UnixSocket) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  const TempFolder folder;
  const std::string path = folder / "redis.sock";
  const RedisServer server({"--unixsocket", path});
  ASSERT_TRUE(WaitFor([&] { return Exists(path); }));
  Runner runner;
  const std::shared_ptr<Source> source = NewRedisSource(Options("unix://" + path));
  MapSink sink;
  const Status status = runner.Collect(*source, &sink);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(sink.Get("redis_up"), 1);
}

TEST(RedisSource, ClusterMode) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  const RedisServer server({"--cluster-enabled", "yes", "--cluster-port", std::to_string(FreePort())});
  Runner runner;
  const std::shared_ptr<Source> source = NewRedisSource(Options(server.url()));
  for (int i = 0; i < 2; ++i) {
    MapSink sink;
    const Status status = runner.Collect(*source, &sink);
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(sink.Get("redis_cluster_enabled"), 1);
    EXPECT_EQ(sink.Get("redis_cluster_state"), 0);
    EXPECT_EQ(sink.Get("redis_cluster_known_nodes"), 1);
    EXPECT_EQ(sink.Get("redis_cluster_messages_sent_total"), 0);
    EXPECT_EQ(sink.Get("redis_db_keys{db=\"db0\"}"), 0);
    EXPECT_FALSE(sink.samples.contains("redis_db_keys{db=\"db1\"}"));
    EXPECT_EQ(sink.Get("cachescope_redis_command_up{command=\"cluster\"}"), 1);
  }
}

TEST(RedisSource, Sentinel) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  const RedisServer master;
  const RedisServer sentinel({}, true);
  const std::string port = std::to_string(master.port());
  sentinel.Run({{"SENTINEL", "MONITOR", "main", "127.0.0.1", port, "1"}});
  Runner runner;
  const std::shared_ptr<Source> source = NewRedisSource(Options(sentinel.url()));
  for (int i = 0; i < 2; ++i) {
    MapSink sink;
    const Status status = runner.Collect(*source, &sink);
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(sink.Get("redis_sentinel_masters"), 1);
    EXPECT_EQ(
        sink.Get("redis_sentinel_master_sentinels{master_address=\"127.0.0.1:" + port + "\",master_name=\"main\"}"), 1);
    EXPECT_FALSE(sink.samples.contains("cachescope_redis_command_up{command=\"config\"}"));
  }
}

TEST(RedisSource, Replicas) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  const RedisServer master({"--repl-diskless-sync-delay", "0"});
  const std::string port = std::to_string(master.port());
  const RedisServer replica({"--replicaof", "127.0.0.1 " + port});
  ASSERT_TRUE(WaitFor([&] {
    return replica.Run({{"INFO", "replication"}})[0].find("master_link_status:up") != std::string::npos &&
           master.Run({{"INFO", "replication"}})[0].find("state=online") != std::string::npos;
  }));
  Runner runner;
  const std::shared_ptr<Source> below = NewRedisSource(Options(replica.url()));
  const std::shared_ptr<Source> above = NewRedisSource(Options(master.url()));
  MapSink low;
  MapSink high;
  ASSERT_TRUE(runner.Collect(*below, &low).ok());
  ASSERT_TRUE(runner.Collect(*above, &high).ok());
  const std::string labels = "{master_host=\"127.0.0.1\",master_port=\"" + port + "\"";
  EXPECT_EQ(low.Get("redis_master_link_up" + labels + "}"), 1);
  EXPECT_EQ(low.Get("redis_master_sync_in_progress" + labels + "}"), 0);
  EXPECT_GE(low.Get("redis_master_last_io_seconds_ago" + labels + "}"), 0);
  EXPECT_EQ(low.Get("redis_slave_info" + labels + ",read_only=\"1\"}"), 1);
  EXPECT_EQ(high.Get("redis_connected_slaves"), 1);
  const std::string slave =
      "{slave_ip=\"127.0.0.1\",slave_port=\"" + std::to_string(replica.port()) + "\",slave_state=\"online\"}";
  EXPECT_GE(high.Get("redis_connected_slave_offset_bytes" + slave), 0);
  EXPECT_GE(high.Get("redis_connected_slave_lag_seconds" + slave), 0);
}

TEST(RedisSource, Tls) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  CACHESCOPE_SKIP_WITHOUT("/usr/bin/openssl");
  const TempFolder folder;
  const std::string cert = folder / "cert.pem";
  const std::string key = folder / "key.pem";
  Program openssl({"/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert,
                   "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"});
  ASSERT_EQ(openssl.Wait(), 0);
  const int port = FreePort();
  const RedisServer server({"--tls-port", std::to_string(port), "--tls-cert-file", cert, "--tls-key-file", key,
                            "--tls-ca-cert-file", cert, "--tls-auth-clients", "no"});
  ASSERT_TRUE(WaitForPort(port));
  const std::string url = "rediss://127.0.0.1:" + std::to_string(port);
  EXPECT_THAT(Failure(Options(url)), HasSubstr("its certificate is not accepted for 127.0.0.1: "));
  RedisOptions options = Options(url);
  options.ca_file = cert;
  EXPECT_EQ(Failure(options), "");
  options.address.host = "localhost";
  EXPECT_EQ(Failure(options), "");
  options.server_name = "other.example";
  EXPECT_THAT(Failure(options), HasSubstr("its certificate is not accepted for other.example: "));
  options.insecure_skip_verify = true;
  EXPECT_EQ(Failure(options), "");
  options.ca_file = folder / "missing.pem";
  EXPECT_THAT(Failure(options), HasSubstr("cannot read the ca_file"));

  EXPECT_THAT(Failure(Options("rediss://127.0.0.1:" + std::to_string(server.port())), milliseconds(300)),
              testing::AnyOf(HasSubstr("the server does not answer in TLS"), HasSubstr("in time")));
  EXPECT_THAT(Failure(Options("redis://127.0.0.1:" + std::to_string(port)), milliseconds(300)),
              testing::AnyOf(HasSubstr("the server speaks TLS"), HasSubstr("closed the connection"),
                             HasSubstr("connection reset by peer")));
}

}  // namespace
}  // namespace cachescope::collect::redis
