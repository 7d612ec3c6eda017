// Time zones from the machine's zone files (TZif, RFC 8536), with the rule at their end for times after the last
// transition (POSIX TZ, RFC 8536 section 3.3.1).
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <vector>

#include "server/template/go_time.h"

namespace cachescope::templating {

// One change of the offset: "the second Sunday in March at 02:00".
struct ZoneRule {
  char kind = 'M';  // 'M' month.week.day, 'J' day 1..365 without leap days, 'D' day 0..365
  int month = 0;
  int week = 0;
  int day = 0;
  int seconds = 7200;  // after local midnight
};

class Zone {
 public:
  struct Transition {
    std::int64_t at = 0;
    std::size_t type = 0;
  };
  std::vector<ZoneOffset> types;  // never empty
  std::vector<Transition> transitions;
  std::size_t first_type = 0;  // before the first transition
  // What holds after the last transition.
  bool has_rule = false;
  bool has_summer = false;
  ZoneOffset standard;
  ZoneOffset summer;
  ZoneRule begin;
  ZoneRule end;
};

namespace {

// Zone files are a few kilobytes; a larger one is not a zone file.
constexpr std::size_t kMaxZoneBytes = 256 << 10;

class RuleParser {
 public:
  RuleParser(std::string_view text, Zone* out) : text_(text), out_(out) {}

  bool Run() {
    if (!Name(&out_->standard.name) || !Seconds(&out_->standard.seconds)) return false;
    out_->standard.seconds = -out_->standard.seconds;
    out_->has_rule = true;
    if (text_.empty()) return true;
    out_->summer.seconds = out_->standard.seconds + 3600;
    if (!Name(&out_->summer.name)) return false;
    if (!text_.empty() && text_.front() != ',') {
      if (!Seconds(&out_->summer.seconds)) return false;
      out_->summer.seconds = -out_->summer.seconds;
    }
    out_->has_summer = Take(',') && Rule(&out_->begin) && Take(',') && Rule(&out_->end) && text_.empty();
    return out_->has_summer;
  }

 private:
  bool Take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  bool Name(std::string* out) {
    const bool quoted = Take('<');
    std::size_t n = 0;
    while (n < text_.size() && (quoted ? text_[n] != '>' : std::isalpha(static_cast<unsigned char>(text_[n])) != 0))
      ++n;
    *out = text_.substr(0, n);
    text_.remove_prefix(n);
    return n > 0 && (!quoted || Take('>'));
  }

  bool Number(int max, int* out) {
    *out = 0;
    std::size_t n = 0;
    for (; n < text_.size() && text_[n] >= '0' && text_[n] <= '9' && *out <= max; ++n)
      *out = *out * 10 + (text_[n] - '0');
    text_.remove_prefix(n);
    return n > 0 && *out <= max;
  }

  bool Seconds(int* out) {
    const int sign = Take('-') ? -1 : (Take('+'), 1);
    int hours = 0, minutes = 0, seconds = 0;
    if (!Number(167, &hours)) return false;
    if (Take(':') && !Number(59, &minutes)) return false;
    if (Take(':') && !Number(59, &seconds)) return false;
    *out = sign * (hours * 3600 + minutes * 60 + seconds);
    return true;
  }

  bool Rule(ZoneRule* out) {
    if (Take('M')) {
      if (!Number(12, &out->month) || out->month == 0 || !Take('.') || !Number(5, &out->week) || out->week == 0 ||
          !Take('.') || !Number(6, &out->day))
        return false;
    } else {
      out->kind = Take('J') ? 'J' : 'D';
      if (!Number(365, &out->day)) return false;
    }
    return !Take('/') || Seconds(&out->seconds);
  }

