#include <algorithm>

#include "server/template/node.h"

namespace cachescope::templating {

std::string NodeText(const Operand& operand) {
  std::string out;
  switch (operand.kind) {
    case Operand::Kind::kNil:
      out = "nil";
      break;
    case Operand::Kind::kDot:
      out = ".";
      break;
    case Operand::Kind::kField:
      break;
    case Operand::Kind::kPipeline:
      out = "(" + NodeText(*operand.pipeline) + ")";
      break;
    default:
      out = operand.text;
  }
  for (const std::string& field : operand.fields) out += "." + field;
  return out;
}

std::string NodeText(const Command& command) {
  std::string out;
  for (const Operand& operand : command.operands) out += (out.empty() ? "" : " ") + NodeText(operand);
  return out;
}

std::string NodeText(const Pipeline& pipeline) {
  std::string out;
  for (const auto& variable : pipeline.variables) out += (out.empty() ? "" : ", ") + variable.name;
  if (!out.empty()) out += pipeline.assign ? " = " : " := ";
  for (std::size_t i = 0; i < pipeline.commands.size(); ++i) {
    if (i > 0) out += " | ";
    out += NodeText(pipeline.commands[i]);
  }
  return out;
}

std::string LocationText(const Source& source, std::uint32_t position) {
  const std::string_view before = std::string_view(source.text).substr(0, position);
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
  return source.name + ":" + std::to_string(1 + std::count(before.begin(), before.end(), '\n')) + ":" +
         std::to_string(column);
}

bool IsBlank(const std::vector<Node>& nodes) {
  return std::all_of(nodes.begin(), nodes.end(), [](const Node& node) {
    return node.kind == Node::Kind::kText && node.text.find_first_not_of(" \t\r\n") == std::string::npos;
  });
}

}  // namespace cachescope::templating
