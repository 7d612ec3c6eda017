// LogReader reads the records of one segment of a write-ahead log. Damage costs the records with bytes in it: reading
// goes on at the next page that parses. Segments do not depend on each other, so several may be read at once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/storage/tsdb/wal/log_format.h"

namespace cachescope::tsdb {

struct LogDamage {
  std::uint64_t position = 0;  // in the segment
  std::string cause;
  bool at_end = false;  // nothing readable follows: a write that was cut off
};

class LogReader {
 public:
  // `segment` outlives the reader.
  explicit LogReader(std::span<const std::uint8_t> segment) : segment_(segment) {}

  // False at the end. The view lives until the next call.
  bool Next(std::string_view* record);
  const std::vector<LogDamage>& damage() const noexcept { return damage_; }
  // One past the last record read: where a torn segment may be cut.
  std::uint64_t good_end() const noexcept { return good_end_; }

 private:
  struct Fragment {
    FragmentType type = FragmentType::kPageEnd;
    std::uint8_t flags = 0;
    std::string_view data;
  };
  enum class Step : std::uint8_t { kFragment, kPageDone, kEnd, kDamaged };

  Step NextFragment(Fragment* fragment);
  void SkipPage(std::string cause);

  const std::span<const std::uint8_t> segment_;
  std::size_t position_ = 0;
  std::uint64_t good_end_ = 0;
  bool resyncing_ = false;  // fragments of a record whose beginning is lost are passed over
  std::string parts_;
  std::string record_;
  std::vector<LogDamage> damage_;
};

}  // namespace cachescope::tsdb
