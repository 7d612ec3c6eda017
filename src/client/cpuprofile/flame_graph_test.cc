#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "cachescope/cpu_profile.h"

namespace cachescope {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t Count(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

// Tags open and close in order, attributes are quoted, no stray markup in between.
bool IsWellFormed(std::string_view xml) {
  std::vector<std::string> open;
  for (std::size_t at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at + 1)) {
    if (xml.substr(at).starts_with("<![CDATA[")) {
      at = xml.find("]]>", at);
      continue;
    }
    const std::size_t end = xml.find('>', at);
    if (end == std::string_view::npos) return false;
    const std::string_view tag = xml.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string_view::npos || Count(tag, "\"") % 2 != 0) return false;
    if (tag.starts_with('?') || tag.ends_with('/')) continue;
    const std::string name(tag.substr(0, tag.find_first_of(" \n")));
    if (!name.starts_with('/')) {
      open.push_back(name);
    } else if (open.empty() || "/" + open.back() != name) {
      return false;
    } else {
      open.pop_back();
    }
  }
  return open.empty();
}

TEST(FlameGraph, FramesAreMergedAndAsWideAsTheirSamples) {
  const std::string svg = FlameGraph({{{"main", "a"}, 1}, {{"main", "b"}, 2}, {{"main", "b", "c"}, 1}}, "Title");
  EXPECT_TRUE(IsWellFormed(svg));
  EXPECT_EQ(Count(svg, "<g "), 5U);
  EXPECT_THAT(svg, HasSubstr("<title>Title</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>all (4 samples, 100.00 %)</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>main (4 samples, 100.00 %)</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>b (3 samples, 75.00 %)</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>c (1 samples, 25.00 %)</title>"));
  EXPECT_THAT(svg, HasSubstr("data-x=\"0.25\" data-w=\"0.75\" data-d=\"2\" data-n=\"b\""));
  EXPECT_EQ(svg, FlameGraph({{{"main", "b", "c"}, 1}, {{"main", "b"}, 2}, {{"main", "a"}, 1}}, "Title"));
}

TEST(FlameGraph, NamesAreEscaped) {
  const std::string svg = FlameGraph({{{"std::map<int, char const*>::operator[]", "\"quoted\" & 'so'",
                                        "]]><script>alert(1)</script>", "bad \xff\x01\xEF\xBF\xBE bytes"},
                                       3}},
                                     "<&>");
  EXPECT_TRUE(IsWellFormed(svg));
  EXPECT_THAT(svg, HasSubstr("std::map&lt;int, char const*&gt;::operator[] (3 samples"));
  EXPECT_THAT(svg, HasSubstr("&quot;quoted&quot; &amp; &#39;so&#39;"));
  EXPECT_THAT(svg, HasSubstr("]]&gt;&lt;script&gt;"));
  EXPECT_THAT(svg, HasSubstr("bad \xEF\xBF\xBD \xEF\xBF\xBD bytes"));
  EXPECT_EQ(Count(svg, "<script>"), 1U);
}

TEST(FlameGraph, TooNarrowFramesAreLeftOut) {
  const std::string svg = FlameGraph({{{"wide"}, 1'000'000}, {{"narrow"}, 1}}, "");
  EXPECT_THAT(svg, HasSubstr("wide"));
  EXPECT_THAT(svg, Not(HasSubstr("narrow (")));
}

TEST(FlameGraph, DeepAndEmptyOnes) {
  std::vector<std::string> deep(5000, "f");
  EXPECT_TRUE(IsWellFormed(FlameGraph({{deep, 1}}, "deep")));
  EXPECT_EQ(Count(FlameGraph({{deep, 1}}, "deep"), "<g "), 501U);
  EXPECT_TRUE(IsWellFormed(FlameGraph({}, "none")));
  EXPECT_THAT(FlameGraph({{{"a"}, 0}}, "none"), HasSubstr("No samples"));
}

}  // namespace
}  // namespace cachescope
