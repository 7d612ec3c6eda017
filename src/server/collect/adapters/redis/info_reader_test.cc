#include "server/collect/adapters/redis/info_reader.h"

#include <gmock/gmock.h>

#include "server/collect/adapters/redis/test_support.h"

namespace cachescope::collect::redis {
namespace {

// Every sample of `info` as "series value" lines, without the prefix redis_; context.databases is 0 unless given.
std::string Read(std::string_view info, InfoContext context = {.databases = 0}) {
  MapSink sink;
  RedisEmitter emitter(&sink);
  EmitInfo(info, context, &emitter);
  EXPECT_TRUE(emitter.status().ok());
  std::string out;
  for (const auto& [series, value] : sink.samples) {
    std::string number = std::to_string(value);
    number.erase(number.find_last_not_of('0') + 1);
    if (number.ends_with('.')) number.pop_back();
    out += series.substr(6) + " " + number + "\n";
  }
  return out;
}

constexpr std::string_view kRedis5 =
    "# Server\r\nredis_version:5.0.14\r\nredis_build_id:abc\r\nredis_mode:standalone\r\nos:Linux 5.4 "
    "x86_64\r\nprocess_id:11\r\n"
    "run_id:r5\r\ntcp_port:6379\r\nuptime_in_seconds:50\r\nhz:10\r\nexecutable:/usr/bin/redis-server\r\n\r\n"
    "# Clients\r\nconnected_clients:3\r\nclient_recent_max_input_buffer:2\r\nblocked_clients:1\r\n\r\n"
    "# Memory\r\nused_memory:1000\r\nused_memory_human:1000B\r\nused_memory_peak_perc:99.5%\r\nmaxmemory:0\r\n"
    "maxmemory_policy:noeviction\r\nmem_fragmentation_ratio:1.5\r\n\r\n"
    "# Persistence\r\nloading:0\r\nrdb_last_bgsave_status:ok\r\naof_last_write_status:err\r\n\r\n"
    "# Stats\r\nkeyspace_hits:7\r\nlatest_fork_usec:2500\r\n\r\n"
    "# Replication\r\nrole:master\r\nconnected_slaves:1\r\n"
    "slave0:ip=10.0.0.5,port=6380,state=online,offset=42,lag=1\r\nmaster_replid:id5\r\nmaster_repl_offset:42\r\n\r\n"
    "# CPU\r\nused_cpu_sys:1.25\r\n\r\n"
    "# Commandstats\r\ncmdstat_get:calls=4,usec=8,usec_per_call=2.00\r\n\r\n"
    "# Cluster\r\ncluster_enabled:0\r\n\r\n"
    "# Keyspace\r\ndb0:keys=5,expires=2,avg_ttl=1500\r\n";

TEST(InfoReader, Redis5) {
  EXPECT_EQ(
      Read(kRedis5, {.databases = 2, .now_seconds = 1050.9}),
      "aof_last_write_status 0\nblocked_clients 1\nclient_recent_max_input_buffer_bytes 2\ncluster_enabled 0\n"
      "commands_duration_seconds_total{cmd=\"get\"} 0.000008\ncommands_total{cmd=\"get\"} 4\n"
      "connected_clients 3\n"
      "connected_slave_lag_seconds{slave_ip=\"10.0.0.5\",slave_port=\"6380\",slave_state=\"online\"} 1\n"
      "connected_slave_offset_bytes{slave_ip=\"10.0.0.5\",slave_port=\"6380\",slave_state=\"online\"} 42\n"
      "connected_slaves 1\ncpu_sys_seconds_total 1.25\n"
      "db_avg_ttl_seconds{db=\"db0\"} 1.5\ndb_keys_expiring{db=\"db0\"} 2\ndb_keys_expiring{db=\"db1\"} 0\n"
      "db_keys{db=\"db0\"} 5\ndb_keys{db=\"db1\"} 0\nhz 10\n"
      "instance_info{master_replid=\"id5\",maxmemory_policy=\"noeviction\",os=\"Linux 5.4 x86_64\",process_id=\"11\","
      "redis_build_id=\"abc\",redis_mode=\"standalone\",redis_version=\"5.0.14\",role=\"master\",run_id=\"r5\","
      "tcp_port=\"6379\"} 1\n"
      "keyspace_hits_total 7\nlatest_fork_seconds 0.0025\nloading_dump_file 0\nmaster_repl_offset 42\n"
      "mem_fragmentation_ratio 1.5\nmemory_max_bytes 0\nmemory_used_bytes 1000\nprocess_id 11\n"
      "rdb_last_bgsave_status 1\nstart_time_seconds 1000\nuptime_in_seconds 50\n");
  EXPECT_EQ(FeaturesOf(kRedis5), RedisFeatures());
}

TEST(InfoReader, Redis6Replica) {
  const std::string_view info =
      "# Server\r\nredis_version:6.2.14\r\n\r\n"
      "# Replication\r\nrole:slave\r\nmaster_host:cache-0.example\r\nmaster_port:6379\r\nmaster_link_status:down\r\n"
      "master_last_io_seconds_ago:-1\r\nmaster_sync_in_progress:1\r\nslave_repl_offset:900\r\nslave_priority:100\r\n"
      "slave_read_only:1\r\nconnected_slaves:0\r\n\r\n"
      "# Commandstats\r\ncmdstat_set:calls=2,usec=6,usec_per_call=3.00,rejected_calls=1,failed_calls=3\r\n\r\n"
      "# Errorstats\r\nerrorstat_WRONGTYPE:count=9\r\n";
  EXPECT_EQ(Read(info),
            "commands_duration_seconds_total{cmd=\"set\"} 0.000006\ncommands_failed_calls_total{cmd=\"set\"} 3\n"
            "commands_rejected_calls_total{cmd=\"set\"} 1\ncommands_total{cmd=\"set\"} 2\nconnected_slaves 0\n"
            "errors_total{err=\"WRONGTYPE\"} 9\ninstance_info{redis_version=\"6.2.14\",role=\"slave\"} 1\n"
            "master_last_io_seconds_ago{master_host=\"cache-0.example\",master_port=\"6379\"} -1\n"
            "master_link_up{master_host=\"cache-0.example\",master_port=\"6379\"} 0\n"
            "master_sync_in_progress{master_host=\"cache-0.example\",master_port=\"6379\"} 1\n"
            "slave_info{master_host=\"cache-0.example\",master_port=\"6379\",read_only=\"1\"} 1\n"
            "slave_priority 100\nslave_repl_offset{master_host=\"cache-0.example\",master_port=\"6379\"} 900\n");
  EXPECT_FALSE(FeaturesOf(info).has_latency_histograms);
}

TEST(InfoReader, Redis7) {
  const std::string_view info =
      "# Server\r\nredis_version:7.2.4\r\nserver_time_usec:2000999999\r\nuptime_in_seconds:500\r\n\r\n"
      "# Commandstats\r\ncmdstat_config|get:calls=2,usec=30,usec_per_call=15.00,rejected_calls=0,failed_calls=0\r\n\r\n"
      "# Latencystats\r\nlatency_percentiles_usec_config|get:p50=10.5,p99=20,p99.9=20.5\r\n"
      "latency_percentiles_usec_unseen:p50=1\r\n\r\n"
      "# Cluster\r\ncluster_enabled:1\r\n";
  EXPECT_EQ(
      Read(info),
      "cluster_enabled 1\ncommands_duration_seconds_total{cmd=\"config|get\"} 0.00003\n"
      "commands_failed_calls_total{cmd=\"config|get\"} 0\ncommands_rejected_calls_total{cmd=\"config|get\"} 0\n"
      "commands_total{cmd=\"config|get\"} 2\ninstance_info{redis_version=\"7.2.4\"} 1\n"
      "latency_percentiles_usec_count{cmd=\"config|get\"} 2\nlatency_percentiles_usec_sum{cmd=\"config|get\"} 30\n"
      "latency_percentiles_usec{cmd=\"config|get\",quantile=\"50\"} 10.5\n"
      "latency_percentiles_usec{cmd=\"config|get\",quantile=\"99\"} 20\n"
      "latency_percentiles_usec{cmd=\"config|get\",quantile=\"99.9\"} 20.5\n"
      "start_time_seconds 1500\nuptime_in_seconds 500\n");
  EXPECT_EQ(FeaturesOf(info), (RedisFeatures{.has_cluster = true, .has_latency_histograms = true}));
}

TEST(InfoReader, Valkey8) {
  const std::string_view info =
      "# "
      "Server\nredis_version:7.2.4\nserver_name:valkey\nvalkey_version:8.1.0\nvalkey_release_stage:ga\nserver_mode:"
      "standalone\n"
      "availability_zone:\n\n# Stats\nexpired_fields:4\nevicted_scripts:2\nnew_field_of_tomorrow:5\n\n"
      "# CPU\nused_active_time_main_thread:12.5\nused_active_time_io_thread_1:2.5\n\n"
      "# Keyspace\ndb0:keys=5,expires=2,avg_ttl=1500,keys_with_volatile_items=3\n\n"
      "# Cluster Info\ncluster_state:ok\n";
  EXPECT_EQ(Read(info),
            "active_time_io_thread_seconds_total{thread=\"1\"} 2.5\nactive_time_main_thread_seconds_total 12.5\n"
            "db_avg_ttl_seconds{db=\"db0\"} 1.5\ndb_keys_expiring{db=\"db0\"} 2\n"
            "db_keys_with_expiring_items{db=\"db0\"} 3\ndb_keys{db=\"db0\"} 5\nevicted_scripts_total 2\n"
            "expired_fields_total 4\n"
            "instance_info{redis_mode=\"standalone\",redis_version=\"7.2.4\",valkey_release_stage=\"ga\",valkey_"
            "version=\"8.1.0\"} 1\n");
  EXPECT_TRUE(FeaturesOf("valkey_version:8.1.0\r\n").has_latency_histograms);
}

TEST(InfoReader, SentinelAndKeyDb) {
  EXPECT_EQ(Read("# Server\r\nredis_mode:sentinel\r\n# Sentinel\r\nsentinel_masters:1\r\nsentinel_tilt:0\r\n"
                 "master0:name=main,status=odown,address=10.0.0.1:6379,slaves=2,sentinels=3\r\n"),
            "instance_info{redis_mode=\"sentinel\"} 1\n"
            "sentinel_master_sentinels{master_address=\"10.0.0.1:6379\",master_name=\"main\"} 3\n"
            "sentinel_master_slaves{master_address=\"10.0.0.1:6379\",master_name=\"main\"} 2\n"
            "sentinel_master_status{master_address=\"10.0.0.1:6379\",master_name=\"main\",master_status=\"odown\"} 0\n"
            "sentinel_masters 1\nsentinel_tilt 0\n");
  EXPECT_TRUE(FeaturesOf("redis_mode:sentinel\r\nredis_version:7.0.0\r\n").is_sentinel);
  EXPECT_FALSE(FeaturesOf("redis_mode:sentinel\r\nredis_version:7.0.0\r\n").has_latency_histograms);
  // Two masters, one after the other.
  EXPECT_EQ(Read("# Replication\r\nmaster_host:a\r\nmaster_port:1\r\nmaster_link_status:up\r\nmaster_1_host:b\r\n"
                 "master_1_port:2\r\nmaster_1_link_status:down\r\n"),
            "instance_info 1\nmaster_link_up{master_host=\"a\",master_port=\"1\"} 1\n"
            "master_link_up{master_host=\"b\",master_port=\"2\"} 0\n");
}

TEST(InfoReader, OddText) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"", "instance_info 1\n"},
      {":::\n:\n#\n# \nused_memory\n", "instance_info 1\n"},
      {"used_memory:\n", "instance_info 1\n"},
      {"used_memory:12x\n", "instance_info 1\n"},
      {"used_memory:5\nused_memory:6\n", "instance_info 1\nmemory_used_bytes 5\n"},
      {"# Keyspace\ndb0:keys=1\ndbx:keys=1,expires=1\ndb:keys=1,expires=1\n", "instance_info 1\n"},
      {"# Commandstats\ncmdstat_x:calls=a,usec=1\ncmdstat_y:usec=1\nused_memory:1\n", "instance_info 1\n"},
      {"# Latencystats\nlatency_percentiles_usec_x:p50=1\n", "instance_info 1\n"},
      {"# Replication\nslave0:ip=1\nslavex:offset=1\nmaster_:\nmaster_9:\nmaster_9_:\n", "instance_info 1\n"},
      {"# Sentinel\nmaster0:\n", "instance_info 1\nsentinel_master_status 0\n"},
      {"# Errorstats\nerrorstat_\xff\xfe:count=1\nerrorstat_A\"B:count=2\n",
       "errors_total{err=\"A\"B\"} 2\ninstance_info 1\n"},
      {"cluster_a-b:3\n", "cluster_a_b 3\ninstance_info 1\n"},
      {"mem_fragmentation_ratio:-nan\n", "instance_info 1\nmem_fragmentation_ratio nan\n"},
      {"uptime_in_seconds:-5\n", "instance_info 1\nuptime_in_seconds -5\n"},
  };
  for (const auto& [text, want] : kCases) EXPECT_EQ(Read(text), want) << text;
}

