#include "base/config_node.h"

#include <gtest/gtest.h>

namespace cachescope {
namespace {

struct Options {
  std::string name;
  DurationMs interval = 60'000;
  std::int64_t limit = 0;
  bool on = false;
};

Status ReadOptions(const std::string& yaml, Options* out) {
  auto node = ConfigNode::ParseYaml(yaml, "test.yml");
  if (!node.ok()) return node.status();
  return MappingReader(*node, "options")
      .String("name", &out->name)
      .Required()
      .Duration("interval", &out->interval)
      .Int("limit", &out->limit, 0, 10)
      .Bool("on", &out->on)
      .Unsupported("dns_sd_configs", "this version knows static_configs")
      .Finish();
}

TEST(ConfigNodeTest, ReadsTypedFieldsAndKeepsDefaults) {
  Options options;
  ASSERT_TRUE(ReadOptions("name: a\ninterval: 5s\non: true\n", &options).ok());
  EXPECT_EQ(options.name, "a");
  EXPECT_EQ(options.interval, 5000);
  EXPECT_EQ(options.limit, 0);
  EXPECT_TRUE(options.on);
}

TEST(ConfigNodeTest, ErrorsNamePlaceAndCause) {
  const auto f = [](const std::string& yaml, const std::string& want) {
    Options options;
    const Status status = ReadOptions(yaml, &options);
    EXPECT_EQ(status.message(), want) << yaml;
  };
  f("interval: 5s\n", "test.yml:1:1: missing field \"name\" in options");
  f("name: a\nintervall: 5s\n", "test.yml:2:1: unknown field \"intervall\" in options (did you mean \"interval\"?)");
  f("name: a\ninterval: 5parsecs\n",
    "test.yml:2:11: not a valid duration string: \"5parsecs\" (units are y, w, d, h, m, s, ms, each at most once and "
    "in this order)"
    " (field \"interval\")");
  f("name: a\nlimit: 11\n", "test.yml:2:8: field \"limit\" must be between 0 and 10");
  f("name: a\nlimit: x\n", "test.yml:2:8: expected a whole number, got \"x\" (field \"limit\")");
  f("name: a\non: maybe\n", "test.yml:2:5: expected true or false, got \"maybe\" (field \"on\")");
  f("name: [a]\n", "test.yml:1:7: expected text (field \"name\")");
  f("name: a\nname: b\n", "test.yml:2:1: key \"name\" appears twice");
  f("name: a\ndns_sd_configs: []\n",
    "test.yml:2:17: \"dns_sd_configs\" is not supported: this version knows static_configs");
  f("- a\n", "test.yml:1:1: expected a mapping for options");
}

TEST(ConfigNodeTest, MergeKeysFillWhatIsMissing) {
  const auto node = ConfigNode::ParseYaml("base: &b {name: a, limit: 3}\nuse: {<<: *b, name: c}\n", "x.yml");
  ASSERT_TRUE(node.ok()) << node.status().ToString();
  const ConfigNode* use = node->Find("use");
  EXPECT_EQ(use->Find("name")->scalar(), "c");
  EXPECT_EQ(use->Find("limit")->scalar(), "3");
  EXPECT_EQ(use->entries().size(), 2U);
  EXPECT_FALSE(ConfigNode::ParseYaml("a: {<<: 5}", "x.yml").ok());
}

TEST(ConfigNodeTest, SyntaxErrorsHavePositions) {
  const auto node = ConfigNode::ParseYaml("a: [1\nb: {", "x.yml");
  ASSERT_FALSE(node.ok());
  EXPECT_EQ(node.status().message().substr(0, 7), "x.yml:2");
}

TEST(ConfigNodeTest, BoundsAliasExpansionAndDepth) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'h'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) bomb += std::string(i ? "," : "") + "*" + static_cast<char>(c - 1);
    bomb += "]\n";
  }
  EXPECT_FALSE(ConfigNode::ParseYaml(bomb, "bomb.yml").ok());
  EXPECT_FALSE(ConfigNode::ParseYaml(std::string(200, '['), "deep.yml").ok());
}

// A rule file with 10,000 rules is large, not a bomb.
TEST(ConfigNodeTest, ALargeFileWithoutAliasesIsRead) {
  std::string text = "list:\n";
  for (int i = 0; i < 150'000; ++i) text += "- {a: b}\n";
  const auto node = ConfigNode::ParseYaml(text, "large.yml");
  ASSERT_TRUE(node.ok()) << node.status().ToString();
  EXPECT_EQ(node->Find("list")->items().size(), 150'000U);
}

TEST(ConfigNodeTest, MissingFile) {
  const auto node = ConfigNode::ReadFile("/nonexistent/x.yml");
  EXPECT_EQ(node.status().code(), Code::kNotFound);
  EXPECT_EQ(node.status().message(), "cannot read /nonexistent/x.yml: No such file or directory");
}

TEST(NearestNameTest, OnlyNearOnes) {
  EXPECT_EQ(NearestName("scrape_intervall", {"scrape_interval", "job"}), "scrape_interval");
  EXPECT_EQ(NearestName("zzz", {"scrape_interval", "job"}), "");
}

}  // namespace
}  // namespace cachescope
