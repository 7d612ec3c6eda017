#include "server/rules/nearest.h"

#include <algorithm>

namespace cachescope::rules {
namespace {

constexpr std::size_t kLongest = 200;
constexpr std::size_t kShortestPart = 4;

bool OneHoldsTheOther(std::string_view a, std::string_view b) {
  const auto& [small, large] = a.size() < b.size() ? std::pair(a, b) : std::pair(b, a);
  return small.size() >= kShortestPart && large.find(small) != std::string_view::npos;
}

}  // namespace

std::size_t EditDistance(std::string_view a, std::string_view b, std::size_t most) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > most) return most + 1;
  std::vector<std::size_t> row(a.size() + 1);
  for (std::size_t i = 0; i <= a.size(); ++i) row[i] = i;
  for (std::size_t j = 1; j <= b.size(); ++j) {
    std::size_t diagonal = row[0];
    row[0] = j;
    std::size_t best = row[0];
    for (std::size_t i = 1; i <= a.size(); ++i) {
      const std::size_t replace = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[i];
      row[i] = std::min({row[i] + 1, row[i - 1] + 1, replace});
      best = std::min(best, row[i]);
    }
    if (best > most) return most + 1;
  }
  return std::min(row[a.size()], most + 1);
}

std::string NearestOf(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string* best = nullptr;
  std::size_t best_distance = SIZE_MAX;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongest || name.size() > kLongest || candidate == name) continue;
    std::size_t distance = 0;
    if (OneHoldsTheOther(name, candidate)) {
      const std::size_t longer = std::max(name.size(), candidate.size());
      distance = longer - std::min(name.size(), candidate.size());
    } else {
      const std::size_t most = std::max<std::size_t>(1, name.size() / 3);
      const std::size_t edits = EditDistance(name, candidate, most);
      if (edits > most) continue;
      distance = edits * 3;  // a part of a name is a better guess than a slip of the same length
    }
    if (distance >= best_distance) continue;
    best = &candidate;
    best_distance = distance;
  }
  return best == nullptr ? std::string() : *best;
}

}  // namespace cachescope::rules
