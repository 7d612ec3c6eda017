// What the blocks of the guide take for granted, by the namespaces that check_snippets puts them in. What stands here a
// reader has; everything else, includes too, a block must bring itself.
#pragma once

#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cachescope/caches/lru_map.h"
#include "cachescope/cachescope.h"

namespace instrument_2 {
inline cachescope::Registry registry;
}
namespace instrument_3 {
inline cachescope::Registry registry;
inline auto latency = registry.Histogram({.name = "l", .labels = {"endpoint", "status"}});
}  // namespace instrument_3
namespace instrument_4 {
inline cachescope::Registry registry;
}

namespace caches_1 {
struct User {
  std::string name;
};
struct Users {
  std::optional<User> get(int) { return User{"Ada"}; }
  void set(int, User) {}
  bool erase(int) { return true; }
};
inline Users my_cache;
}  // namespace caches_1
namespace caches_2 {
struct User {};
struct OddCache {
  std::optional<User> Fetch(int) { return User{}; }
};
}  // namespace caches_2
namespace caches_3 {
namespace caches = cachescope::caches;
using Map = caches::LruMap<int, std::string>;
inline cachescope::Registry registry;
inline Map memory, disk, answers;
inline auto users = caches::Instrument(registry, {.name = "users"}, memory);
inline auto l1 = caches::Instrument(registry, {.name = "users", .tier = "l1"}, memory);
inline auto l2 = caches::Instrument(registry, {.name = "users", .tier = "l2"}, disk);
}  // namespace caches_3
namespace caches_4 {
namespace caches = cachescope::caches;
inline cachescope::Registry registry;
inline caches::LruMap<int, std::string> my_cache;
inline constexpr int key = 42;
inline constexpr unsigned long hash = 42;
inline std::vector<caches::AccessSample> samples;
}  // namespace caches_4

namespace kits_1 {
inline constexpr double best_similarity = 0.9, seconds = 0.1, bytes = 1e6;
inline constexpr std::size_t texts = 32;
}  // namespace kits_1
namespace kits_2 {
namespace kits = cachescope::kits;
}
namespace kits_3 {
namespace kits = cachescope::kits;
inline cachescope::Registry registry;
inline constexpr std::size_t request_bytes = 10, response_bytes = 100;
struct Headers final : kits::HttpHeaders {
  std::string_view Find(std::string_view) const noexcept override { return {}; }
};
inline const Headers headers;
}  // namespace kits_3
namespace kits_4 {
namespace kits = cachescope::kits;
inline cachescope::Registry registry;
inline constexpr bool found = true;
inline constexpr double seconds = 0.1;
}  // namespace kits_4

namespace export_2 {
inline cachescope::Registry registry;
inline void Send(const std::string&) {}
}  // namespace export_2

namespace profile_2 {
inline cachescope::Registry registry;
inline double hits, misses, entries, bytes, limit;
}  // namespace profile_2
namespace profile_3 {
inline void Work() {}
}  // namespace profile_3
