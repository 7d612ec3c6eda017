// EndpointNormalizer: turns the path of a request into one of few endpoints, so that ids do not become label values.
//
//   /datasets/wiki-2024/vectors/17?k=5     /datasets/{id}/vectors/{id}
//
// In this order:
//   1. scheme, authority, query and fragment go; empty segments and a slash at the end go
//   2. a route template that fits is the answer: segments in braces fit any one segment, a last "{name*}" fits the
//   rest;
//      the first template that fits wins
//   3. otherwise the segment after the name of a collection becomes {id}
//   4. and so does every segment that looks like an id: digits (with dashes, dots, colons: dates, addresses), a UUID,
//      eight or more hexadecimal digits of which one is a digit, a word with an id behind '-' or '_' (user_1234), 20 or
//      more letters and digits with three digits among them, anything with '@' or '%', anything above 64 bytes
//   5. beyond max_segments segments the rest becomes {rest}
// What is left is bounded by TenantBounds::max_endpoints.
//
// Thread-safe; Normalize does not throw or allocate: some 100 ns without templates.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachescope::kits {

/// Longest endpoint in bytes; longer ones are cut after a segment and get {rest}.
inline constexpr std::size_t kMaxEndpointBytes = 256;

struct EndpointOptions {
  /// "/datasets/{dataset_id}/search". At most 1000; further ones are ignored.
  std::vector<std::string> templates = {};
  /// Segments whose next segment is an id.
  std::vector<std::string> collections = {"datasets", "vectors", "backups", "tenants"};
  /// 1 to 32.
  std::size_t max_segments = 8;
};

class EndpointNormalizer {
 public:
  explicit EndpointNormalizer(const EndpointOptions& options = {});

  /// The endpoint: a view of a template or of `buffer`.
  std::string_view Normalize(std::string_view target, std::span<char, kMaxEndpointBytes> buffer) const noexcept;

 private:
  struct Template {
    std::string text;
    std::vector<std::string> segments;
  };

  const Template* FindTemplate(std::span<const std::string_view> segments) const noexcept;
  bool IsCollection(std::string_view segment) const noexcept;

  std::vector<Template> templates_;
  std::vector<std::string> collections_;
  std::size_t max_segments_;
};

}  // namespace cachescope::kits
