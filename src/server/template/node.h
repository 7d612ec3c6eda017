// The syntax tree of a template. Immutable once parsed. Internal to the module.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/template/value.h"

namespace cachescope::templating {

struct Function;
struct Pipeline;

// The text positions refer to.
struct Source {
  std::string name;
  std::string text;
};

// One operand of a command, with the fields behind it.
struct Operand {
  enum class Kind : unsigned char { kNil, kBool, kNumber, kString, kDot, kField, kVariable, kFunction, kPipeline };
  Kind kind = Kind::kNil;
  std::uint32_t position = 0;
  std::uint32_t slot = 0;              // of a variable
  const Function* function = nullptr;  // of kFunction
  Value literal;
  std::string text;                 // a literal as it was written; "$x"; the name of a function
  std::vector<std::string> fields;  // .A.B behind it; never empty with kField
  std::unique_ptr<Pipeline> pipeline;
};

struct Command {
  std::uint32_t position = 0;
  std::vector<Operand> operands;  // never empty
};

struct Pipeline {
  struct Variable {
    std::string name;
    std::uint32_t slot = 0;
  };
  std::uint32_t position = 0;
  std::vector<Variable> variables;
  bool assign = false;  // `=` instead of `:=`
  std::vector<Command> commands;
};

struct Node {
  enum class Kind : unsigned char { kText, kAction, kIf, kWith, kRange, kBreak, kContinue, kTemplate };
  struct Branch {
    Pipeline pipeline;
    std::vector<Node> body;
  };
  Kind kind = Kind::kText;
  std::uint32_t position = 0;
  std::string text;  // of kText; the name of kTemplate
  // One for an action, a range and a template with data; one for each `if` and `else if`; likewise `with`.
  std::vector<Branch> branches;
  std::vector<Node> otherwise;  // else
};

// One definition.
struct Tree {
  std::string name;
  std::shared_ptr<const Source> source;
  std::vector<Node> root;
  // Variables of the surroundings that it uses, with their slots; "$" is slot 0.
  std::vector<Pipeline::Variable> surroundings;
  std::uint32_t slots = 1;
};

using TreeMap = std::map<std::string, std::shared_ptr<const Tree>, std::less<>>;

// How Go writes a part of the tree; for messages.
std::string NodeText(const Operand& operand);
std::string NodeText(const Command& command);
std::string NodeText(const Pipeline& pipeline);
// "NAME:LINE:COLUMN", the column counted in bytes from 0.
std::string LocationText(const Source& source, std::uint32_t position);
// True when there is nothing but blank text: such a definition does not replace another.
bool IsBlank(const std::vector<Node>& nodes);

}  // namespace cachescope::templating
