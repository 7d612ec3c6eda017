// Requests and responses of the HTTP server and client. Plain data; no I/O.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachescope::http {

using Headers = std::vector<std::pair<std::string, std::string>>;
// The first header of that name, compared without case; empty when absent.
std::string_view FindHeader(const Headers& headers, std::string_view name) noexcept;

// Decoded query or form parameters in order of appearance; at most kMaxParams, the rest of a hostile body is ignored.
class Params {
 public:
  static constexpr std::size_t kMaxParams = 10'000;
  // Parses `a=1&b=x%20y+z`; `+` is a space, malformed escapes are kept as they are.
  static Params Parse(std::string_view encoded);
  void Append(const Params& more);
  bool Has(std::string_view name) const noexcept;
  // First value, empty when absent.
  std::string_view Get(std::string_view name) const noexcept;
  std::vector<std::string> All(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& pairs() const noexcept { return pairs_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// Everything but letters, digits and `-._~` becomes %XX.
std::string UrlEncode(std::string_view text);
// %XX becomes its byte; malformed escapes and `+` are kept as they are.
std::string UrlDecode(std::string_view text);

struct Request {
  std::string method;  // upper case
  std::string target;  // as sent
  std::string path;    // decoded, without the query
  Params query;        // from the URL
  Headers headers;
  std::string body;
  std::string peer;  // "127.0.0.1:1234"
  // Path parameters of the matched route pattern, for example {"name", "job"} for /api/v1/label/:name/values.
  std::vector<std::pair<std::string, std::string>> path_params;

  std::string_view Header(std::string_view name) const noexcept { return FindHeader(headers, name); }
  std::string_view PathParam(std::string_view name) const noexcept;
  // URL parameters followed by those of a form body (application/x-www-form-urlencoded).
  Params AllParams() const;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

}  // namespace cachescope::http
