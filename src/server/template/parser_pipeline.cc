// Pipelines, commands and operands.
#include <algorithm>

#include "server/template/format.h"
#include "server/template/function.h"
#include "server/template/parser_state.h"

namespace cachescope::templating {
namespace {

// At one place; looking one up is linear.
constexpr std::size_t kMaxVariables = 1000;

}  // namespace

// A pipeline up to `end`, which becomes the current token.
Status Parser::Commands(Pipeline* out, const std::string& context, Token::Kind end) {
  if (++nesting_ > kMaxNesting) return LimitExceeded("parentheses are nested too deep");
  const bool range = in_range_pipeline_;
  in_range_pipeline_ = false;
  CACHESCOPE_RETURN_IF_ERROR(PeekNonSpace());
  out->position = peeked_.position;
  std::vector<std::string> names;
  if (peeked_.kind == Token::Kind::kVariable) {
    in_range_pipeline_ = range;
    CACHESCOPE_RETURN_IF_ERROR(Variables(out, context));
    in_range_pipeline_ = false;
  }
  while (true) {
    CACHESCOPE_RETURN_IF_ERROR(PeekNonSpace());
    if (peeked_.kind == end) {
      CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
      break;
    }
    switch (peeked_.kind) {
      case Token::Kind::kActionClose:
        return InvalidArgument("unclosed left paren");
      case Token::Kind::kEnd:
      case Token::Kind::kClose:
      case Token::Kind::kComma:
      case Token::Kind::kDeclare:
      case Token::Kind::kAssign:
      case Token::Kind::kPipe:
      case Token::Kind::kCharacter:
        return Unexpected(peeked_, context);
      default:
        break;
    }
    CACHESCOPE_RETURN_IF_ERROR(OneCommand(&out->commands.emplace_back()));
  }
  CACHESCOPE_RETURN_IF_ERROR(CheckStages(*out, context));
  if (scope_.size() > kMaxVariables) return LimitExceeded("too many variables");
  // Declared only now: the pipeline itself does not see them.
  if (!out->assign) {
    for (Pipeline::Variable& variable : out->variables) variable.slot = Declare(variable.name);
  }
  --nesting_;
  return {};
}

Status Parser::CheckStages(const Pipeline& pipeline, const std::string& context) {
  if (pipeline.commands.empty()) return InvalidArgument("missing value for " + context);
  for (std::size_t i = 1; i < pipeline.commands.size(); ++i) {
    const Operand& head = pipeline.commands[i].operands.front();
    switch (head.kind) {
      case Operand::Kind::kNil:
      case Operand::Kind::kBool:
      case Operand::Kind::kNumber:
      case Operand::Kind::kString:
      case Operand::Kind::kDot:
        return InvalidArgument("non executable command in pipeline stage " + std::to_string(i + 1));
      default:
        break;
    }
  }
  return {};
}

// "$x :=", "$x =", in a range also "$i, $x :=". Leaves everything as it is when the variable is only used.
Status Parser::Variables(Pipeline* out, const std::string& context) {
  const bool range = in_range_pipeline_;
  // What follows the variable decides; the lexer is cheap to copy.
  const Lexer saved_lexer = lexer_;
  const Token saved_peeked = peeked_;
  CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
  const std::string name(token_.text);
  CACHESCOPE_RETURN_IF_ERROR(PeekNonSpace());
  const bool declares = peeked_.kind == Token::Kind::kDeclare;
  const bool comma = range && peeked_.kind == Token::Kind::kComma;
  if (!declares && peeked_.kind != Token::Kind::kAssign && !comma) {
    lexer_ = saved_lexer;
    peeked_ = saved_peeked;
    has_peeked_ = true;
    return {};
  }
  out->variables.push_back({name, 0});
  if (comma) {
    CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
    CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
    if (token_.kind != Token::Kind::kVariable) return InvalidArgument("range can only initialize variables");
    out->variables.push_back({std::string(token_.text), 0});
    CACHESCOPE_RETURN_IF_ERROR(PeekNonSpace());
    if (peeked_.kind != Token::Kind::kDeclare && peeked_.kind != Token::Kind::kAssign)
      return Unexpected(peeked_, context);
  }
  out->assign = peeked_.kind == Token::Kind::kAssign;
  if (out->assign) {
    for (Pipeline::Variable& variable : out->variables) {
      Operand operand;
      operand.text = variable.name;
      CACHESCOPE_RETURN_IF_ERROR(UseVariable(&operand));
      variable.slot = operand.slot;
    }
  }
  return AdvanceNonSpace();
}

// Operands up to a pipe, which is taken, or to what ends the pipeline.
Status Parser::OneCommand(Command* out) {
  while (true) {
    CACHESCOPE_RETURN_IF_ERROR(PeekNonSpace());
    if (out->operands.empty()) out->position = peeked_.position;
    Operand operand;
    bool found = false;
    CACHESCOPE_RETURN_IF_ERROR(OneOperand(&operand, &found));
    if (found) out->operands.push_back(std::move(operand));
    CACHESCOPE_RETURN_IF_ERROR(Peek());
    switch (peeked_.kind) {
      case Token::Kind::kSpace:
        CACHESCOPE_RETURN_IF_ERROR(PeekNonSpace());
        if (peeked_.kind == Token::Kind::kActionClose || peeked_.kind == Token::Kind::kClose) break;
        if (peeked_.kind == Token::Kind::kPipe) {
          CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
          break;
        }
        continue;
      case Token::Kind::kActionClose:
      case Token::Kind::kClose:
        break;
      case Token::Kind::kPipe:
        CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
        break;
      default:
        return Unexpected(peeked_, "operand");
    }
    break;
  }
  if (out->operands.empty()) return InvalidArgument("empty command");
  return {};
}

// A term with the fields behind it.
Status Parser::OneOperand(Operand* out, bool* found) {
  CACHESCOPE_RETURN_IF_ERROR(Term(out, found));
  if (!*found) return {};
  CACHESCOPE_RETURN_IF_ERROR(Peek());
  if (peeked_.kind != Token::Kind::kField) return {};
  switch (out->kind) {
    case Operand::Kind::kNil:
    case Operand::Kind::kBool:
    case Operand::Kind::kNumber:
    case Operand::Kind::kString:
    case Operand::Kind::kDot:
      return InvalidArgument("unexpected . after term " + QuoteGo(NodeText(*out)));
    default:
      break;
  }
  // As in Go, the operand now stands where its first further field does.
  out->position = peeked_.position;
  while (peeked_.kind == Token::Kind::kField) {
    CACHESCOPE_RETURN_IF_ERROR(Advance());
    out->fields.emplace_back(token_.text.substr(1));
    CACHESCOPE_RETURN_IF_ERROR(Peek());
  }
  return {};
}

Status Parser::Term(Operand* out, bool* found) {
  CACHESCOPE_RETURN_IF_ERROR(PeekNonSpace());
  *found = true;
  out->position = peeked_.position;
  switch (peeked_.kind) {
    case Token::Kind::kWord:
      CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
      return Word(out);
    case Token::Kind::kDot:
      out->kind = Operand::Kind::kDot;
      return AdvanceNonSpace();
    case Token::Kind::kField:
      out->kind = Operand::Kind::kField;
      out->fields.emplace_back(peeked_.text.substr(1));
      return AdvanceNonSpace();
    case Token::Kind::kVariable:
      CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
      out->kind = Operand::Kind::kVariable;
      out->text = token_.text;
      return UseVariable(out);
    case Token::Kind::kString:
    case Token::Kind::kNumber:
      CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
      out->kind = token_.kind == Token::Kind::kString ? Operand::Kind::kString : Operand::Kind::kNumber;
      out->text = token_.text;
      out->literal = token_.value;
      return {};
    case Token::Kind::kOpen:
      CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
      out->kind = Operand::Kind::kPipeline;
      out->pipeline = std::make_unique<Pipeline>();
      return Commands(out->pipeline.get(), "parenthesized pipeline", Token::Kind::kClose);
    default:
      *found = false;
      return {};
  }
}

Status Parser::Word(Operand* out) {
  out->text = token_.text;
  if (token_.text == "true" || token_.text == "false") {
    out->kind = Operand::Kind::kBool;
    out->literal = Value(token_.text == "true");
    return {};
  }
  if (token_.text == "nil") return {};
  if (IsKeyword(token_.text)) return Unexpected(token_, "operand");
  out->kind = Operand::Kind::kFunction;
  out->function = FindFunction(options_.dialect, token_.text);
  if (out->function == nullptr) return InvalidArgument("function \"" + out->text + "\" not defined");
  return {};
}

Status Parser::UseVariable(Operand* out) {
  for (auto it = scope_.rbegin(); it != scope_.rend(); ++it) {
    if (it->name != out->text) continue;
    out->slot = it->slot;
    if (it->slot < surroundings_.size() && surroundings_[it->slot].name == it->name)
      surroundings_[it->slot].used = true;
    return {};
  }
  return InvalidArgument("undefined variable \"" + out->text + "\"");
}

}  // namespace cachescope::templating
