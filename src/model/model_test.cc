#include <gtest/gtest.h>

#include "model/labels.h"
#include "model/matcher.h"
#include "model/sample.h"

namespace cachescope {
namespace {

TEST(LabelsTest, SortsDropsEmptyAndFinds) {
  const Labels labels{{"job", "redis"}, {"__name__", "up"}, {"empty", ""}};
  EXPECT_EQ(labels.ToString(), "up{job=\"redis\"}");
  EXPECT_EQ(labels.size(), 2U);
  EXPECT_EQ(labels.Get("job"), "redis");
  EXPECT_EQ(labels.Get("zzz"), "");
  EXPECT_EQ(labels.Get("empty"), "");
}

TEST(LabelsTest, LongValuesSurvive) {
  const std::string value(100'000, 'x');
  const Labels labels{{"a", value}, {"b", "c"}};
  EXPECT_EQ(labels.Get("a"), value);
  EXPECT_EQ(labels.Get("b"), "c");
}

TEST(LabelsTest, PrintsNamesThatNeedQuotes) {
  EXPECT_EQ(Labels().ToString(), "{}");
  EXPECT_EQ(Labels({{"__name__", "a.b"}, {"c d", "x\"y\n"}}).ToString(), "{\"a.b\", \"c d\"=\"x\\\"y\\n\"}");
  EXPECT_EQ(Labels({{"a", "b"}}).ToString(), "{a=\"b\"}");
}

TEST(LabelsTest, ComparesLabelByLabel) {
  EXPECT_LT(Labels::Compare({{"a", "1"}}, {{"a", "2"}}), 0);
  EXPECT_LT(Labels::Compare({{"a", "1"}}, {{"a", "1"}, {"b", "1"}}), 0);
  EXPECT_GT(Labels::Compare({{"b", "1"}}, {{"a", "2"}}), 0);
  EXPECT_EQ(Labels::Compare({}, {}), 0);
}

TEST(LabelsBuilderTest, SetsDeletesKeeps) {
  LabelsBuilder builder(Labels{{"a", "1"}, {"b", "2"}, {"c", "3"}});
  builder.Set("b", "").Set("d", "4").Set("a", "9");
  EXPECT_EQ(builder.Build(), Labels({{"a", "9"}, {"c", "3"}, {"d", "4"}}));
  EXPECT_EQ(builder.Keep({"d", "x"}).Build(), Labels({{"d", "4"}}));
}

TEST(LabelsTest, Utf8) {
  EXPECT_TRUE(IsValidUtf8("plain"));
  EXPECT_TRUE(IsValidUtf8("h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const char* bad : {"\xff", "\xc0\x80", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"}) {
    EXPECT_FALSE(IsValidUtf8(bad));
  }
}

TEST(MatcherTest, Matches) {
  const auto f = [](MatchType type, const char* pattern, std::string_view value, bool want) {
    const auto matcher = Matcher::New(type, "l", pattern);
    ASSERT_TRUE(matcher.ok()) << pattern;
    EXPECT_EQ(matcher->Matches(value), want) << matcher->ToString() << " on " << value;
  };
  f(MatchType::kEqual, "a", "a", true);
  f(MatchType::kNotEqual, "a", "", true);
  f(MatchType::kRegex, "a|b", "b", true);
  f(MatchType::kRegex, "(a|b)", "a", true);
  f(MatchType::kRegex, "a|b", "ab", false);
  f(MatchType::kRegex, "node.*", "node-1", true);
  f(MatchType::kRegex, "node.+", "node", false);
  f(MatchType::kRegex, "ab*", "a", true);
  f(MatchType::kRegex, "ab*c", "abbc", true);
  f(MatchType::kRegex, ".*x", "a\nx", true);
  f(MatchType::kRegex, "", "", true);
  f(MatchType::kRegex, ".*", "", true);
  f(MatchType::kNotRegex, "a.c", "abc", false);
  f(MatchType::kNotRegex, "", "a", true);
  f(MatchType::kRegex, "(?i)ABC", "abc", true);
  f(MatchType::kRegex, "a(b|c)", "ac", true);
  f(MatchType::kRegex, "(a)|(b)", "b", true);
}

TEST(MatcherTest, BadRegexSaysWhy) {
  const auto matcher = Matcher::New(MatchType::kRegex, "l", "a(");
  ASSERT_FALSE(matcher.ok());
  EXPECT_NE(matcher.status().message().find("error parsing regexp"), std::string::npos);
}

TEST(SampleTest, StaleMarkerIsOneNan) {
  EXPECT_TRUE(IsStaleMarker(StaleMarker()));
  EXPECT_FALSE(IsStaleMarker(std::bit_cast<double>(kNormalNanBits)));
}

}  // namespace
}  // namespace cachescope
