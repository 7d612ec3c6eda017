#include "cachescope/kits/http_tenant.h"

#include <utility>

namespace cachescope::kits {
namespace {

constexpr std::string_view kPlace = "{tenant}";

std::string_view Trim(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

TenantExtractor& TenantExtractor::FromHeader(std::string name) {
  return From([name = std::move(name)](const HttpRequest& request) {
    return request.headers == nullptr ? std::string_view() : Trim(request.headers->Find(name));
  });
}

TenantExtractor& TenantExtractor::FromPath(std::string pattern) {
  return From([pattern = std::move(pattern)](const HttpRequest& request) -> std::string_view {
    const std::size_t at = pattern.find(kPlace);
    std::string_view target = request.target;
    if (at == std::string::npos || !target.starts_with(std::string_view(pattern).substr(0, at))) return {};
    target.remove_prefix(at);
    return target.substr(0, target.find_first_of("/?#"));
  });
}

TenantExtractor& TenantExtractor::From(Callback callback) {
  sources_.push_back(std::move(callback));
  return *this;
}

std::string_view TenantExtractor::Extract(const HttpRequest& request) const noexcept {
  for (const Callback& source : sources_) {
    try {
      if (const std::string_view tenant = source(request); !tenant.empty()) return tenant;
    } catch (...) {
      // A callback that throws does not know the tenant.
    }
  }
  return {};
}

}  // namespace cachescope::kits
