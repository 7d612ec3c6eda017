// HTML output: what is printed cannot leave the place it stands in.
#include <gtest/gtest.h>

#include "server/template/template_set.h"

namespace cachescope::templating {
namespace {

std::string Html(std::string_view text, const Value& data) {
  const auto out = TemplateSet().ExecuteHtml(text, data);
  return out.ok() ? *out : "error: " + std::string(out.status().message());
}

TEST(HtmlTest, EscapesByPlace) {
  const auto f = [](std::string_view text, std::string_view data, std::string_view want) {
    EXPECT_EQ(Html(text, Value(data)), want) << text;
  };
  f("<p>{{ . }}</p>", "<b>&'\"+", "<p>&lt;b&gt;&amp;&#39;&#34;&#43;</p>");
  f("<p title=\"{{ . }}\">", "a\"b", "<p title=\"a&#34;b\">");
  f("<p title={{ . }}>", "a b=c>", "<p title=a&#32;b&#61;c&gt;>");
  f("<p title={{ . }}>", "", "<p title=ZgotmplZ>");
  f("<a href=\"{{ . }}\">", "javascript:alert(1)", "<a href=\"#ZgotmplZ\">");
  f("<a href=\"{{ . }}\">", "http://x/a b?c=d&e", "<a href=\"http://x/a%20b?c=d&amp;e\">");
  f("<a href=\"/s?q={{ . }}\">", "a b&c", "<a href=\"/s?q=a%20b%26c\">");
  f("<a href=\"/s?q={{ . | urlquery }}\">", "a b&c", "<a href=\"/s?q=a&#43;b%26c\">");
  f("<script>f({{ . }})</script>", "</script>\"", "<script>f(\"\\u003c/script\\u003e\\\"\")</script>");
  f("<script>f('{{ . }}')</script>", "'</script>", "<script>f('\\u0027\\u003c\\/script\\u003e')</script>");
  f("<p onclick=\"f({{ . }})\">", "'\"", "<p onclick=\"f(&#34;&#39;\\&#34;&#34;)\">");
  f("<style>p{color:{{ . }}}</style>", "red}body{", "<style>p{color:ZgotmplZ}</style>");
  f("<style>p{color:{{ . }}}</style>", "#fff", "<style>p{color:#fff}</style>");
  f("<p style=\"width:{{ . }}\">", "expression(x)", "<p style=\"width:ZgotmplZ\">");
  f("<title>{{ . }}</title>", "</title><script>", "<title>&lt;/title&gt;&lt;script&gt;</title>");
  f("<!-- {{ . }} -->x", "--><script>", "x");
  f("<p {{ . }}=1>", "onclick", "<p ZgotmplZ=1>");
  f("a < b {{ . }}", "x", "a &lt; b x");
  f("<a href=\"{{ . }}?a={{ . }}\">", "x y", "<a href=\"x%20y?a=x%20y\">");
}

TEST(HtmlTest, TrustedTextsPass) {
  const Value data("<b>x</b>");
  EXPECT_EQ(Html("<p>{{ safeHtml . }}</p>", data), "<p><b>x</b></p>");
  EXPECT_EQ(Html("<p title=\"{{ safeHtml . }}\">", data), "<p title=\"x\">");
  EXPECT_EQ(Html("<a href=\"{{ safeUrl . }}\">", Value("tel:123")), "<a href=\"tel:123\">");
  EXPECT_EQ(Html("<a href=\"{{ . }}\">", Value("tel:123")), "<a href=\"#ZgotmplZ\">");
  // They do nothing in text.
  EXPECT_EQ(TemplateSet().ExecuteText("{{ safeHtml . }}{{ safeUrl . }}", data).value_or(""), "<b>x</b><b>x</b>");
}

TEST(HtmlTest, ThePlaceFollowsTheOutputAcrossTemplates) {
  EXPECT_EQ(Html("{{ define \"u\" }}{{ . }}{{ end }}<a href=\"{{ template \"u\" . }}\">{{ template \"u\" . }}</a>",
                 Value("javascript:\"<\"")),
            "<a href=\"#ZgotmplZ\">javascript:&#34;&lt;&#34;</a>");
  EXPECT_EQ(Html("<p class=\"{{ if true }}a {{ end }}{{ . }}\">", Value("\"x")), "<p class=\"a &#34;x\">");
}

}  // namespace
}  // namespace cachescope::templating
