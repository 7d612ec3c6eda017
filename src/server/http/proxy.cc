#include "server/http/proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "server/http/token.h"

namespace cachescope::http {
namespace {

// An address as 16 bytes; IPv4 is mapped.
std::optional<std::array<unsigned char, 16>> AddressOf(const std::string& host) {
  std::array<unsigned char, 16> out{};
  if (inet_pton(AF_INET6, host.c_str(), out.data()) == 1) return out;
  out = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
  if (inet_pton(AF_INET, host.c_str(), out.data() + 12) == 1) return out;
  return std::nullopt;
}

bool IsLoopback(const std::string& host) {
  if (host == "localhost") return true;
  const auto address = AddressOf(host);
  if (!address) return false;
  constexpr std::array<unsigned char, 16> kV6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return *address == kV6 || (std::memcmp(address->data(), kMapped.data(), 12) == 0 && (*address)[12] == 127);
}

// "10.0.0.0/8", "fd00::/8".
bool InNetwork(std::string_view network, const std::string& host) {
  const std::size_t slash = network.find('/');
  const auto base = AddressOf(std::string(network.substr(0, slash)));
  const auto address = AddressOf(host);
  if (!base || !address) return false;
  int bits = 0;
  const std::string_view length = network.substr(slash + 1);
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (error != std::errc() || end != length.data() + length.size() || bits < 0) return false;
  if (network.find(':') == std::string_view::npos) bits += 96;
  if (bits > 128) return false;
  for (int i = 0; i < bits; ++i) {
    const auto byte = static_cast<std::size_t>(i / 8);
    const int mask = 0x80 >> (i % 8);
    if (((*base)[byte] & mask) != ((*address)[byte] & mask)) return false;
  }
  return true;
}

// One entry of a no_proxy list.
bool Matches(std::string entry, const Url& target) {
  if (entry == "*") return true;
  if (entry.find('/') != std::string::npos) return InNetwork(entry, target.host);
  const std::size_t colon = entry.rfind(':');
  const bool v6 = std::count(entry.begin(), entry.end(), ':') > 1;
  if (colon != std::string::npos && (!v6 || entry[colon - 1] == ']')) {
    if (entry.substr(colon + 1) != std::to_string(target.port)) return false;
    entry.resize(colon);
  }
  if (entry.size() > 1 && entry.front() == '[' && entry.back() == ']') entry = entry.substr(1, entry.size() - 2);
  if (const auto address = AddressOf(entry)) return AddressOf(target.host) == address;
  if (entry.starts_with("*.")) entry.erase(0, 1);
  const std::string suffix = entry.front() == '.' ? entry : "." + entry;
  // "example.com" covers itself and what is below it; ".example.com" only what is below.
  return target.host.ends_with(suffix) || (entry.front() != '.' && target.host == entry);
}

bool Excluded(const std::string& no_proxy, const Url& target) {
  if (IsLoopback(target.host)) return true;
  std::size_t at = 0;
  while (at < no_proxy.size()) {
    const std::size_t end = std::min(no_proxy.find(',', at), no_proxy.size());
    std::string entry = ToLowerAscii(no_proxy.substr(at, end - at));
    at = end + 1;
    entry.erase(0, std::min(entry.find_first_not_of(" \t"), entry.size()));
    entry.erase(entry.find_last_not_of(" \t") + 1);
    if (!entry.empty() && Matches(std::move(entry), target)) return true;
  }
  return false;
}

std::string FromEnvironment(const char* upper, const char* lower) {
  for (const char* name : {upper, lower}) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

}  // namespace

Result<std::optional<Url>> ProxyFor(const ProxySettings& settings, const Url& target) {
  std::string text = settings.url;
  if (settings.from_environment) {
    text = target.scheme == "https" ? FromEnvironment("HTTPS_PROXY", "https_proxy")
                                    : FromEnvironment("HTTP_PROXY", "http_proxy");
    if (Excluded(FromEnvironment("NO_PROXY", "no_proxy"), target)) text.clear();
  } else if (!settings.no_proxy.empty() && Excluded(settings.no_proxy, target)) {
    text.clear();
  }
  if (text.empty()) return std::optional<Url>();
  if (text.find("://") == std::string::npos) text = "http://" + text;
  Result<Url> url = ParseUrl(text);
  if (!url.ok()) return url.status().WithPrefix("bad proxy");
  if (url->scheme != "http") {
    return InvalidArgument("bad proxy " + RedactedUrl(*url) + ": only http:// proxies are supported");
  }
  return std::optional<Url>(std::move(*url));
}

}  // namespace cachescope::http
