#include "lists.h"

#include <fstream>
#include <sstream>

namespace cachescope::promqltest {

Result<Lists> ReadLists(const std::string& folder) {
  Lists out;
  std::string line;
  std::ifstream passing(folder + "/passing.txt");
  while (std::getline(passing, line)) {
    std::istringstream fields(line);
    std::string file;
    int count = 0;
    if (fields >> file >> count) out.passing[file] = count;
  }
  std::ifstream failing(folder + "/failing.txt");
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

Status WriteLists(const std::string& folder, const Lists& lists) {
  std::ofstream passing(folder + "/passing.txt");
  for (const auto& [file, count] : lists.passing) passing << file << ' ' << count << '\n';
  std::ofstream failing(folder + "/failing.txt");
  for (const auto& [file, evals] : lists.failing) {
    for (const auto& [line, reason] : evals) failing << file << ':' << line << ' ' << reason << '\n';
  }
  if (!passing.flush() || !failing.flush()) return IoError("cannot write lists: " + folder);
  return {};
}

}  // namespace cachescope::promqltest
