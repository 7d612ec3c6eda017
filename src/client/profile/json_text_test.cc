#include "client/profile/json_text.h"

#include <gtest/gtest.h>

#include <cctype>
#include <limits>
#include <string>

#include "client/profile/json_reader_test.h"

namespace cachescope::client {
namespace {

// Recursive descent over the grammar; every function consumes what it accepts.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  bool Document() { return Value() && rest_.empty(); }

 private:
  bool Take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  bool Value() {
    if (Take("{")) return Members();
    if (Take("[")) return Elements();
    if (rest_.starts_with('"')) return String();
    return Take("true") || Take("false") || Take("null") || Number();
  }
  bool Members() {
    if (Take("}")) return true;
    do {
      if (!String() || !Take(":") || !Value()) return false;
    } while (Take(","));
    return Take("}");
  }
  bool Elements() {
    if (Take("]")) return true;
    do {
      if (!Value()) return false;
    } while (Take(","));
    return Take("]");
  }
  bool String() {
    if (!Take("\"")) return false;
    while (!Take("\"")) {
      if (rest_.empty() || static_cast<unsigned char>(rest_[0]) < 0x20) return false;
      if (!Take("\\")) {
        rest_.remove_prefix(1);
        continue;
      }
      if (Take("u")) {
        for (int i = 0; i < 4; ++i, rest_.remove_prefix(1)) {
          if (rest_.empty() || std::isxdigit(static_cast<unsigned char>(rest_[0])) == 0) return false;
        }
      } else if (rest_.empty() || std::string_view("\"\\/bfnrt").find(rest_[0]) == std::string_view::npos) {
        return false;
      } else {
        rest_.remove_prefix(1);
      }
    }
    return true;
  }
  bool Digits() {
    std::size_t count = 0;
    while (!rest_.empty() && std::isdigit(static_cast<unsigned char>(rest_[0])) != 0) {
      rest_.remove_prefix(1);
      ++count;
    }
    return count > 0;
  }
  bool Number() {
    Take("-");
    if (!Take("0") && !Digits()) return false;
    if (Take(".") && !Digits()) return false;
    if (Take("e") || Take("E")) {
      if (!Take("-")) Take("+");
      return Digits();
    }
    return true;
  }

  std::string_view rest_;
};

}  // namespace

bool IsJsonForTest(std::string_view text) { return ValidText(text) == text && Reader(text).Document(); }

namespace {

TEST(JsonText, WritesADocument) {
  JsonText json;
  json.BeginObject().Field("a", std::uint64_t{1}).Field("b", "x").Key("c").BeginArray().Value(1.5).Null().EndArray();
  json.Key("d").BeginObject().EndObject().Field("e", true).EndObject();
  EXPECT_EQ(json.Take(), R"({"a":1,"b":"x","c":[1.5,null],"d":{},"e":true})");
}

TEST(JsonText, EscapesWhatMustBeAndRepairsUtf8) {
  JsonText json;
  json.Value(std::string_view("\"\\\n\t\0\x7f ü \xff\xc3", 12));
  const std::string text = json.Take();
  EXPECT_EQ(text, "\"\\\"\\\\\\u000a\\u0009\\u0000\\u007f ü \xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_TRUE(IsJsonForTest(text));
}

TEST(JsonText, NumbersThatAreNoneBecomeNull) {
  JsonText json;
  json.BeginArray();
  json.Value(std::numeric_limits<double>::quiet_NaN()).Value(std::numeric_limits<double>::infinity());
  json.Value(1e300).Value(-2.5e-9).Value(std::uint64_t{UINT64_MAX}).EndArray();
  const std::string text = json.Take();
  EXPECT_TRUE(IsJsonForTest(text)) << text;
  EXPECT_TRUE(text.starts_with("[null,null,")) << text;
}

TEST(JsonText, LongTextsStayWhole) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "äöü\\\"";
  EXPECT_EQ(ValidText(text), text);
  EXPECT_EQ(ValidText(std::string(2000, '\xff')).size(), 6000U);
}

TEST(JsonText, CutsBetweenCharacters) {
  EXPECT_EQ(CutText("abc", 3), "abc");
  EXPECT_EQ(CutText("abcd", 3), "abc");
  EXPECT_EQ(CutText("abü", 3), "ab");
  EXPECT_EQ(CutText("\xF0\x9F\x98\x80", 3), "");
  EXPECT_EQ(CutText(std::string(10, '\x80'), 4).size(), 4U);
}

TEST(JsonText, TheReaderOfTheTestsIsStrict) {
  for (const char* bad : {"", "{", "[1,]", "{\"a\":}", "\"\x01\"", "nul", "01", "1.", "\"\\x\"", "{} ", "\"\xff\""}) {
    EXPECT_FALSE(IsJsonForTest(bad)) << bad;
  }
}

}  // namespace
}  // namespace cachescope::client
