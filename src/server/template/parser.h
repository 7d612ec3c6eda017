// Reads a template text. Internal to the module.
#pragma once

#include "server/template/node.h"
#include "server/template/template.h"

namespace cachescope::templating {

struct Parsed {
  std::shared_ptr<const Tree> main;
  // Its definitions by name; also the main one, unless it is blank and a definition has its name.
  TreeMap trees;
};

// kInvalidArgument: "template: NAME:LINE: cause".
Result<Parsed> ParseTemplate(const std::string& name, std::string_view text, const ParseOptions& options);

// Adds what `from` defines. As in Go, a later definition replaces an earlier one unless it is blank.
void MergeTrees(const TreeMap& from, TreeMap* into);

}  // namespace cachescope::templating
