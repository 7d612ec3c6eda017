#include <fstream>
#include <iostream>
#include <sstream>

#include "base/quote.h"
#include "cli/arguments.h"
#include "server/app/config.h"

namespace cachescope::cli {
namespace {

std::vector<std::string> CheckConfigFile(const std::string& path) {
  const auto config = app::LoadConfig(path);
  if (!config.ok()) return {std::string(config.status().message())};
  for (const std::string& warning : config->warnings) std::cerr << "warning: " << warning << "\n";
  return {};
}

std::vector<std::string> CheckRules(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return {"cannot read " + path};
  std::vector<std::string> out;
  for (const Status& status : rules::CheckRuleFile({path, text.str()})) out.emplace_back(status.message());
  return out;
}

}  // namespace

int RunCheck(const Arguments& arguments) {
  bool bad = false;
  std::string json = "[";
  for (const std::string& file : arguments.files) {
    const auto errors = arguments.verb == "check rules" ? CheckRules(file) : CheckConfigFile(file);
    bad = bad || !errors.empty();
    json += json.size() > 1 ? ",{\"file\":" : "{\"file\":";
    AppendQuotedText(&json, file, QuoteStyle::kJson);
    json += ",\"errors\":[";
    for (std::size_t i = 0; i < errors.size(); ++i) {
      if (i > 0) json.push_back(',');
      AppendQuotedText(&json, errors[i], QuoteStyle::kJson);
    }
    json += "]}";
    if (arguments.json) continue;
    std::cout << file << ": "
              << (errors.empty() ? "ok"
                                 : std::to_string(errors.size()) + (errors.size() == 1 ? " problem" : " problems"))
              << "\n";
    for (const std::string& error : errors) std::cout << "  " << error << "\n";
  }
  if (arguments.json) std::cout << json << "]\n";
  return bad ? kAnswerBad : kOk;
}

int RunVersion(const Arguments& arguments) {
  const app::Version version = app::ProgramVersion();
  if (arguments.json) {
    std::cout << "{\"version\":\"" << version.version << "\",\"revision\":\"" << version.revision
              << "\",\"build_date\":\"" << version.build_date << "\"}\n";
  } else {
    std::cout << "cachescope " << version.version << (version.revision.empty() ? "" : " (" + version.revision + ")")
              << " built " << version.build_date << "\n";
  }
  return kOk;
}

}  // namespace cachescope::cli
