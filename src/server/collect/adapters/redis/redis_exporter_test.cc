// Our samples beside those of the real redis_exporter, read from the same server at the same time.
#include <gmock/gmock.h>

#include <cmath>
#include <iostream>

#include "base/number.h"
#include "server/collect/adapters/redis/test_support.h"

namespace cachescope::collect::redis {
namespace {

// Names of the exporter that speak of the exporter itself.
bool IsExportersOwn(std::string_view name) {
  return name.starts_with("redis_exporter_") || name.starts_with("go_") || name.starts_with("process_") ||
         name == "redis_target_scrape_request_errors_total" ||          // requests to its /scrape page
         name == "redis_last_key_groups_scrape_duration_milliseconds";  // its own scan of keys, off by default
}

// Numbers that move between the two readings, because both readers are clients themselves; compared with this much
// room, as a share of the greater value and as an absolute number.
struct Tolerance {
  std::string_view prefix;
  double share;
  double absolute;
};
constexpr Tolerance kTolerances[] = {
    {"redis_uptime_in_seconds", 0, 1},
    {"redis_start_time_seconds", 0, 2},  // ours keeps the value of the first scrape
    {"redis_connected_clients", 0, 1},
    {"redis_connections_received_total", 0, 4},
    {"redis_commands_processed_total", 0, 40},
    {"redis_total_reads_processed", 0, 60},
    {"redis_total_writes_processed", 0, 60},
    {"redis_net_", 0.6, 0},
    {"redis_memory_", 0.3, 0},
    {"redis_allocator_", 0.3, 0},
    {"redis_mem_fragmentation_", 0.3, 0},
    {"redis_mem_clients_normal", 1, 0},
    {"redis_client_recent_max_", 1, 0},
    {"redis_cpu_", 0.5, 0.1},
    {"redis_db_avg_ttl_seconds", 0.1, 0},
    {"redis_expired_stale_percentage", 0, 100},
    {"redis_cluster_stats_messages", 1, 10},
    {"redis_sentinel_master_", 0, 1},
};

// Commands the two readers send themselves.
constexpr std::string_view kReadersCommands[] = {"info", "config|get",   "slowlog|", "latency|", "client|setname",
                                                 "ping", "cluster|info", "command",  "sentinel|"};

bool IsReadersCommand(std::string_view series) {
  const std::size_t at = series.find("cmd=\"");
  if (at == std::string_view::npos) return false;
  const std::string_view command = series.substr(at + 5);
  return std::any_of(std::begin(kReadersCommands), std::end(kReadersCommands),
                     [command](std::string_view known) { return command.starts_with(known); });
}

bool IsClose(std::string_view series, double ours, double theirs) {
  if (ours == theirs || (std::isnan(ours) && std::isnan(theirs))) return true;
  for (const Tolerance& tolerance : kTolerances) {
    if (!series.starts_with(tolerance.prefix)) continue;
    const double room = std::max(tolerance.absolute, tolerance.share * std::max(std::abs(ours), std::abs(theirs)));
    return std::abs(ours - theirs) <= room;
  }
  return false;
}

std::string Fetch(int port) {
  const int fd = ConnectTo(port);
  const std::string request = "GET /metrics HTTP/1.0\r\n\r\n";
  EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  std::string page;
  char chunk[16384];
  for (ssize_t n = 0; (n = ::read(fd, chunk, sizeof(chunk))) > 0;) page.append(chunk, static_cast<std::size_t>(n));
  ::close(fd);
  const std::size_t body = page.find("\r\n\r\n");
  return body == std::string::npos ? "" : page.substr(body + 4);
}

struct Page {
  std::map<std::string, double> samples;
  std::map<std::string, std::string> types;  // by family
};

// The exporter writes labels sorted and without blanks, as MapSink does.
Page ReadPage(const std::string& text) {
  Page page;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    const std::size_t blank = line.rfind(' ');
    if (line.starts_with("# TYPE ")) page.types.emplace(line.substr(7, blank - 7), line.substr(blank + 1));
    if (line.empty() || line[0] == '#' || IsExportersOwn(line.substr(0, line.find_first_of("{ ")))) continue;
    page.samples.emplace(line.substr(0, blank), ParseFloat(line.substr(blank + 1)).value_or(-12345));
  }
  return page;
}

// Reads `server` with both; every series of the exporter must be among ours. Returns how many were compared.
int CompareWith(const RedisServer& server, const std::function<bool(std::string_view)>& is_known_difference) {
  const int port = FreePort();
  const Program exporter(
      {kRedisExporter, "-redis.addr", server.url(), "-web.listen-address", "127.0.0.1:" + std::to_string(port)});
  EXPECT_TRUE(WaitForPort(port));
  RedisOptions options;
  options.address = *ParseRedisUrl(server.url());
  Runner runner;
  const std::shared_ptr<Source> source = NewRedisSource(options);
  // Once each beforehand, so that every reader's own commands are in the statistics of both.
  MapSink before;
  EXPECT_TRUE(runner.Collect(*source, &before).ok());
  Fetch(port);
  const Page theirs = ReadPage(Fetch(port));
  MapSink ours;
  const Status status = runner.Collect(*source, &ours);
  EXPECT_TRUE(status.ok()) << status.ToString();

  int compared = 0;
  int families = 0;
  int differences = 0;
  for (const auto& [series, value] : theirs.samples) {
    if (is_known_difference(series)) {
      ++differences;
      continue;
    }
    const auto mine = ours.samples.find(series);
    if (mine == ours.samples.end()) {
      ADD_FAILURE() << "the exporter has " << series << " " << value << ", we have not";
      continue;
    }
    EXPECT_TRUE(IsReadersCommand(series) || IsClose(series, mine->second, value))
        << series << ": ours " << mine->second << ", the exporter's " << value;
    ++compared;
  }
  // Where the exporter has a type that means more than "a number", we have the same.
  for (const auto& [name, type] : theirs.types) {
    if (IsExportersOwn(name)) continue;
    ++families;
    if (type == "gauge") continue;
    EXPECT_EQ(MetricTypeName(ours.families[name]), type) << name;
  }
  std::cout << "compared " << compared << " series of " << families << " families with redis_exporter, " << differences
            << " known differences; ours are " << ours.samples.size() << " series of " << ours.families.size()
            << " families\n";
  return compared;
}

// The exporter of 2023 knows no label master_replid, which its newer versions have.
bool IsInstanceInfo(std::string_view series) { return series.starts_with("redis_instance_info{"); }

std::string Fill(int keys) {
  std::string request;
  for (int i = 0; i < keys; ++i) AppendCommand(&request, {"SET", "key:" + std::to_string(i), "value"});
  return request;
}

TEST(RedisExporter, SameNamesAndNumbers) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  CACHESCOPE_SKIP_WITHOUT(kRedisExporter);
  const RedisServer server({"--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru", "--slowlog-log-slower-than",
                            "5000", "--latency-monitor-threshold", "1", "--enable-debug-command", "yes"});
  server.Send(Fill(1000), 1000);
  server.Run(
      {{"SELECT", "3"}, {"SET", "a", "1", "EX", "1000"}, {"SET", "b", "1", "PX", "100000000"}, {"SET", "c", "1"}});
  server.Run({{"SELECT", "9"},
              {"LPUSH", "list", "a", "b", "c"},
              {"GET", "list"},
              {"HSET", "hash", "f", "v"},
              {"NOSUCH", "x"}});
  server.Run({{"GET", "key:1"}, {"GET", "key:2"}, {"GET", "missing"}, {"MGET", "key:1", "key:2", "nothing"}});
  server.Run(
      {{"SET", "short", "1", "PX", "1"}, {"DEBUG", "SLEEP", "0.02"}, {"GET", "short"}, {"EVAL", "return 1", "0"}});
  server.Run({{"CONFIG", "SET", "maxclients", "4321"}, {"SETEX", "key:x", "-1", "y"}});
  const int subscriber = ConnectTo(server.port());
  std::string subscribe;
  AppendCommand(&subscribe, {"SUBSCRIBE", "news"});
  AppendCommand(&subscribe, {"PSUBSCRIBE", "n*"});
  ASSERT_EQ(::send(subscriber, subscribe.data(), subscribe.size(), 0), static_cast<ssize_t>(subscribe.size()));
  ASSERT_TRUE(WaitFor([&] {
    return server.Run({{"INFO", "stats"}})[0].find("pubsub_patterns:1") != std::string::npos;
  }));

