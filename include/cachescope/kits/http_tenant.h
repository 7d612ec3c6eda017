// TenantExtractor: finds out whose request it is. Tries its sources in the order they were added; no answer is "".
//
//   TenantExtractor tenants;
//   tenants.FromHeader("x-tenant-id").FromPath("/tenants/{tenant}").From([](const HttpRequest& r) { return TokenOf(r);
//   });
//
// Extract is thread-safe after set-up and does not throw or allocate as long as a callback does not.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cachescope::kits {

/// Reads a request's headers, in whatever form a framework keeps them.
class HttpHeaders {
 public:
  /// The value of the header of that name, of any case; empty if there is none.
  virtual std::string_view Find(std::string_view name) const noexcept = 0;

 protected:
  ~HttpHeaders() = default;
};

/// What the kit needs to know of a request. Views are used during the call only.
struct HttpRequest {
  std::string_view method = {};
  /// Request target: "/search?q=1".
  std::string_view target = {};
  /// Null if there are none at hand.
  const HttpHeaders* headers = nullptr;
  /// The framework's route template, if it has one: taken as the endpoint as it is.
  std::string_view route = {};
  /// The tenant, if it is known already; goes before the extractor.
  std::string_view tenant = {};
};

class TenantExtractor {
 public:
  /// The view must be valid until the call that records the request returns. It may throw: that is no answer.
  using Callback = std::function<std::string_view(const HttpRequest&)>;

  /// The value of a header, without spaces around.
  TenantExtractor& FromHeader(std::string name);
  /// The segment that "{tenant}" stands for, of paths that begin as the pattern does: "/t/{tenant}".
  TenantExtractor& FromPath(std::string pattern);
  TenantExtractor& From(Callback callback);

  std::string_view Extract(const HttpRequest& request) const noexcept;

 private:
  std::vector<Callback> sources_;
};

}  // namespace cachescope::kits
