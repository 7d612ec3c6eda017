#include "cachescope/kits/http_endpoint.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace cachescope::kits {
namespace {

constexpr std::size_t kMaxTemplates = 1000;
constexpr std::size_t kMaxSegments = 32;
constexpr std::string_view kId = "{id}";
constexpr std::string_view kRest = "{rest}";

using Segments = std::array<std::string_view, kMaxSegments + 1>;

// Kinds of characters, as bits, so that one pass over a segment tells all that matters.
enum Kind : std::uint8_t {
  kDigit = 1,
  kHex = 2,      // digits included
  kNumeric = 4,  // what dates, times, versions and addresses are made of
  kToken = 8,    // what ids in base 32, 36, 62 or 64 are made of
  kPlain = 16,   // can stand in an endpoint as it is
  kEscape = 32,  // '@' and '%'
  kJoint = 64,   // '-' and '_'
};

constexpr std::uint8_t KindOf(int c) noexcept {
  const bool digit = c >= '0' && c <= '9';
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  const bool hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  const bool joint = c == '-' || c == '_';
  const bool numeric = digit || c == '-' || c == '.' || c == ':' || c == 'T' || c == 'Z';
  const bool plain = c > 0x20 && c < 0x7F && c != '"';
  return static_cast<std::uint8_t>((digit ? kDigit : 0) | (hex ? kHex : 0) | (numeric ? kNumeric : 0) |
                                   (digit || letter || joint || c == '=' ? kToken : 0) | (plain ? kPlain : 0) |
                                   (c == '@' || c == '%' ? kEscape : 0) | (joint ? kJoint : 0));
}

constexpr auto kKinds = [] {
  std::array<std::uint8_t, 256> kinds = {};
  for (int c = 0; c < 256; ++c) kinds[static_cast<std::size_t>(c)] = KindOf(c);
  return kinds;
}();

struct Shape {
  std::uint8_t every = 0xFF;  // kinds that all characters are of
  std::uint8_t any = 0;       // kinds that some character is of
  std::size_t digits = 0;
};

Shape ShapeOf(std::string_view text) noexcept {
  Shape shape;
  for (const char c : text) {
    const std::uint8_t kind = kKinds[static_cast<unsigned char>(c)];
    shape.every &= kind;
    shape.any |= kind;
    shape.digits += kind & kDigit;
  }
  return shape;
}

bool IsUuid(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : (kKinds[static_cast<unsigned char>(text[i])] & kHex) == 0) return false;
  }
  return text.size() == 36;
}

bool IsHexId(std::string_view text, const Shape& shape) noexcept {
  return text.size() >= 8 && (shape.every & kHex) != 0 && shape.digits > 0;
}

// user_1234, order-9f86d081: a word, '-' or '_', and an id of three digits or more.
bool IsWordWithId(std::string_view text) noexcept {
  const std::size_t at = text.find_last_of("-_");
  if (at == std::string_view::npos || at == 0) return false;
  const std::string_view id = text.substr(at + 1);
  const Shape shape = ShapeOf(id);
  return IsHexId(id, shape) || (id.size() >= 3 && shape.digits == id.size());
}

// Also what could not stand in an endpoint.
bool LooksLikeId(std::string_view text) noexcept {
  if (text.size() > 64) return true;
  const Shape shape = ShapeOf(text);
  if ((shape.every & kPlain) == 0 || (shape.any & kEscape) != 0) return true;
  if (shape.digits == 0) return false;  // every kind of id has one
  const bool starts_with_digit = (kKinds[static_cast<unsigned char>(text[0])] & kDigit) != 0;
  if ((shape.every & kNumeric) != 0 && starts_with_digit) return true;
  if (IsHexId(text, shape)) return true;
  if (text.size() >= 20 && shape.digits >= 3 && (shape.every & kToken) != 0) return true;
  return (shape.any & kJoint) != 0 && (IsWordWithId(text) || IsUuid(text));
}

// The path alone: "http://host/a?b#c" is "/a".
std::string_view PathOf(std::string_view target) noexcept {
  std::size_t end = 0;
  while (end < target.size() && target[end] != '?' && target[end] != '#') ++end;
  target = target.substr(0, end);
  if (target.starts_with('/') || target == "*") return target;
  const std::size_t authority = target.find("://");
  if (authority == std::string_view::npos) return target;
  const std::size_t path = target.find('/', authority + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

// At most kMaxSegments + 1 of them: more do not matter.
std::size_t Split(std::string_view path, Segments* out) noexcept {
  std::size_t count = 0;
  while (!path.empty() && count < out->size()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) (*out)[count++] = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return count;
}

bool IsVariable(std::string_view segment) noexcept { return segment.starts_with('{') && segment.ends_with('}'); }
bool IsRest(std::string_view segment) noexcept { return IsVariable(segment) && segment.ends_with("*}"); }

}  // namespace

EndpointNormalizer::EndpointNormalizer(const EndpointOptions& options)
    : collections_(options.collections), max_segments_(std::clamp<std::size_t>(options.max_segments, 1, kMaxSegments)) {
  for (const std::string& text : options.templates) {
    if (templates_.size() == kMaxTemplates) break;
    Segments segments;
    const std::size_t count = Split(text, &segments);
    Template added{count == 0 ? "/" : text, {}};
    for (std::size_t i = 0; i < count; ++i) added.segments.emplace_back(segments[i]);
    templates_.push_back(std::move(added));
  }
}

const EndpointNormalizer::Template* EndpointNormalizer::FindTemplate(
    std::span<const std::string_view> segments) const noexcept {
  for (const Template& candidate : templates_) {
    const std::vector<std::string>& wanted = candidate.segments;
    const bool rest = !wanted.empty() && IsRest(wanted.back());
    if (rest ? segments.size() < wanted.size() : segments.size() != wanted.size()) continue;
    const std::size_t fixed = rest ? wanted.size() - 1 : wanted.size();
    bool fits = true;
    for (std::size_t i = 0; i < fixed && fits; ++i) fits = wanted[i] == segments[i] || IsVariable(wanted[i]);
    if (fits) return &candidate;
  }
  return nullptr;
}

bool EndpointNormalizer::IsCollection(std::string_view segment) const noexcept {
  return std::find(collections_.begin(), collections_.end(), segment) != collections_.end();
}

std::string_view EndpointNormalizer::Normalize(std::string_view target,
                                               std::span<char, kMaxEndpointBytes> buffer) const noexcept {
  const std::string_view path = PathOf(target);
  if (path == "*") return "*";
  Segments segments;
  const std::size_t count = Split(path, &segments);
  if (const Template* found = FindTemplate({segments.data(), count})) return found->text;
  if (count == 0) return "/";
  std::size_t size = 0;
  const auto append = [&](std::string_view text) {
    buffer[size++] = '/';
    std::memcpy(buffer.data() + size, text.data(), text.size());
    size += text.size();
  };
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view segment = segments[i];
    if ((i > 0 && IsCollection(segments[i - 1])) || LooksLikeId(segment)) segment = kId;
    const bool fits = size + 1 + segment.size() + 1 + kRest.size() <= buffer.size();
    if (i >= max_segments_ || !fits) {
      append(kRest);
      break;
    }
    append(segment);
  }
  return {buffer.data(), size};
}

}  // namespace cachescope::kits
