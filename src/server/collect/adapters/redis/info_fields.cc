#include "server/collect/adapters/redis/info_fields.h"

#include <algorithm>
#include <charconv>

namespace cachescope::collect::redis {

std::optional<double> ParseNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> ParseFieldValue(std::string_view text) {
  if (text == "ok" || text == "true") return 1;
  if (text == "err" || text == "fail" || text == "false") return 0;
  return ParseNumber(text);
}

std::string_view Take(std::string_view* text, char separator) {
  const std::size_t at = text->find(separator);
  const std::string_view part = text->substr(0, at);
  text->remove_prefix(at == std::string_view::npos ? text->size() : at + 1);
  return part;
}

std::string_view TakeLine(std::string_view* text) {
  std::string_view line = Take(text, '\n');
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::optional<std::string_view> Find(std::string_view list, std::string_view key) {
  while (!list.empty()) {
    std::string_view pair = Take(&list, ',');
    if (Take(&pair, '=') == key) return pair;
  }
  return std::nullopt;
}

std::optional<double> FindNumber(std::string_view list, std::string_view key) {
  const std::optional<std::string_view> text = Find(list, key);
  return text ? ParseNumber(*text) : std::nullopt;
}

bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace cachescope::collect::redis
