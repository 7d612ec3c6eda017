#include "server/template/format.h"

#include <gtest/gtest.h>

#include <cmath>

namespace cachescope::templating {
namespace {

std::string Format(std::string_view format, std::vector<Value> args) {
  std::string out;
  const Status status = FormatGo(format, args, 1000, &out);
  return status.ok() ? out : "error: " + std::string(status.message());
}

TEST(FormatTest, Verbs) {
  EXPECT_EQ(Format("%d|%5d|%-5d|%05d|%+d|%x|%#X|%o|%b|%c|%q|%U", {42, 42, 42, 42, 42, 255, 255, 8, 5, 65, 65, 0x20ac}),
            "42|   42|42   |00042|+42|ff|0XFF|10|101|A|'A'|U+20AC");
  EXPECT_EQ(
      Format("%f|%.2f|%8.3f|%08.2f|%e|%g|%.3g|%+f", {3.14159, 3.14159, 3.14159, -3.14159, 3.14159, 1e21, 3.14159, 2.0}),
      "3.141590|3.14|   3.142|-0003.14|3.141590e+00|1e+21|3.14|+2.000000");
  EXPECT_EQ(Format("%s|%6s|%-6s|%.1s|%q|%x|% X", {"é", "é", "é", "éa", "a\"\n", "hi", "hi"}),
            "é|     é|é     |é|\"a\\\"\\n\"|6869|68 69");
  EXPECT_EQ(Format("%v %t %T %v", {true, false, 1.5, List{1, "a"}}), "true false float64 [1 a]");
  EXPECT_EQ(Format("%f %5.1f %v %+v", {std::nan(""), HUGE_VAL, -HUGE_VAL, HUGE_VAL}), "NaN  +Inf -Inf +Inf");
}

TEST(FormatTest, MistakesShowInTheText) {
  EXPECT_EQ(Format("%d %s %z", {"x", 1, 2}), "%!d(string=x) %!s(int=1) %!z(int=2)");
  EXPECT_EQ(Format("%d %d", {1}), "1 %!d(MISSING)");
  EXPECT_EQ(Format("x", {1, "a"}), "x%!(EXTRA int=1, string=a)");
  EXPECT_EQ(Format("%", {}), "%!(NOVERB)");
  EXPECT_EQ(Format("%[2]d %[1]d", {1, 2}), "2 1");
  EXPECT_EQ(Format("%[9]d", {1}), "%!d(BADINDEX)");
  EXPECT_EQ(Format("%*d|%.*f", {4, 1, 2, 1.0}), "   1|1.00");
  EXPECT_EQ(Format("%*d", {"x", 1}), "%!(BADWIDTH)1");
}

TEST(FormatTest, WidthsAndOutputAreBounded) {
  EXPECT_EQ(Format("%1000000000d", {1}), "error: a width or precision is over 1000");
  EXPECT_EQ(Format("%.99999999999999999999f", {1.0}), "error: a width or precision is over 1000");
  EXPECT_EQ(Format("%*d", {std::int64_t{1} << 40, 1}), "error: a width or precision is over 1000");
  EXPECT_EQ(Format("%900d%900d", {1, 1}), "error: the text is over 1000 bytes");
  EXPECT_EQ(Format(std::string(2000, 'x'), {}), "error: the text is over 1000 bytes");
}

}  // namespace
}  // namespace cachescope::templating
