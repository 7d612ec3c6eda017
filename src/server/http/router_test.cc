#include "server/http/router.h"

#include <gtest/gtest.h>

namespace cachescope::http {
namespace {

Handler None() {
  return [](const Request&, ResponseWriter&) {};
}

Router Sample() {
  Router router;
  router.Add("GET", "/", None());
  router.Add("GET", "/api/v1/query", None());
  router.Add("POST", "/api/v1/query", None());
  router.Add("GET", "/api/v1/label/:name/values", None());
  router.Add("GET", "/api/v1/label/special/values", None());
  router.Add("DELETE", "/api/v1/label/:label/values", None());
  router.Add("GET", "/static/*path", None());
  router.Add("GET", "/static/about", None());
  return router;
}

TEST(RouterTest, FindsWhatWasRegistered) {
  const Router router = Sample();
  struct Case {
    const char* method;
    const char* path;
    const char* route;
    std::vector<std::pair<std::string, std::string>> params;
  };
  const Case cases[] = {
      {"GET", "/", "/", {}},
      {"GET", "/api/v1/query", "/api/v1/query", {}},
      {"POST", "/api/v1/query", "/api/v1/query", {}},
      {"HEAD", "/api/v1/query", "/api/v1/query", {}},
      {"GET", "/api/v1/label/job/values", "/api/v1/label/:name/values", {{"name", "job"}}},
      {"GET", "/api/v1/label/a%2Fb%20c/values", "/api/v1/label/:name/values", {{"name", "a/b c"}}},
      {"GET", "/api/v1/label/special/values", "/api/v1/label/special/values", {}},
      {"GET", "/api/v1/label/speci%61l/values", "/api/v1/label/special/values", {}},
      {"DELETE", "/api/v1/label/special/values", "/api/v1/label/:label/values", {{"label", "special"}}},
      {"DELETE", "/api/v1/label/job/values", "/api/v1/label/:label/values", {{"label", "job"}}},
      {"GET", "/static/a/b.js", "/static/*path", {{"path", "a/b.js"}}},
      {"GET", "/static/", "/static/*path", {{"path", ""}}},
      {"GET", "/static/about", "/static/about", {}},
      {"GET", "/static/about/us", "/static/*path", {{"path", "about/us"}}},
  };
  for (const Case& c : cases) {
    const Router::Match match = router.Find(c.method, c.path);
    ASSERT_NE(match.handler, nullptr) << c.method << " " << c.path;
    EXPECT_EQ(match.route, c.route) << c.path;
    EXPECT_EQ(match.path_params, c.params) << c.path;
  }
}

TEST(RouterTest, SaysWhichMethodsAPathHas) {
  const Router router = Sample();
  struct Case {
    const char* method;
    const char* path;
    const char* allow;
  };
  const Case cases[] = {
      {"PUT", "/api/v1/query", "GET, HEAD, POST"},
      {"POST", "/", "GET, HEAD"},
      {"POST", "/api/v1/label/special/values", "DELETE, GET, HEAD"},
      {"GET", "/api/v1/query/", ""},
      {"GET", "/api/v1", ""},
      {"GET", "/static", ""},
      {"GET", "/api/v1/label//values", ""},
      {"GET", "", ""},
      {"OPTIONS", "*", ""},
      {"GET", "//", ""},
  };
  for (const Case& c : cases) {
    const Router::Match match = router.Find(c.method, c.path);
    EXPECT_EQ(match.handler, nullptr) << c.path;
    EXPECT_EQ(match.allow, c.allow) << c.path;
  }
}

TEST(RouterTest, WrapsEveryHandlerOnce) {
  Router router = Sample();
  int wrapped = 0;
  router.Wrap([&](std::string_view route, Handler handler) {
    EXPECT_EQ(route.substr(0, 1), "/");
    ++wrapped;
    return handler;
  });
  EXPECT_EQ(wrapped, 8);
}

TEST(RouterTest, ManySegmentsAreNoProblem) {
  const Router router = Sample();
  std::string path;
  for (int i = 0; i < 20'000; ++i) path += "/x";
  EXPECT_EQ(router.Find("GET", path).handler, nullptr);
  EXPECT_NE(router.Find("GET", "/static" + path).handler, nullptr);
}

}  // namespace
}  // namespace cachescope::http
