// Type, help and unit of the families one target exposes. One writer (the target's loop), any number of readers.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/sample.h"

namespace cachescope::collect {

class MetadataStore {
 public:
  static constexpr std::size_t kMaxFamilies = 10'000;
  static constexpr std::size_t kMaxHelpBytes = 4 << 10;  // longer help is cut at a character

  // Writer only. A family written twice in one round keeps what the later call leaves empty. Returns false at the
  // bound.
  void BeginRound();
  bool Set(std::string_view family, MetricType type, std::string_view help, std::string_view unit);
  // After a good round: forgets families that were not set in it.
  void EndRound();

  // Thread-safe. Sorted by name.
  std::vector<std::pair<std::string, MetricMetadata>> All() const;
  // False when unknown.
  bool Get(std::string_view family, MetricMetadata* out) const;

 private:
  struct Item {
    MetricMetadata metadata;
    std::uint64_t round = 0;  // writer only
  };
  mutable std::mutex mutex_;  // held to change and to read from other threads
  std::map<std::string, Item, std::less<>> items_;
  std::uint64_t round_ = 0;
  std::size_t seen_ = 0;
};

}  // namespace cachescope::collect
