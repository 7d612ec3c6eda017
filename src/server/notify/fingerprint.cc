#include "server/notify/fingerprint.h"

#include <charconv>
#include <cstdio>

namespace cachescope::notify {
namespace {

constexpr std::uint64_t kOffset = 14695981039346656037ULL;
constexpr std::uint64_t kPrime = 1099511628211ULL;
constexpr unsigned char kSeparator = 0xff;

std::uint64_t Add(std::uint64_t hash, std::string_view text) noexcept {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  return (hash ^ kSeparator) * kPrime;
}

}  // namespace

Fingerprint FingerprintOf(const Labels& labels) noexcept {
  std::uint64_t hash = kOffset;
  for (const LabelView& label : labels) hash = Add(Add(hash, label.name), label.value);
  return hash;
}

std::string FingerprintText(Fingerprint fingerprint) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(fingerprint));
  return text;
}

std::optional<Fingerprint> ParseFingerprint(std::string_view text) noexcept {
  Fingerprint out = 0;
  if (text.size() != 16) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace cachescope::notify
