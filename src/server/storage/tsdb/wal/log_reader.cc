#include "server/storage/tsdb/wal/log_reader.h"

#include <algorithm>

#include "base/coding.h"
#include "base/crc32c.h"

namespace cachescope::tsdb {
namespace {

bool AllZero(std::span<const std::uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

}  // namespace

LogReader::Step LogReader::NextFragment(Fragment* fragment) {
  if (position_ >= segment_.size()) return Step::kEnd;
  const std::size_t page_end = std::min(segment_.size(), (position_ / kLogPageBytes + 1) * kLogPageBytes);
  const auto page = segment_.subspan(position_, page_end - position_);
  if (page.front() == 0) {
    // The rest of a page is zeros or somebody wrote over it.
    if (!AllZero(page)) {
      SkipPage("bytes follow the end of a page");
      return Step::kDamaged;
    }
    position_ = page_end;
    return Step::kPageDone;
  }
  ByteReader reader(page);
  const std::uint8_t head = reader.Byte();
  const auto type = static_cast<FragmentType>(head & kFragmentTypeMask);
  const std::size_t size = static_cast<std::size_t>(reader.Byte()) << 8 | reader.Byte();
  const std::uint32_t sum = reader.Be32();
  const std::string_view data = reader.Text(size);
  const char* cause = nullptr;
  if (!reader.ok()) {
    cause = "a fragment is cut off";
  } else if (type > FragmentType::kLast || (head & ~(kFragmentTypeMask | kSnappyFlag | kZstdFlag)) != 0) {
    cause = "a fragment has an unknown type";
  } else if (Crc32c(data) != sum) {
    cause = "a fragment has a wrong checksum";
  }
  if (cause != nullptr) {
    SkipPage(cause);
    return Step::kDamaged;
  }
  position_ += kFragmentHeaderBytes + size;
  *fragment = {type, head, data};
  return Step::kFragment;
}

void LogReader::SkipPage(std::string cause) {
  damage_.push_back({position_, std::move(cause), false});
  position_ = std::min(segment_.size(), (position_ / kLogPageBytes + 1) * kLogPageBytes);
  resyncing_ = true;
}

bool LogReader::Next(std::string_view* record) {
  Fragment fragment;
  parts_.clear();
  bool open = false;
  while (true) {
    const std::size_t start = position_;
    const Step step = NextFragment(&fragment);
    if (step == Step::kEnd) break;
    if (step == Step::kPageDone) continue;
    if (step == Step::kDamaged) {
      open = false;
      parts_.clear();
      continue;
    }
    const bool begins = fragment.type == FragmentType::kFull || fragment.type == FragmentType::kFirst;
    if (begins == open) {
      // A beginning inside a record, or a continuation of none.
      if (!resyncing_) damage_.push_back({start, "a record has no end or no beginning", false});
      parts_.clear();
      open = false;
      if (!begins) continue;
    }
    resyncing_ = false;
    parts_.append(fragment.data);
    open = fragment.type == FragmentType::kFirst || fragment.type == FragmentType::kMiddle;
    if (open) continue;
    if (const Status status = DecompressRecord(fragment.flags, parts_, &record_); !status.ok()) {
      damage_.push_back({start, std::string(status.message()), false});
      parts_.clear();
      continue;
    }
    good_end_ = position_;
    *record = record_;
    return true;
  }
  if (open) damage_.push_back({good_end_, "the last record is cut off", true});
  // Damage behind the last good record is a torn end.
  for (LogDamage& damage : damage_) damage.at_end = damage.at_end || damage.position >= good_end_;
  return false;
}

}  // namespace cachescope::tsdb
