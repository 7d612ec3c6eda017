#include "server/collect/scrape_config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "server/collect/target.h"

namespace cachescope::collect {
namespace {

Result<std::vector<ScrapeConfig>> Parse(const std::string& yaml) {
  const auto node = ConfigNode::ParseYaml(yaml, "p.yml");
  if (!node.ok()) return node.status();
  ScrapeDefaults defaults;
  if (const ConfigNode* global = node->Find("global"); global != nullptr) {
    CACHESCOPE_ASSIGN_OR_RETURN(defaults, ParseScrapeDefaults(*global));
  }
  const ConfigNode* list = node->Find("scrape_configs");
  return list == nullptr ? std::vector<ScrapeConfig>() : ParseScrapeConfigs(*list, defaults);
}

std::string ErrorOf(const std::string& yaml) { return std::string(Parse(yaml).status().message()); }

TEST(ScrapeConfigTest, DefaultsAreThoseOfPrometheusWithSafeLimits) {
  const auto configs = Parse("scrape_configs: [{job_name: a, static_configs: [{targets: ['h:1']}]}]");
  ASSERT_TRUE(configs.ok()) << configs.status().ToString();
  const ScrapeConfig& config = configs->at(0);
  EXPECT_EQ(config.scrape_interval, 60'000);
  EXPECT_EQ(config.scrape_timeout, 10'000);
  EXPECT_EQ(config.metrics_path, "/metrics");
  EXPECT_EQ(config.scheme, "http");
  EXPECT_FALSE(config.samples.honor_labels);
  EXPECT_TRUE(config.samples.honor_timestamps);
  EXPECT_EQ(config.samples.limits.samples, 1'000'000);
  EXPECT_EQ(config.samples.limits.body_bytes, 64U << 20);
  EXPECT_TRUE(config.http.follow_redirects);
}

TEST(ScrapeConfigTest, ReadsEveryKey) {
  const auto configs = Parse(R"(
global: {scrape_interval: 15s, sample_limit: 7, external_labels: {dc: x}}
scrape_configs:
- job_name: a
  scrape_interval: 30s
  scrape_timeout: 5s
  metrics_path: /m
  scheme: https
  params: {module: [http_2xx, b]}
  honor_labels: true
  honor_timestamps: false
  sample_limit: 0
  label_limit: 3
  label_name_length_limit: 4
  label_value_length_limit: 5
  body_size_limit: 1MB
  target_limit: 6
  basic_auth: {username: u, password_file: pw}
  tls_config: {ca_file: /ca, server_name: s, insecure_skip_verify: true}
  follow_redirects: false
  enable_compression: false
  static_configs: [{targets: ['h:1', 'h:2'], labels: {l: v}}]
  relabel_configs: [{source_labels: [__address__], target_label: x}]
  metric_relabel_configs: [{action: labeldrop, regex: y}]
- job_name: b
)");
  ASSERT_TRUE(configs.ok()) << configs.status().ToString();
  const ScrapeConfig& a = configs->at(0);
  EXPECT_EQ(a.scrape_interval, 30'000);
  EXPECT_EQ(a.samples.limits.samples, 0);
  EXPECT_EQ(a.samples.limits.labels, 3);
  EXPECT_EQ(a.samples.limits.body_bytes, 1U << 20);
  EXPECT_EQ(a.samples.limits.targets, 6);
  EXPECT_EQ(a.http.auth.username.text, "u");
  EXPECT_EQ(a.http.auth.password.file, "pw");
  EXPECT_TRUE(a.http.tls.insecure_skip_verify);
  EXPECT_FALSE(a.http.follow_redirects);
  EXPECT_EQ(a.params.at(0).second.size(), 2U);
  EXPECT_EQ(a.relabel.size(), 1U);
  EXPECT_EQ(a.samples.metric_relabel.size(), 1U);
  EXPECT_EQ(configs->at(1).samples.limits.samples, 7);
  EXPECT_EQ(configs->at(1).scrape_interval, 15'000);
}

TEST(ScrapeConfigTest, ATimeoutAboveAShortIntervalFollowsTheInterval) {
  EXPECT_EQ(Parse("scrape_configs: [{job_name: a, scrape_interval: 5s}]")->at(0).scrape_timeout, 5'000);
  EXPECT_NE(ErrorOf("scrape_configs: [{job_name: a, scrape_interval: 5s, scrape_timeout: 6s}]").find("greater than"),
            std::string::npos);
}

TEST(ScrapeConfigTest, ErrorsNamePlaceAndNearestKey) {
  EXPECT_EQ(ErrorOf("scrape_configs:\n- job_name: a\n  scrape_intervall: 5s\n"),
            "p.yml:3:3: unknown field \"scrape_intervall\" in scrape_configs (did you mean \"scrape_interval\"?)");
  EXPECT_NE(
      ErrorOf("scrape_configs:\n- job_name: a\n  file_sd_configs: []\n").find("\"file_sd_configs\" is not supported"),
      std::string::npos);
  EXPECT_NE(ErrorOf("scrape_configs:\n- job_name: a\n- job_name: a\n").find("used twice, first in line 2"),
            std::string::npos);
  EXPECT_NE(ErrorOf("scrape_configs: [{job_name: a, basic_auth: {username: u}, authorization: {credentials: x}}]")
                .find("at most one"),
            std::string::npos);
  EXPECT_NE(ErrorOf("scrape_configs: [{job_name: a, tls_config: {cert_file: x}}]").find("together"), std::string::npos);
}

TEST(ScrapeConfigTest, ExternalLabelsTakeTheEnvironment) {
  ::setenv("CACHESCOPE_TEST_DC", "eu", 1);
  const auto node =
      ConfigNode::ParseYaml("external_labels: {a: '${CACHESCOPE_TEST_DC}-1', b: $CACHESCOPE_TEST_DC, c: $$x}", "p.yml");
  const auto defaults = ParseScrapeDefaults(*node);
  ASSERT_TRUE(defaults.ok()) << defaults.status().ToString();
  EXPECT_EQ(defaults->external_labels, (Labels{{"a", "eu-1"}, {"b", "eu"}, {"c", "$x"}}));
}

TEST(ScrapeConfigTest, FingerprintsTellSettingsApart) {
  http::Settings a;
  http::Settings b;
  EXPECT_EQ(FingerprintOf(a), FingerprintOf(b));
  b.auth.password.text = "x";
  EXPECT_NE(FingerprintOf(a), FingerprintOf(b));
  SampleSettings c;
  SampleSettings d;
  d.honor_labels = true;
  EXPECT_NE(FingerprintOf(c), FingerprintOf(d));
}

// Bad files of upstream whose fault lies in the sections read here. Left out: labelmap, labelname and labelvalue, whose
// fault is invalid UTF-8 written as a YAML !!binary value, which the reader takes as its text; body_size_limit without
// a unit is fine here.
TEST(ScrapeConfigTest, RefusesTheBadFilesOfUpstream) {
  const std::filesystem::path root = CACHESCOPE_SOURCE_DIR "/../shared/conformance/prometheus/config";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "no conformance data at " << root;
  constexpr const char* kFiles[] = {"dropequal",
                                    "dropequal1",
                                    "empty_metric_relabel_config",
                                    "empty_scrape_config",
                                    "empty_scrape_config_action",
                                    "empty_static_config",
                                    "empty_target_relabel_config",
                                    "jobname",
                                    "jobname_dup",
                                    "keepequal",
                                    "keepequal1",
                                    "labeldrop",
                                    "labeldrop2",
                                    "labeldrop3",
                                    "labeldrop4",
                                    "labeldrop5",
                                    "labelkeep",
                                    "labelkeep2",
                                    "labelkeep3",
                                    "labelkeep4",
                                    "labelkeep5",
                                    "lowercase3",
                                    "modulus_missing",
                                    "regex",
                                    "scrape_interval",
                                    "target_label_hashmod_missing",
                                    "target_label_missing",
                                    "unknown_attr",
                                    "unknown_global_attr",
                                    "uppercase3",
                                    "url_in_targetgroup"};
  int refused = 0;
  for (const char* name : kFiles) {
    const auto node = ConfigNode::ReadFile((root / (std::string(name) + ".bad.yml")).string());
    Status status = node.status();
    if (node.ok()) {
      ScrapeDefaults defaults;
      if (const ConfigNode* global = node->Find("global"); global != nullptr) {
        const auto read = ParseScrapeDefaults(*global);
        status = read.status();
      }
      if (const ConfigNode* list = node->Find("scrape_configs"); list != nullptr && status.ok()) {
        status = ParseScrapeConfigs(*list, defaults).status();
      }
    }
    EXPECT_FALSE(status.ok()) << name;
    refused += status.ok() ? 0 : 1;
  }
  std::cout << refused << " of " << std::size(kFiles) << " bad files refused\n";
}

BuiltTargets Build(const std::string& job) {
  const auto configs = Parse("scrape_configs:\n- " + job);
  EXPECT_TRUE(configs.ok()) << configs.status().ToString();
  return configs.ok() ? BuildTargets(configs->at(0)) : BuiltTargets();
}

TEST(TargetTest, LabelsUrlAndInstance) {
  const auto built = Build("{job_name: a, static_configs: [{targets: ['h:1'], labels: {dc: x}}]}");
  ASSERT_EQ(built.active.size(), 1U);
  EXPECT_EQ(built.active[0].url, "http://h:1/metrics");
  EXPECT_EQ(built.active[0].labels, (Labels{{"dc", "x"}, {"instance", "h:1"}, {"job", "a"}}));
  EXPECT_EQ(built.active[0].discovered.Get("__address__"), "h:1");
  EXPECT_EQ(built.active[0].discovered.Get("__scrape_interval__"), "1m");
}

TEST(TargetTest, BlackboxStyleRelabelling) {
  const auto built =
      Build(R"({job_name: probe, metrics_path: /probe, params: {module: [m, n]}, static_configs: [{targets: ['a b']}],
  relabel_configs: [{source_labels: [__address__], target_label: __param_target}, {source_labels: [__param_target], target_label: instance},
  {target_label: __address__, replacement: 'bb:9115'}, {target_label: __scrape_interval__, replacement: 2m}]})");
  ASSERT_EQ(built.active.size(), 1U);
  EXPECT_EQ(built.active[0].url, "http://bb:9115/probe?module=m&module=n&target=a%20b");
  EXPECT_EQ(built.active[0].labels.Get("instance"), "a b");
  EXPECT_EQ(built.active[0].interval, 120'000);
}

TEST(TargetTest, DroppedDuplicateAndBrokenTargets) {
  const auto built = Build(R"({job_name: a, static_configs: [{targets: ['h:1', 'h:1', 'drop:1', 'h:2']}],
  relabel_configs: [{source_labels: [__address__], regex: 'drop.*', action: drop},
  {source_labels: [__address__], regex: 'h:2', target_label: __scrape_timeout__, replacement: 2m}]})");
  EXPECT_EQ(built.active.size(), 1U);
  ASSERT_EQ(built.dropped.size(), 1U);
  EXPECT_EQ(built.dropped[0].discovered.Get("__address__"), "drop:1");
  EXPECT_EQ(built.errors.size(), 1U);
}

TEST(TargetTest, AnAddressCannotSmuggleARequest) {
  const auto built = Build(R"({job_name: a, static_configs: [{targets: ["h:1\r\nX: y"]}]})");
  EXPECT_TRUE(built.active.empty());
  const auto path = Build(R"({job_name: a, metrics_path: "/a b?c#d\r\n", static_configs: [{targets: ["h:1"]}]})");
  ASSERT_EQ(path.active.size(), 1U);
  EXPECT_EQ(path.active[0].url, "http://h:1/a%20b%3Fc%23d%0D%0A");
}

}  // namespace
}  // namespace cachescope::collect
