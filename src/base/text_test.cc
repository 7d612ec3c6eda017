#include <gtest/gtest.h>

#include "base/percent.h"
#include "base/quote.h"
#include "base/rfc3339.h"

namespace cachescope {
namespace {

std::string Quoted(std::string_view text, QuoteStyle style) {
  std::string out;
  AppendQuotedText(&out, text, style);
  return out;
}

TEST(QuoteTest, EscapesWhatTheStyleAsksFor) {
  EXPECT_EQ(Quoted("plain text", QuoteStyle::kJson), "\"plain text\"");
  EXPECT_EQ(Quoted("", QuoteStyle::kJson), "\"\"");
  EXPECT_EQ(Quoted("a\"b\\c\n\r\t", QuoteStyle::kJson), R"("a\"b\\c\n\r\t")");
  EXPECT_EQ(Quoted(std::string_view("\0\x1f\x7f", 3), QuoteStyle::kJson), R"("\u0000\u001f\u007f")");
  EXPECT_EQ(Quoted("\x01\x7f", QuoteStyle::kGo), R"("\x01\x7f")");
  EXPECT_EQ(Quoted("a<b>&c", QuoteStyle::kJson), "\"a<b>&c\"");
  EXPECT_EQ(Quoted("a<b>&c", QuoteStyle::kJsonForHtml), R"("a\u003cb\u003e\u0026c")");
}

TEST(QuoteTest, ReplacesBytesThatAreNotUtf8) {
  EXPECT_EQ(Quoted("é€😀", QuoteStyle::kJson), "\"é€😀\"");
  EXPECT_EQ(Quoted("a\xff\xc3", QuoteStyle::kJson), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(Quoted("\xed\xa0\x80", QuoteStyle::kJson), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(Quoted("a\xff", QuoteStyle::kGo), "\"a\xff\"");
}

TEST(QuoteTest, KnowsWholeCharactersOnly) {
  EXPECT_EQ(Utf8Length(""), 0U);
  EXPECT_EQ(Utf8Length("a€"), 1U);
  EXPECT_EQ(Utf8Length("€"), 3U);
  EXPECT_EQ(Utf8Length("\xf0\x9f\x98\x80"), 4U);
  for (const char* bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    EXPECT_EQ(Utf8Length(bad), 0U) << bad;
  }
}

TEST(Rfc3339Test, Formats) {
  EXPECT_EQ(FormatRfc3339(1'435'781'451'781), "2015-07-01T20:10:51.781Z");
  EXPECT_EQ(FormatRfc3339(1'435'781'451'700), "2015-07-01T20:10:51.7Z");
  EXPECT_EQ(FormatRfc3339(1'435'781'451'000), "2015-07-01T20:10:51Z");
  EXPECT_EQ(FormatRfc3339(1'435'781'451'000, TimeFraction::kMillis), "2015-07-01T20:10:51.000Z");
  EXPECT_EQ(FormatRfc3339(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatRfc3339OrNever(0), "0001-01-01T00:00:00Z");
  EXPECT_EQ(FormatRfc3339OrNever(1000), "1970-01-01T00:00:01Z");
}

TEST(Rfc3339Test, Parses) {
  EXPECT_EQ(ParseRfc3339("2015-07-01T20:10:51.781Z"), 1'435'781'451'781);
  EXPECT_EQ(ParseRfc3339("2015-07-01t20:10:51z"), 1'435'781'451'000);
  EXPECT_EQ(ParseRfc3339("2015-07-01T22:10:51.7819999+02:00"), 1'435'781'451'781);
  EXPECT_EQ(ParseRfc3339("2024-02-29T00:00:00Z"), 1'709'164'800'000);
  for (const char* bad : {"", "2015-07-01", "2015-07-01T20:10:51", "2015-07-01T20:10:51.Z", "2015-07-01T24:00:00Z",
                          "2015-02-29T00:00:00Z", "2015-13-01T00:00:00Z", "2015-07-01T20:10:51+2:00",
                          "2015-07-01T20:10:51Zx", "2015-07-01 20:10:51Z", "15-07-01T20:10:51Z"}) {
    EXPECT_EQ(ParseRfc3339(bad), std::nullopt) << bad;
  }
}

TEST(PercentTest, EncodesAndDecodes) {
  EXPECT_EQ(PercentEncode("a b/é~"), "a%20b%2F%C3%A9~");
  EXPECT_EQ(PercentDecode("a%20b%2Fc+d", PlusSign::kLiteral), "a b/c+d");
  EXPECT_EQ(PercentDecode("a+b%2", PlusSign::kSpace), "a b%2");
  EXPECT_EQ(PercentDecode("%zz%", PlusSign::kSpace), "%zz%");
}

}  // namespace
}  // namespace cachescope