  EXPECT_GT(CompareWith(server, IsInstanceInfo), 240);
  ::close(subscriber);

  // The label set that the known difference hides, without master_replid.
  RedisOptions options;
  options.address = *ParseRedisUrl(server.url());
  MapSink sink;
  Runner runner;
  ASSERT_TRUE(runner.Collect(*NewRedisSource(options), &sink).ok());
  bool found = false;
  for (const auto& [series, value] : sink.samples) {
    if (!IsInstanceInfo(series)) continue;
    found = true;
    EXPECT_EQ(value, 1);
    for (const char* label :
         {"maxmemory_policy=\"allkeys-lru\"", "os=\"Linux", "redis_mode=\"standalone\"", "role=\"master\"",
          "process_id=\"", "redis_build_id=\"", "redis_version=\"", "run_id=\"", "tcp_port=\""}) {
      EXPECT_THAT(series, testing::HasSubstr(label));
    }
  }
  EXPECT_TRUE(found);
  EXPECT_GE(sink.Get("redis_last_slow_execution_duration_seconds"), 0.02);
  EXPECT_EQ(sink.Get("redis_config_maxclients"), 4321);
}

TEST(RedisExporter, SameForAMasterAndItsReplica) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  CACHESCOPE_SKIP_WITHOUT(kRedisExporter);
  const RedisServer master({"--repl-diskless-sync-delay", "0"});
  const RedisServer replica({"--replicaof", "127.0.0.1 " + std::to_string(master.port())});
  ASSERT_TRUE(WaitFor([&] {
    return replica.Run({{"INFO", "replication"}})[0].find("master_link_status:up") != std::string::npos &&
           master.Run({{"INFO", "replication"}})[0].find("state=online") != std::string::npos;
  }));
  // Offsets and lags grow with the pings of the master.
  const auto moves = [](std::string_view series) {
    return IsInstanceInfo(series) || series.find("offset") != std::string_view::npos ||
           series.find("lag_seconds") != std::string_view::npos ||
           series.find("seconds_ago") != std::string_view::npos ||
           series.find("repl_backlog_history") != std::string_view::npos;
  };
  EXPECT_GT(CompareWith(master, moves), 150);
  EXPECT_GT(CompareWith(replica, moves), 150);
}

TEST(RedisExporter, SameInClusterMode) {
  CACHESCOPE_SKIP_WITHOUT(kRedisServer);
  CACHESCOPE_SKIP_WITHOUT(kRedisExporter);
  const RedisServer server({"--cluster-enabled", "yes", "--cluster-port", std::to_string(FreePort())});
  server.Run({{"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}});
  ASSERT_TRUE(WaitFor([&] {
    return server.Run({{"CLUSTER", "INFO"}})[0].find("cluster_state:ok") != std::string::npos;
  }));
  server.Send(Fill(100), 100);
  EXPECT_GT(CompareWith(server, IsInstanceInfo), 150);
}

}  // namespace
}  // namespace cachescope::collect::redis
