#include "server/promql/lexer.h"

#include <gtest/gtest.h>

namespace cachescope::promql {
namespace {

// The tokens as error messages call them, joined by blanks; an error ends the text as "! <message> @<offset>".
std::string Tokens(std::string_view text) {
  Lexer lexer(text);
  std::string out;
  while (true) {
    const Token token = lexer.Next();
    if (token.kind == TokenKind::kEof) return out;
    if (!out.empty()) out += ' ';
    if (token.kind == TokenKind::kError) return out + "! " + lexer.error() + " @" + std::to_string(token.begin);
    out += Describe(token);
  }
}

struct Case {
  const char* text;
  const char* tokens;
};

constexpr Case kCases[] = {
    {"", ""},
    {" \t\r\n", ""},
    {"# comment", ""},
    {"a # b\rc", "identifier \"a\" identifier \"c\""},
    {",", "\",\""},
    {"() (())", "\"(\" \")\" \"(\" \"(\" \")\" \")\""},
    {"1 4.23 .3 5.", "number \"1\" number \"4.23\" number \".3\" number \"5.\""},
    {"0x123 0X1 1e5 1E-5 1_000", "number \"0x123\" number \"0X1\" number \"1e5\" number \"1E-5\" number \"1_000\""},
    {"NaN nan Inf +Inf", "number \"NaN\" number \"nan\" number \"Inf\" <op:+> number \"Inf\""},
    {"NaN123 Infoo", "identifier \"NaN123\" identifier \"Infoo\""},
    {"5s 123m 1h 3w 1y5w 10ms",
     "duration \"5s\" duration \"123m\" duration \"1h\" duration \"3w\" duration \"1y5w\" "
     "duration \"10ms\""},
    {"1h30m5s", "duration \"1h30m5s\""},
    {"1_2_", "! bad number or duration syntax: \"1_2_\" @0"},
    {"1__2", "! bad number or duration syntax: \"1__\" @0"},
    {"0x1.5", "! bad number or duration syntax: \"0x1.\" @0"},
    {"5x", "! bad number or duration syntax: \"5\" @0"},
    {"\"a\\\"b\" 'c' `d`", "string \"\\\"a\\\\\\\"b\\\"\" string \"'c'\" string \"`d`\""},
    {"abc a:bc :ab _x", "identifier \"abc\" metric identifier \"a:bc\" metric identifier \":ab\" identifier \"_x\""},
    {"0a:bc", "! bad number or duration syntax: \"0\" @0"},
    {"= == != < <= > >= + - * / % ^ @ </ >/",
     "\"=\" <op:==> <op:!=> <op:<> <op:<=> <op:>> <op:>=> <op:+> <op:-> <op:*> <op:/> <op:%> <op:^> <op:@> <op:</> "
     "<op:>/>"},
    {"and OR unless atan2", "<op:and> <op:OR> <op:unless> <op:atan2>"},
    {"sum AVG limit_ratio", "<aggr:sum> <aggr:AVG> <aggr:limit_ratio>"},
    {"by without on ignoring group_left group_right bool offset",
     "<by> <without> <on> <ignoring> <group_left> <group_right> <bool> <offset>"},
    {"anchored smoothed", "<anchored> <smoothed>"},
    {"fill fill (fill_left(", "identifier \"fill\" <fill> \"(\" <fill_left> \"(\" ! unclosed left parenthesis @21"},
    {"start end step range", "\"start\" \"end\" \"step\" \"range\""},
    {"{a=\"b\"}", "\"{\" identifier \"a\" \"=\" string \"\\\"b\\\"\" \"}\""},
    {"{a!=`b`,sum=~'c',on!~'d'}",
     "\"{\" identifier \"a\" <op:!=> string \"`b`\" \",\" identifier \"sum\" <op:=~> "
     "string \"'c'\" \",\" identifier \"on\" <op:!~> string \"'d'\" \"}\""},
    {"{a=b # c}\n}", "\"{\" identifier \"a\" \"=\" identifier \"b\" \"}\""},
    {"{alert!#\"bar\"}", "\"{\" identifier \"alert\" ! unexpected character after '!' inside braces: '#' @6"},
    {"{a:b}", "\"{\" identifier \"a\" ! unexpected character inside braces: ':' @2"},
    {"[5m]", "\"[\" duration \"5m\" \"]\""},
    {"[ 5m:1m ]", "\"[\" duration \"5m\" \":\" duration \"1m\" \"]\""},
    {"[1+(Step()*2)]", "\"[\" number \"1\" <op:+> \"(\" \"Step\" \"(\" \")\" <op:*> number \"2\" \")\" \"]\""},
    {"[min_of(range(),5m)]",
     "\"[\" identifier \"min_of\" \"(\" \"range\" \"(\" \")\" \",\" duration \"5m\" \")\" \"]\""},
    {"[abc]", "\"[\" ! unexpected character in duration expression: 'a' @1"},
    {"[5m#]", "\"[\" duration \"5m\" ! unclosed left bracket @5"},
    {"[#", "\"[\" ! unexpected character in duration expression: '#' @1"},
    {"]", "! unexpected right bracket ']' @0"},
    {")", "! unexpected right parenthesis ')' @1"},
    {"\"\\xq\"", "! illegal character U+0071 'q' in escape sequence @0"},
    {"\"\\", "! escape sequence not terminated @0"},
    {"`\\`", "string \"`\\\\`\""},
};

TEST(LexerTest, Tokens) {
  for (const Case& c : kCases) EXPECT_EQ(Tokens(c.text), c.tokens) << c.text;
}

TEST(LexerTest, PositionsAreBytes) {
  Lexer lexer("\"\xE2\x98\xBA\" foo");
  EXPECT_EQ(lexer.Next().end(), 5U);
  const Token token = lexer.Next();
  EXPECT_EQ(token.begin, 6U);
  EXPECT_EQ(token.text, "foo");
}

TEST(LexerTest, UnquoteAndQuoteAreInverse) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  all += "\xEF\xBF\xBD\xC2\xA0\xE2\x80\x8B\xF0\x9F\x98\x80";
  const std::string quoted = GoQuoted(all);
  Lexer lexer(quoted);
  const Token token = lexer.Next();
  ASSERT_EQ(token.kind, TokenKind::kString) << lexer.error();
  EXPECT_EQ(token.end(), quoted.size());
  EXPECT_EQ(Unquote(token.text), all);
}

TEST(LexerTest, UnquoteRefusesWhatTheLexerWould) {
  for (const char* text : {"\"", "\"a'", "\"\\\"", "\"\\x1\"", "\"\\q\"", "\"\\ud800\"", "\"\\9\"", "\"\\777\""}) {
    EXPECT_FALSE(Unquote(text)) << text;
  }
}

}  // namespace
}  // namespace cachescope::promql
