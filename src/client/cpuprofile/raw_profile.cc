#include "client/cpuprofile/raw_profile.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace cachescope::client {
namespace {

constexpr std::size_t kWordBytes = 8;
// What gperftools can record is 254; a record that says much more is not one.
constexpr std::uint64_t kMaxDepth = 4096;

class Words {
 public:
  explicit Words(std::string_view bytes) : bytes_(bytes) {}
  std::size_t size() const noexcept { return bytes_.size() / kWordBytes; }
  std::uint64_t operator[](std::size_t i) const noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes_.data() + i * kWordBytes, kWordBytes);
    return word;
  }

 private:
  std::string_view bytes_;
};

std::string_view NextField(std::string_view* line) noexcept {
  const std::size_t start = std::min(line->find_first_not_of(' '), line->size());
  line->remove_prefix(start);
  const std::string_view field = line->substr(0, line->find(' '));
  line->remove_prefix(field.size());
  return field;
}

bool ReadHex(std::string_view text, std::uint64_t* out) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out, 16);
  return error == std::errc() && end == text.data() + text.size();
}

bool ReadMapping(std::string_view line, Mapping* out) {
  const std::string_view range = NextField(&line);
  const std::string_view rights = NextField(&line);
  const std::string_view offset = NextField(&line);
  NextField(&line);  // device
  NextField(&line);  // inode
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos || rights.find('x') == std::string_view::npos) return false;
  if (!ReadHex(range.substr(0, dash), &out->start) || !ReadHex(range.substr(dash + 1), &out->limit)) return false;
  if (!ReadHex(offset, &out->offset) || out->limit <= out->start) return false;
  out->file = line.substr(std::min(line.find_first_not_of(' '), line.size()));
  return true;
}

}  // namespace

bool ReadRawProfile(std::string_view bytes, RawProfile* out, std::string* cause) {
  const Words words(bytes);
  // Header: a zero, the number of header words that follow, the version, the period, padding.
  if (words.size() < 5 || words[0] != 0 || words[1] < 3 || words[1] > words.size() - 2) {
    *cause = "it has no header";
    return false;
  }
  if (words[2] != 0) {
    *cause = "its version is " + std::to_string(words[2]) + ", not 0";
    return false;
  }
  out->period_microseconds = words[3];
  std::size_t at = 2 + static_cast<std::size_t>(words[1]);
  while (at + 2 <= words.size()) {
    const std::uint64_t count = words[at];
    const std::uint64_t depth = words[at + 1];
    if (depth == 0 || depth > kMaxDepth) {
      *cause = "a stack of " + std::to_string(depth) + " frames";
      return false;
    }
    const std::size_t end = at + 2 + static_cast<std::size_t>(depth);
    if (end > words.size()) break;
    if (count == 0 && depth == 1 && words[at + 2] == 0) {
      out->maps = bytes.substr(end * kWordBytes);
      break;
    }
    RawSample sample{.count = count};
    for (std::size_t i = at + 2; i < end; ++i) sample.addresses.push_back(words[i]);
    out->samples.push_back(std::move(sample));
    at = end;
  }
  return true;
}

std::vector<Mapping> ReadMappings(std::string_view maps) {
  std::vector<Mapping> mappings;
  while (!maps.empty()) {
    const std::string_view line = maps.substr(0, maps.find('\n'));
    maps.remove_prefix(std::min(line.size() + 1, maps.size()));
    Mapping mapping;
    if (ReadMapping(line, &mapping)) mappings.push_back(std::move(mapping));
  }
  return mappings;
}

const Mapping* FindMapping(const std::vector<Mapping>& mappings, std::uint64_t address) noexcept {
  for (const Mapping& mapping : mappings) {
    if (mapping.start <= address && address < mapping.limit) return &mapping;
  }
  return nullptr;
}

}  // namespace cachescope::client
