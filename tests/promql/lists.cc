#include "lists.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace cachescope::promqltest {
namespace {

std::string Path(const std::string& folder, const std::string& name, const std::string& store) {
  return folder + '/' + name + (store == "memory" ? "" : '_' + store) + ".txt";
}

}  // namespace

Result<Lists> ReadLists(const std::string& folder, const std::string& store) {
  Lists out;
  std::string line;
  std::ifstream passing(Path(folder, "passing", store));
  while (std::getline(passing, line)) {
    std::istringstream fields(line);
    std::string file;
    int count = 0;
    if (fields >> file >> count) out.passing[file] = count;
  }
  std::ifstream failing(Path(folder, "failing", store));
  while (std::getline(failing, line)) {
    const std::size_t colon = line.find(':');
    if (line.empty() || line[0] == '#') continue;
    if (colon == std::string::npos) return InvalidArgument("cannot read failing.txt: " + line);
    const std::size_t blank = std::min(line.find(' ', colon), line.size());
    const int number = std::atoi(line.substr(colon + 1, blank - colon - 1).c_str());
    if (number <= 0) return InvalidArgument("cannot read failing.txt: " + line);
    out.failing[line.substr(0, colon)][number] = blank < line.size() ? line.substr(blank + 1) : "";
  }
  return out;
}

Status WriteLists(const std::string& folder, const std::string& store, const Lists& lists) {
  std::ofstream passing(Path(folder, "passing", store));
  for (const auto& [file, count] : lists.passing) passing << file << ' ' << count << '\n';
  std::ofstream failing(Path(folder, "failing", store));
  for (const auto& [file, evals] : lists.failing) {
    for (const auto& [line, reason] : evals) failing << file << ':' << line << ' ' << reason << '\n';
  }
  if (!passing.flush() || !failing.flush()) return IoError("cannot write lists: " + folder);
  return {};
}

}  // namespace cachescope::promqltest
