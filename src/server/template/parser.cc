#include "server/template/parser.h"

#include <algorithm>

#include "server/template/parser_state.h"

namespace cachescope::templating {

Result<Parsed> ParseTemplate(const std::string& name, std::string_view text, const ParseOptions& options) {
  if (text.size() > kMaxTemplateBytes) return InvalidArgument("template: " + name + ": longer than 1 MiB");
  auto source = std::make_shared<Source>(Source{name, std::string(text)});
  return Parser(std::move(source), options).Run();
}

void MergeTrees(const TreeMap& from, TreeMap* into) {
  for (const auto& [name, tree] : from) {
    const auto known = into->find(name);
    if (known != into->end() && IsBlank(tree->root) && !IsBlank(known->second->root)) continue;
    (*into)[name] = tree;
  }
}

Result<Parsed> Parser::Run() {
  Parsed out;
  auto tree = std::make_shared<Tree>();
  BeginTree(tree.get(), source_->name);
  for (const std::string& variable : options_.variables) Declare(variable);
  surroundings_ = scope_;
  Status status = List(&tree->root, "");
  if (!status.ok()) return Fail(status);
  for (const Scoped& variable : surroundings_) {
    if (variable.used && variable.name != "$") tree->surroundings.push_back({variable.name, variable.slot});
  }
  tree->slots = slots_;
  if (!(IsBlank(tree->root) && trees_.contains(tree->name))) trees_[tree->name] = tree;
  out.main = tree;
  out.trees = std::move(trees_);
  return out;
}

void Parser::BeginTree(Tree* tree, std::string name) {
  tree->name = std::move(name);
  tree->source = source_;
  scope_.clear();
  slots_ = 0;
  range_depth_ = 0;
  Declare("$");
}

std::uint32_t Parser::Declare(const std::string& name) {
  const auto slot = static_cast<std::uint32_t>(scope_.size());
  scope_.push_back({name, slot, false});
  slots_ = std::max(slots_, slot + 1);
  return slot;
}

Status Parser::Advance() {
  if (has_peeked_) {
    has_peeked_ = false;
    token_ = std::move(peeked_);
    return {};
  }
  position_ = lexer_.position();
  CACHESCOPE_ASSIGN_OR_RETURN(token_, lexer_.Next());
  position_ = token_.position;
  return {};
}

Status Parser::Peek() {
  if (has_peeked_) return {};
  position_ = lexer_.position();
  CACHESCOPE_ASSIGN_OR_RETURN(peeked_, lexer_.Next());
  has_peeked_ = true;
  return {};
}

Status Parser::AdvanceNonSpace() {
  do CACHESCOPE_RETURN_IF_ERROR(Advance());
  while (token_.kind == Token::Kind::kSpace);
  return {};
}

Status Parser::PeekNonSpace() {
  CACHESCOPE_RETURN_IF_ERROR(Peek());
  while (peeked_.kind == Token::Kind::kSpace) {
    has_peeked_ = false;
    CACHESCOPE_RETURN_IF_ERROR(Peek());
  }
  return {};
}

Status Parser::Fail(const Status& status) const {
  const std::string_view before = std::string_view(source_->text).substr(0, position_);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  return status.WithPrefix("template: " + source_->name + ":" + std::to_string(line));
}

Status Parser::Unexpected(const Token& token, const std::string& context) const {
  std::string what;
  switch (token.kind) {
    case Token::Kind::kEnd:
      what = "EOF";
      break;
    case Token::Kind::kActionClose:
      what = "\"}}\"";
      break;
    default: {
      const bool keyword = token.kind == Token::Kind::kWord && IsKeyword(token.text);
      what = (keyword ? "<" : "\"") + std::string(token.text.substr(0, 40)) + (keyword ? ">" : "\"");
    }
  }
  return InvalidArgument("unexpected " + what + (context.empty() ? "" : " in " + context));
}

bool Parser::IsKeyword(std::string_view word) {
  constexpr std::string_view kWords[] = {"block", "break", "continue", "define",   "else", "end",
                                         "if",    "nil",   "range",    "template", "with"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

// Nodes up to the keyword that ends the list: {{end}} or {{else …}} within a block, else the end of the text. Leaves
// the keyword in token_.
Status Parser::List(std::vector<Node>* out, const std::string& context) {
  while (true) {
    CACHESCOPE_RETURN_IF_ERROR(Advance());
    if (token_.kind == Token::Kind::kEnd) return context.empty() ? Status() : InvalidArgument("unexpected EOF");
    if (token_.kind == Token::Kind::kText) {
      Node node;
      node.position = token_.position;
      node.text = token_.text;
      out->push_back(std::move(node));
      continue;
    }
    CACHESCOPE_RETURN_IF_ERROR(PeekNonSpace());
    const bool word = peeked_.kind == Token::Kind::kWord;
    if (word && (peeked_.text == "end" || peeked_.text == "else")) {
      CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
      if (context.empty()) return InvalidArgument("unexpected {{" + std::string(token_.text) + "}}");
      return {};
    }
    if (word && peeked_.text == "define") {
      CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
      if (!context.empty()) return Unexpected(token_, "command");
      CACHESCOPE_RETURN_IF_ERROR(Define());
      continue;
    }
    CACHESCOPE_RETURN_IF_ERROR(Action(&out->emplace_back()));
  }
}

Status Parser::Action(Node* out) {
  CACHESCOPE_RETURN_IF_ERROR(PeekNonSpace());
  out->position = peeked_.position;
  if (peeked_.kind == Token::Kind::kWord) {
    const std::string_view word = peeked_.text;
    const auto control = [&](Node::Kind kind) {
      out->kind = kind;
      return Control(out, std::string(word));
    };
    if (word == "if") return control(Node::Kind::kIf);
    if (word == "with") return control(Node::Kind::kWith);
    if (word == "range") return control(Node::Kind::kRange);
    if (word == "template") return TemplateCall(out);
    if (word == "block") return Block(out);
    if (word == "break" || word == "continue") return Jump(out);
  }
  out->kind = Node::Kind::kAction;
  return Commands(&out->branches.emplace_back().pipeline, "command", Token::Kind::kActionClose);
}

Status Parser::Jump(Node* out) {
  CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
  const std::string word(token_.text);
  out->kind = word == "break" ? Node::Kind::kBreak : Node::Kind::kContinue;
  CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
  if (token_.kind != Token::Kind::kActionClose) return Unexpected(token_, "{{" + word + "}}");
  return range_depth_ > 0 ? Status() : InvalidArgument("{{" + word + "}} outside {{range}}");
}

// {{if …}}, {{with …}} and {{range …}} to their {{end}}; the keyword is peeked. Variables of a pipeline live to the
// end.
Status Parser::Control(Node* out, const std::string& word) {
  if (++nesting_ > kMaxNesting) return LimitExceeded("blocks are nested too deep");
  const std::size_t scope = scope_.size();
  const bool range = out->kind == Node::Kind::kRange;
  while (true) {
    CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
    Node::Branch& branch = out->branches.emplace_back();
    in_range_pipeline_ = range;
    CACHESCOPE_RETURN_IF_ERROR(Commands(&branch.pipeline, word, Token::Kind::kActionClose));
    const std::size_t inner = scope_.size();
    range_depth_ += range ? 1 : 0;
    CACHESCOPE_RETURN_IF_ERROR(List(&branch.body, word));
    range_depth_ -= range ? 1 : 0;
    scope_.resize(inner);
    if (token_.text == "end") break;
    CACHESCOPE_RETURN_IF_ERROR(PeekNonSpace());
    if (!range && peeked_.kind == Token::Kind::kWord && peeked_.text == word) continue;
    CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
    if (token_.kind != Token::Kind::kActionClose) return Unexpected(token_, "else");
    CACHESCOPE_RETURN_IF_ERROR(List(&out->otherwise, word));
    if (token_.text != "end") return InvalidArgument("expected end; found {{else}}");
    break;
  }
  scope_.resize(scope);
  --nesting_;
  return End();
}

Status Parser::End() {
  CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
  return token_.kind == Token::Kind::kActionClose ? Status() : Unexpected(token_, "end");
}

Result<std::string> Parser::TemplateName(const std::string& context) {
  CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
  if (token_.kind != Token::Kind::kString) return Unexpected(token_, context);
  return *token_.value.AsString();
}

Status Parser::TemplateCall(Node* out) {
  CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
  out->kind = Node::Kind::kTemplate;
  CACHESCOPE_ASSIGN_OR_RETURN(out->text, TemplateName("template clause"));
  out->position = token_.position;
  CACHESCOPE_RETURN_IF_ERROR(PeekNonSpace());
  if (peeked_.kind == Token::Kind::kActionClose) return AdvanceNonSpace();
  return Commands(&out->branches.emplace_back().pipeline, "template clause", Token::Kind::kActionClose);
}

// The body of a definition, up to its {{end}}, into trees_. The surrounding tree goes on afterwards.
Status Parser::Definition(const std::string& name) {
  if (++nesting_ > kMaxNesting) return LimitExceeded("blocks are nested too deep");
  const auto scope = std::move(scope_);
  const auto slots = slots_;
  const int range_depth = range_depth_;
  auto tree = std::make_shared<Tree>();
  BeginTree(tree.get(), name);
  CACHESCOPE_RETURN_IF_ERROR(List(&tree->root, "define"));
  if (token_.text != "end") return Unexpected(token_, "define clause");
  CACHESCOPE_RETURN_IF_ERROR(End());
  tree->slots = slots_;
  scope_ = scope;
  slots_ = slots;
  range_depth_ = range_depth;
  --nesting_;
  const auto known = trees_.find(name);
  if (known != trees_.end() && !IsBlank(known->second->root)) {
    if (IsBlank(tree->root)) return {};
    return InvalidArgument("template: multiple definition of template \"" + name + "\"");
  }
  trees_[name] = std::move(tree);
  return {};
}

Status Parser::Define() {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string name, TemplateName("define clause"));
  CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
  if (token_.kind != Token::Kind::kActionClose) return Unexpected(token_, "define clause");
  return Definition(name);
}

Status Parser::Block(Node* out) {
  CACHESCOPE_RETURN_IF_ERROR(AdvanceNonSpace());
  out->kind = Node::Kind::kTemplate;
  out->position = token_.position;
  CACHESCOPE_ASSIGN_OR_RETURN(out->text, TemplateName("block clause"));
  CACHESCOPE_RETURN_IF_ERROR(
      Commands(&out->branches.emplace_back().pipeline, "block clause", Token::Kind::kActionClose));
  return Definition(out->text);
}

}  // namespace cachescope::templating