TEST(InfoReader, StartTimeDoesNotFlicker) {
  const std::string_view info = "# Server\nuptime_in_seconds:50\n";
  EXPECT_THAT(Read(info, {.databases = 0, .now_seconds = 1051, .known_start_seconds = 1000}),
              testing::HasSubstr("start_time_seconds 1000\n"));
  EXPECT_THAT(Read(info, {.databases = 0, .now_seconds = 1061, .known_start_seconds = 1000}),
              testing::HasSubstr("start_time_seconds 1011\n"));
}

TEST(InfoReader, EmptyDatabasesAreBounded) {
  MapSink sink;
  RedisEmitter emitter(&sink);
  EmitInfo("", {.databases = 1000000}, &emitter);
  EXPECT_EQ(sink.samples.size(), 2 * kMaxEmptyDatabases + 1U);
}

TEST(InfoReader, ClusterInfo) {
  MapSink sink;
  RedisEmitter emitter(&sink);
  EmitClusterInfo(
      "cluster_state:fail\r\ncluster_size:3\r\ncluster_stats_messages_sent:10\r\ncluster_stats_messages_ping_sent:4\r\n"
      "total_cluster_links_buffer_limit_exceeded:0\r\n",
      &emitter);
  EXPECT_EQ(sink.samples, (std::map<std::string, double>{{"redis_cluster_state", 0},
                                                         {"redis_cluster_size", 3},
                                                         {"redis_cluster_messages_sent_total", 10},
                                                         {"redis_cluster_stats_messages_ping_sent", 4}}));
}

TEST(RedisCatalog, FindsEveryFieldAndNoOther) {
  for (const RedisFamily& family : InfoFamilies()) {
    EXPECT_EQ(FindInfoField(family.info_field), &family) << family.info_field;
    EXPECT_TRUE(family.name.starts_with("redis_")) << family.name;
    EXPECT_TRUE(family.help.ends_with('.')) << family.name;
  }
  EXPECT_EQ(FindInfoField(""), nullptr);
  EXPECT_EQ(FindInfoField("zzz"), nullptr);
  EXPECT_LT(InfoFamilies().size() + ComputedFamilies().size(), 512U);  // the emitter's set of described families
}

}  // namespace
}  // namespace cachescope::collect::redis