  std::string_view text_;
  Zone* out_;
};

bool IsLeap(std::int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

// Seconds from the first of January, local time, at which the rule applies.
std::int64_t RuleSeconds(const ZoneRule& rule, std::int64_t year) {
  const std::int64_t start = FromCivil(year, 1, 1, 0, 0, 0);
  std::int64_t days = rule.day;
  if (rule.kind == 'J') {
    days = rule.day - 1 + (IsLeap(year) && rule.day >= 60 ? 1 : 0);
  } else if (rule.kind == 'M') {
    const std::int64_t first = FromCivil(year, rule.month, 1, 0, 0, 0);
    const std::int64_t next = FromCivil(year, rule.month + 1, 1, 0, 0, 0);
    const int weekday = ToCivil(Time{first, 0, nullptr}).weekday;
    std::int64_t day = (rule.day - weekday + 7) % 7 + (rule.week - 1) * 7;
    if (day >= (next - first) / 86400) day -= 7;
    days = (first - start) / 86400 + day;
  }
  return days * 86400 + rule.seconds;
}

const ZoneOffset& OffsetByRule(const Zone& zone, std::int64_t t) {
  if (!zone.has_summer) return zone.standard;
  const std::int64_t year = ToCivil(Time{t + zone.standard.seconds, 0, nullptr}).year;
  const std::int64_t start = FromCivil(year, 1, 1, 0, 0, 0);
  const std::int64_t summer_begins = start + RuleSeconds(zone.begin, year) - zone.standard.seconds;
  const std::int64_t summer_ends = start + RuleSeconds(zone.end, year) - zone.summer.seconds;
  const bool northern = summer_begins < summer_ends;
  const bool summer = northern ? t >= summer_begins && t < summer_ends : t >= summer_begins || t < summer_ends;
  return summer ? zone.summer : zone.standard;
}

class FileParser {
 public:
  explicit FileParser(std::string_view bytes) : bytes_(bytes) {}

  bool Run(Zone* out) {
    std::size_t time_size = 4;
    if (!Header()) return false;
    if (version_ >= 2) {
      // The second body holds the same with 64-bit times.
      if (!Skip(BodySize(4)) || !Header()) return false;
      time_size = 8;
    }
    if (types_ == 0 || bytes_.size() - at_ < BodySize(time_size)) return false;
    Body(time_size, out);
    if (version_ < 2) return !out->types.empty();
    std::string_view footer = bytes_.substr(at_);
    if (footer.size() >= 2 && footer.front() == '\n') {
      footer = footer.substr(1, footer.find('\n', 1) - 1);
      if (!footer.empty() && !RuleParser(footer, out).Run()) out->has_rule = false;
    }
    return !out->types.empty();
  }

 private:
  bool Skip(std::size_t n) {
    if (bytes_.size() - at_ < n) return false;
    at_ += n;
    return true;
  }

  std::uint64_t Big(std::size_t size) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < size; ++i) out = out << 8 | static_cast<unsigned char>(bytes_[at_ + i]);
    at_ += size;
    return out;
  }

  bool Header() {
    if (bytes_.size() - at_ < 44 || bytes_.substr(at_, 4) != "TZif") return false;
    version_ = bytes_[at_ + 4] >= '2' ? bytes_[at_ + 4] - '0' : 1;
    at_ += 20;
    utc_flags_ = Big(4);
    standard_flags_ = Big(4);
    leaps_ = Big(4);
    times_ = Big(4);
    types_ = Big(4);
    chars_ = Big(4);
    return std::max({utc_flags_, standard_flags_, leaps_, times_, types_, chars_}) <= kMaxZoneBytes;
  }

  std::size_t BodySize(std::size_t time_size) const {
    return times_ * (time_size + 1) + types_ * 6 + chars_ + leaps_ * (time_size + 4) + standard_flags_ + utc_flags_;
  }

