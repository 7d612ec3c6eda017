// Replays the PromQL reference scripts against the engine.
//
// promql_scripts [--verbose] [--update] [--store=memory|head] SCRIPTS_FOLDER LISTS_FOLDER [FILE…]
// Exit status: 0 all as listed, 1 not, 77 the scripts are not there.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "check.h"
#include "lists.h"
#include "loader.h"
#include "server/promql/memory_store.h"
#include "server/storage/tsdb/head.h"

namespace cachescope::promqltest {
namespace {

constexpr int kSkipped = 77;

struct Options {
  bool verbose = false;
  bool update = false;
  std::string store = "memory";
  std::vector<std::string> words;
};

std::unique_ptr<storage::Storage> NewStore(const std::string& kind);

promql::EngineOptions ReferenceSettings() {
  promql::EngineOptions options;
  options.max_samples = 10'000;
  options.delayed_name_removal = true;
  options.parser.experimental_functions = true;
  options.parser.extended_range_selectors = true;
  options.parser.binop_fill_modifiers = true;
  return options;
}

struct FileResult {
  int total = 0;
  std::map<int, std::string> failures;  // by line
};

Result<FileResult> RunFile(const std::filesystem::path& path, const Options& options) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<Command> commands, ParseScript(text.str()));
  const promql::Engine engine(ReferenceSettings());
  std::unique_ptr<storage::Storage> store = NewStore(options.store);
  FileResult result;
  for (const Command& command : commands) {
    if (command.kind == Command::Kind::kClear) {
      store = NewStore(options.store);
    } else if (command.kind == Command::Kind::kLoad) {
      CACHESCOPE_RETURN_IF_ERROR(Load(command.load, store.get()));
    } else {
      ++result.total;
      std::string diff = CheckEval(command.eval, engine, store.get());
      if (diff.empty()) continue;
      if (options.verbose) {
        std::cout << fmt::format("  {}:{} {}\n    {}\n", path.filename().string(), command.eval.line,
                                 command.eval.query, diff);
      }
      result.failures[command.eval.line] = std::move(diff);
    }
  }
  return result;
}

// Compares with the lists; returns whether all is as listed.
bool CheckLists(const std::string& file, const FileResult& result, const Lists& lists) {
  static const std::map<int, std::string> kNone;
  bool good = true;
  const auto listed_it = lists.failing.find(file);
  const auto& listed = listed_it != lists.failing.end() ? listed_it->second : kNone;
  for (const auto& [line, diff] : result.failures) {
    if (listed.contains(line)) continue;
    std::cout << fmt::format("{}:{} does not pass: {}\n", file, line, diff);
    good = false;
  }
  for (const auto& [line, reason] : listed) {
    if (result.failures.contains(line)) continue;
    std::cout << fmt::format("{}:{} passes: remove it from the list\n", file, line);
    good = false;
  }
  const int passed = result.total - static_cast<int>(result.failures.size());
  const auto floor = lists.passing.find(file);
  if (floor != lists.passing.end() && passed < floor->second) {
    std::cout << fmt::format("{}: {} evals pass, {} did before\n", file, passed, floor->second);
    good = false;
  }
  return good;
}

int RunAll(const Options& options) {
  if (options.words.size() < 2) {
    std::cerr
        << "usage: promql_scripts [--verbose] [--update] [--store=memory|head] SCRIPTS_FOLDER LISTS_FOLDER [FILE...]\n";
    return 2;
  }
  const std::filesystem::path folder = options.words[0];
  if (!std::filesystem::is_directory(folder)) {
    std::cout << "skipped: no scripts at " << folder << '\n';
    return kSkipped;
  }
  auto lists = ReadLists(options.words[1], options.store);
  if (!lists.ok()) {
    std::cerr << lists.status().ToString() << '\n';
    return 1;
  }
  std::vector<std::string> files(options.words.begin() + 2, options.words.end());
  if (files.empty()) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".test") files.push_back(entry.path().filename().string());
    }
    std::sort(files.begin(), files.end());
  }
  bool good = true;
  int passed_sum = 0;
  int total_sum = 0;
  for (const std::string& file : files) {
    const auto result = RunFile(folder / file, options);
    if (!result.ok()) {
      std::cout << file << ": " << result.status().ToString() << '\n';
      good = false;
      continue;
    }
    const int passed = result->total - static_cast<int>(result->failures.size());
    passed_sum += passed;
    total_sum += result->total;
    std::cout << fmt::format("{}: {}/{}\n", file, passed, result->total);
    if (options.update) {
      lists->passing[file] = passed;
      lists->failing.erase(file);
      for (const auto& [line, diff] : result->failures) lists->failing[file][line] = diff.substr(0, diff.find('\n'));
    } else {
      good = CheckLists(file, *result, *lists) && good;
    }
  }
  if (files.size() > 1) std::cout << fmt::format("all: {}/{}\n", passed_sum, total_sum);
  if (options.update) {
    const Status written = WriteLists(options.words[1], options.store, *lists);
    if (!written.ok()) std::cerr << written.ToString() << '\n';
    return written.ok() ? 0 : 1;
  }
  return good ? 0 : 1;
}

std::unique_ptr<storage::Storage> NewStore(const std::string& kind) {
  if (kind == "head") {
    tsdb::HeadOptions options;
    options.max_future = 0;
    return std::make_unique<tsdb::Head>(options);
  }
  return std::make_unique<promql::MemoryStore>();
}

}  // namespace
}  // namespace cachescope::promqltest

int main(int argc, char** argv) {
  cachescope::promqltest::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--verbose") {
      options.verbose = true;
    } else if (word == "--update") {
      options.update = true;
    } else if (word.starts_with("--store=")) {
      options.store = word.substr(8);
    } else {
      options.words.push_back(word);
    }
  }
  return cachescope::promqltest::RunAll(options);
}
