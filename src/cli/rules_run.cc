// `cachescope rules test`: unit tests of rules.
#include <glob.h>
#include <re2/re2.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/rules.h"
#include "server/rules/unit_tests.h"

namespace cachescope::cli {
namespace {

using Json = nlohmann::ordered_json;

struct FileReport {
  std::string file;
  rules::UnitTestReport report;
};

// A pattern of `rule_files` is meant from the folder of the test file.
Result<std::vector<rules::RuleFile>> FindRules(const std::string& test_file, const std::string& pattern) {
  const std::filesystem::path path(pattern);
  const std::string full =
      path.is_absolute() ? pattern : (std::filesystem::path(test_file).parent_path() / path).string();
  glob_t found{};
  glob(full.c_str(), 0, nullptr, &found);
  const std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  if (paths.empty()) std::cerr << "  WARNING: no file match pattern " << full << "\n";
  std::vector<rules::RuleFile> out;
  for (const std::string& one : paths) {
    CACHESCOPE_ASSIGN_OR_RETURN(std::string text, ReadText(one));
    out.push_back({one, std::move(text)});
  }
  return out;
}

// What stands in one list and not in the other; both are sorted.
void PrintDiff(const rules::UnitTestFailure& failure) {
  std::vector<std::string> missing;
  std::vector<std::string> extra;
  std::set_difference(failure.expected.begin(), failure.expected.end(), failure.got.begin(), failure.got.end(),
                      std::back_inserter(missing));
  std::set_difference(failure.got.begin(), failure.got.end(), failure.expected.begin(), failure.expected.end(),
                      std::back_inserter(extra));
  for (const std::string& line : missing) std::cout << "      - " << line << "\n";
  for (const std::string& line : extra) std::cout << "      + " << line << "\n";
}

void PrintList(const char* what, const std::vector<std::string>& lines) {
  if (lines.size() <= 1) {
    std::cout << "      " << what << ": " << (lines.empty() ? "nothing" : lines[0]) << "\n";
    return;
  }
  std::cout << "      " << what << ":\n";
  for (const std::string& line : lines) std::cout << "        " << line << "\n";
}

void Print(const FileReport& file, bool diff) {
  std::cout << "Unit Testing:  " << file.file << "\n";
  if (file.report.ok()) {
    std::cout << "  SUCCESS\n\n";
    return;
  }
  std::cout << "  FAILED:\n";
  for (const Status& error : file.report.errors) std::cout << "    " << error.message() << "\n";
  for (const auto& result : file.report.results) {
    if (result.failures.empty()) continue;
    std::cout << "  name: " << result.name << "\n";
    for (const auto& failure : result.failures) {
      std::cout << "    " << failure.where << ": " << failure.what << "\n";
      if (!failure.error.empty()) {
        std::cout << "      error: " << failure.error << "\n";
      } else if (diff) {
        PrintDiff(failure);
      } else {
        PrintList("exp", failure.expected);
        PrintList("got", failure.got);
      }
    }
  }
  std::cout << "\n";
}

Json JsonOf(const FileReport& file) {
  Json out = {{"file", file.file}, {"ok", file.report.ok()}, {"errors", Json::array()}, {"tests", Json::array()}};
  for (const Status& error : file.report.errors) out["errors"].push_back(std::string(error.message()));
  for (const auto& result : file.report.results) {
    Json failures = Json::array();
    for (const auto& failure : result.failures) {
      failures.push_back({{"where", failure.where},
                          {"what", failure.what},
                          {"error", failure.error},
                          {"expected", failure.expected},
                          {"got", failure.got}});
    }
    out["tests"].push_back({{"name", result.name},
                            {"where", result.where},
                            {"checks", result.checks},
                            {"seconds", result.seconds},
                            {"failures", std::move(failures)}});
  }
  return out;
}

std::string Xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (byte >= 0x20 || c == '\n' || c == '\t') {
      out += c;
    }
  }
  return out;
}

std::string TextOf(const rules::UnitTestFailure& failure) {
  if (!failure.error.empty()) return failure.error;
  std::string out = "exp:\n";
  for (const std::string& line : failure.expected) out += "  " + line + "\n";
  out += "got:\n";
  for (const std::string& line : failure.got) out += "  " + line + "\n";
  return out;
}

std::string JUnitOf(const FileReport& file) {
  std::size_t failures = 0;
  for (const auto& result : file.report.results) failures += result.failures.empty() ? 0 : 1;
  std::string out = "  <testsuite name=\"" + Xml(file.file) + "\" tests=\"" +
                    std::to_string(file.report.results.size()) + "\" failures=\"" + std::to_string(failures) +
                    "\" errors=\"" + std::to_string(file.report.errors.size()) + "\">\n";
  for (const Status& error : file.report.errors) {
    out += "    <testcase name=\"file\"><error message=\"" + Xml(error.message()) + "\"/></testcase>\n";
  }
  for (const auto& result : file.report.results) {
    out += "    <testcase name=\"" + Xml(result.name) + "\" time=\"" + std::to_string(result.seconds) + "\">";
    for (const auto& failure : result.failures) {
      out += "\n      <failure message=\"" + Xml(failure.where + ": " + failure.what) + "\">" + Xml(TextOf(failure)) +
             "</failure>";
    }
    out += result.failures.empty() ? "</testcase>\n" : "\n    </testcase>\n";
  }
  return out + "  </testsuite>\n";
}

bool WriteJUnit(const std::string& path, const std::vector<FileReport>& reports) {
  std::ofstream out(path, std::ios::binary);
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const FileReport& report : reports) out << JUnitOf(report);
  out << "</testsuites>\n";
  out.flush();
  if (!out) std::cerr << "cachescope: cannot write " << path << "\n";
  return static_cast<bool>(out);
}

FileReport RunOne(const std::string& path, const RulesArguments& arguments,
                  const std::vector<std::shared_ptr<RE2>>& patterns) {
  FileReport out{path, {}};
  const auto text = ReadText(path);
  if (!text.ok()) {
    out.report.errors.push_back(text.status());
    return out;
  }
  rules::UnitTestOptions options;
  options.ignore_unknown_fields = arguments.ignore_unknown_fields;
  options.find_rules = [&](const std::string& pattern) { return FindRules(path, pattern); };
  if (!patterns.empty()) {
    options.wanted = [&](const std::string& name) {
      return std::any_of(patterns.begin(), patterns.end(),
                         [&](const auto& pattern) { return RE2::PartialMatch(name, *pattern); });
    };
  }
  out.report = rules::RunUnitTests(path, *text, options);
  return out;
}

}  // namespace

int RulesTest(const Arguments& arguments) {
  std::vector<std::shared_ptr<RE2>> patterns;
  for (const std::string& text : arguments.rules.run) {
    patterns.push_back(std::make_shared<RE2>(text, RE2::Quiet));
    if (patterns.back()->ok()) continue;
    std::cerr << "cachescope: --run " << text << ": " << patterns.back()->error() << "\n";
    return kUsage;
  }
  std::vector<FileReport> reports;
  bool ok = true;
  for (const std::string& file : arguments.files) {
    reports.push_back(RunOne(file, arguments.rules, patterns));
    ok = ok && reports.back().report.ok();
    if (!arguments.json) Print(reports.back(), arguments.rules.diff);
  }
  if (arguments.json) {
    Json json = Json::array();
    for (const FileReport& report : reports) json.push_back(JsonOf(report));
    std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  }
  if (!arguments.rules.junit.empty() && !WriteJUnit(arguments.rules.junit, reports)) return kFailed;
  return ok ? kOk : kFailed;
}

}  // namespace cachescope::cli
