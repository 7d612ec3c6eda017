#include "server/http/message.h"

#include <algorithm>

#include "base/percent.h"
#include "server/http/token.h"

namespace cachescope::http {

std::string_view FindHeader(const Headers& headers, std::string_view name) noexcept {
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

Params Params::Parse(std::string_view encoded) {
  Params params;
  while (!encoded.empty() && params.pairs_.size() < kMaxParams) {
    const std::size_t end = encoded.find('&');
    const std::string_view pair = encoded.substr(0, end);
    encoded = end == std::string_view::npos ? std::string_view() : encoded.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    params.pairs_.emplace_back(PercentDecode(pair.substr(0, equals), PlusSign::kSpace),
                               PercentDecode(value, PlusSign::kSpace));
  }
  return params;
}

void Params::Append(const Params& more) {
  // By index: `more` may be this object.
  const std::size_t count = more.pairs_.size();
  for (std::size_t i = 0; i < count; ++i) {
    auto pair = more.pairs_[i];
    pairs_.push_back(std::move(pair));
  }
}

bool Params::Has(std::string_view name) const noexcept {
  return std::any_of(pairs_.begin(), pairs_.end(), [&](const auto& pair) { return pair.first == name; });
}

std::string_view Params::Get(std::string_view name) const noexcept {
  for (const auto& [key, value] : pairs_) {
    if (key == name) return value;
  }
  return {};
}

std::vector<std::string> Params::All(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : pairs_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::string UrlEncode(std::string_view text) { return PercentEncode(text); }

std::string UrlDecode(std::string_view text) { return PercentDecode(text, PlusSign::kLiteral); }

std::string_view Request::PathParam(std::string_view name) const noexcept {
  for (const auto& [key, value] : path_params) {
    if (key == name) return value;
  }
  return {};
}

Params Request::AllParams() const {
  Params all = query;
  if (StartsWithIgnoreCase(Header("Content-Type"), "application/x-www-form-urlencoded"))
    all.Append(Params::Parse(body));
  return all;
}

}  // namespace cachescope::http
