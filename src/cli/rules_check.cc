// `cachescope rules check`: what promtool check rules says, with places.
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/rules.h"
#include "server/rules/rule_file.h"

namespace cachescope::cli {
namespace {

struct FileVerdict {
  std::string file;
  std::vector<std::string> errors;
  std::size_t rules = 0;
  std::vector<rules::DuplicateRule> duplicates;
};

FileVerdict CheckOne(const std::string& path, const RulesArguments& arguments) {
  FileVerdict out;
  out.file = path;
  const auto text = ReadText(path);
  if (!text.ok()) {
    out.errors.emplace_back(text.status().message());
    return out;
  }
  std::vector<rules::GroupDefinition> groups;
  for (const Status& status : rules::ParseRuleFile({path, *text}, {}, &groups, arguments.ignore_unknown_fields)) {
    out.errors.emplace_back(status.message());
  }
  if (!out.errors.empty()) return out;
  for (const auto& group : groups) out.rules += group.rules.size();
  if (arguments.lint != "none") out.duplicates = rules::FindDuplicates(groups);
  return out;
}

void Print(const FileVerdict& verdict) {
  std::cout << "Checking " << verdict.file << "\n";
  if (!verdict.errors.empty()) {
    std::cerr << "  FAILED:\n";
    for (const std::string& error : verdict.errors) std::cerr << error << "\n";
    std::cerr << "\n";
    return;
  }
  std::cout << "  SUCCESS: " << verdict.rules << " rules found\n";
  if (!verdict.duplicates.empty()) std::cout << verdict.duplicates.size() << " duplicate rule(s) found.\n";
  for (const auto& duplicate : verdict.duplicates) {
    std::cout << "Metric: " << duplicate.name << "\nLabel(s):\n";
    for (const LabelView& label : duplicate.labels) std::cout << "\t" << label.name << ": " << label.value << "\n";
  }
  if (!verdict.duplicates.empty()) std::cout << "Might cause inconsistency while recording expressions\n";
  std::cout << "\n";
}

nlohmann::ordered_json JsonOf(const FileVerdict& verdict) {
  nlohmann::ordered_json out = {{"file", verdict.file},
                                {"ok", verdict.errors.empty()},
                                {"rules", verdict.rules},
                                {"errors", verdict.errors},
                                {"duplicates", nlohmann::ordered_json::array()}};
  for (const auto& duplicate : verdict.duplicates) {
    nlohmann::ordered_json labels = nlohmann::ordered_json::object();
    for (const LabelView& label : duplicate.labels) labels[std::string(label.name)] = std::string(label.value);
    out["duplicates"].push_back({{"name", duplicate.name}, {"labels", std::move(labels)}});
  }
  return out;
}

}  // namespace

int RulesCheck(const Arguments& arguments) {
  bool bad = false;
  bool lint = false;
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const std::string& file : arguments.files) {
    const FileVerdict verdict = CheckOne(file, arguments.rules);
    bad = bad || !verdict.errors.empty();
    lint = lint || !verdict.duplicates.empty();
    if (arguments.json) {
      json.push_back(JsonOf(verdict));
    } else {
      Print(verdict);
    }
  }
  if (arguments.json) {
    std::cout << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
  }
  if (bad) return kFailed;
  return lint && arguments.rules.lint_fatal ? kWarningsFatal : kOk;
}

}  // namespace cachescope::cli
