// The syntax tree of a template. Internal to the module.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/template/value.h"

namespace cachescope::templating {

// One operand of a command, or a parenthesised pipeline with fields behind it.
struct Operand {
  enum class Kind : unsigned char { kLiteral, kField, kVariable, kFunction, kPipeline } kind = Kind::kLiteral;
  Value literal;
  std::string name;                 // variable ("$x") or function
  std::vector<std::string> fields;  // .A.B behind a dot, a variable or a pipeline; empty with kField: the dot itself
  std::shared_ptr<struct Pipeline> pipeline;
};

struct Command {
  std::vector<Operand> operands;
};

struct Pipeline {
  int line = 0;
  std::vector<std::string> declare;  // "$x" or "$i", "$x"
  bool assign = false;               // = instead of :=
  std::vector<Command> commands;
};

struct Node {
  enum class Kind : unsigned char { kList, kText, kAction, kIf, kWith, kRange, kBreak, kContinue } kind = Kind::kList;
  std::string text;
  std::shared_ptr<Pipeline> pipeline;
  std::vector<std::shared_ptr<Node>> children;  // of a list, or the body
  std::shared_ptr<Node> otherwise;              // else
};

Result<std::shared_ptr<const Node>> ParseTemplate(const std::string& name, std::string_view text);

}  // namespace cachescope::templating
