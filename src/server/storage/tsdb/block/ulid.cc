#include "server/storage/tsdb/block/ulid.h"

#include <random>

namespace cachescope::tsdb {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kLength = 26;
constexpr std::size_t kTimeLength = 10;

}  // namespace

std::string NewUlid(TimestampMs now) {
  thread_local std::random_device random;
  std::string out(kLength, '0');
  auto time = static_cast<std::uint64_t>(now);
  for (std::size_t i = kTimeLength; i-- > 0; time >>= 5) out[i] = kAlphabet[time & 31];
  for (std::size_t i = kTimeLength; i < kLength; ++i) out[i] = kAlphabet[random() & 31];
  return out;
}

bool IsUlid(std::string_view text) noexcept {
  return text.size() == kLength && text.find_first_not_of(kAlphabet) == std::string_view::npos && text[0] <= '7';
}

TimestampMs UlidTime(std::string_view text) noexcept {
  std::uint64_t time = 0;
  for (const char c : text.substr(0, kTimeLength)) time = time << 5 | kAlphabet.find(c);
  return static_cast<TimestampMs>(time);
}

}  // namespace cachescope::tsdb