  void Body(std::size_t time_size, Zone* out) {
    const std::size_t end = at_ + BodySize(time_size);
    for (std::uint64_t i = 0; i < times_; ++i) {
      const std::uint64_t raw = Big(time_size);
      out->transitions.push_back(
          {time_size == 8 ? static_cast<std::int64_t>(raw) : static_cast<std::int32_t>(static_cast<std::uint32_t>(raw)),
           0});
    }
    for (auto& transition : out->transitions) transition.type = Big(1);
    const std::string_view names = bytes_.substr(at_ + types_ * 6, chars_);
    bool found_standard = false;
    for (std::uint64_t i = 0; i < types_; ++i) {
      ZoneOffset type;
      type.seconds = static_cast<std::int32_t>(static_cast<std::uint32_t>(Big(4)));
      const bool summer = Big(1) != 0;
      const std::size_t name = Big(1);
      if (name < names.size()) type.name = names.substr(name, names.find('\0', name) - name);
      // Far outside what zones have: a damaged file.
      if (type.seconds < -93600 || type.seconds > 93600) type.seconds = 0;
      if (!summer && !found_standard) out->first_type = out->types.size();
      found_standard = found_standard || !summer;
      out->types.push_back(std::move(type));
    }
    for (auto& transition : out->transitions) {
      if (transition.type >= out->types.size()) transition.type = 0;
    }
    std::sort(out->transitions.begin(), out->transitions.end(),
              [](const auto& a, const auto& b) { return a.at < b.at; });
    at_ = end;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  int version_ = 1;
  std::uint64_t utc_flags_ = 0, standard_flags_ = 0, leaps_ = 0, times_ = 0, types_ = 0, chars_ = 0;
};

Result<std::shared_ptr<const Zone>> ReadZone(const std::string& path, std::string_view name) {
  struct stat info {};
  const Status unknown = NotFound("unknown time zone " + std::string(name));
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > static_cast<off_t>(kMaxZoneBytes))
    return unknown;
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  auto zone = std::make_shared<Zone>();
  if (!FileParser(bytes).Run(zone.get())) return unknown;
  return std::shared_ptr<const Zone>(std::move(zone));
}

bool IsZoneName(std::string_view name) {
  if (name.size() > 64 || name.front() == '/' || name.find("..") != std::string_view::npos) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("/_+-.").find(c) != std::string_view::npos;
  });
}

}  // namespace

ZoneOffset OffsetAt(const Zone& zone, std::int64_t unix_seconds) {
  const auto next =
      std::upper_bound(zone.transitions.begin(), zone.transitions.end(), unix_seconds,
                       [](std::int64_t t, const Zone::Transition& transition) { return t < transition.at; });
  if (next == zone.transitions.end() && zone.has_rule) return OffsetByRule(zone, unix_seconds);
  if (next == zone.transitions.begin()) return zone.types[zone.first_type];
  return zone.types[std::prev(next)->type];
}

std::shared_ptr<const Zone> FixedZone(int offset_seconds, std::string name) {
  auto zone = std::make_shared<Zone>();
  zone->types.push_back({offset_seconds, std::move(name)});
  return zone;
}

Result<std::shared_ptr<const Zone>> LoadZone(std::string_view name) {
  if (name.empty() || name == "UTC") return std::shared_ptr<const Zone>();
  if (!IsZoneName(name)) return InvalidArgument("time: invalid location name");
  static std::mutex mu;
  static auto& zones = *new std::map<std::string, std::shared_ptr<const Zone>, std::less<>>();
  const std::lock_guard lock(mu);
  if (const auto found = zones.find(name); found != zones.end()) return found->second;
  const std::string path = name == "Local" ? "/etc/localtime" : "/usr/share/zoneinfo/" + std::string(name);
  auto zone = ReadZone(path, name);
  if (!zone.ok() && name == "Local") zone = FixedZone(0, "UTC");
  // Only zones that exist are kept, so the map is as large as the machine's zone directory at most.
  if (zone.ok()) zones.emplace(std::string(name), *zone);
  return zone;
}

}  // namespace cachescope::templating
