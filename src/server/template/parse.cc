#include <algorithm>
#include <cctype>

#include "base/number.h"
#include "server/template/node.h"
#include "server/template/template.h"

namespace cachescope::templating {
namespace {

constexpr int kMaxDepth = 100;

struct Token {
  enum class Kind : unsigned char {
    kEnd,
    kWord,
    kField,
    kVariable,
    kString,
    kNumber,
    kChar,
    kPipe,
    kOpen,
    kClose,
    kComma,
    kDeclare,
    kAssign
  };
  Kind kind = Kind::kEnd;
  std::string text;
  Value value;
  bool space_before = false;
};

bool IsWordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; }

// Splits the inside of one action.
class ActionLexer {
 public:
  explicit ActionLexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    std::vector<Token> out;
    while (true) {
      const bool space = SkipSpace();
      if (at_ == text_.size()) break;
      Token token;
      token.space_before = space;
      CACHESCOPE_RETURN_IF_ERROR(Next(&token));
      out.push_back(std::move(token));
    }
    out.emplace_back();
    return out;
  }

 private:
  bool SkipSpace() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    return at_ > begin || begin == 0;
  }

  std::string Word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && IsWordChar(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  Status Next(Token* token) {
    const char c = text_[at_];
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (c == '"' || c == '`') return Quoted(c, token);
    if (std::isdigit(static_cast<unsigned char>(c)) != 0 ||
        ((c == '-' || c == '+' || c == '.') && std::isdigit(static_cast<unsigned char>(next)) != 0)) {
      return Number(token);
    }
    if (c == '.') {
      ++at_;
      token->kind = Token::Kind::kField;
      token->text = Word();
      return {};
    }
    if (c == '$') {
      ++at_;
      token->kind = Token::Kind::kVariable;
      token->text = "$" + Word();
      return {};
    }
    if (c == ':' && next == '=') {
      at_ += 2;
      token->kind = Token::Kind::kDeclare;
      return {};
    }
    constexpr std::string_view kSingles = "|(),=";
    constexpr Token::Kind kKinds[] = {Token::Kind::kPipe, Token::Kind::kOpen, Token::Kind::kClose, Token::Kind::kComma,
                                      Token::Kind::kAssign};
    if (const auto single = kSingles.find(c); single != std::string_view::npos) {
      ++at_;
      token->kind = kKinds[single];
      return {};
    }
    if (IsWordChar(c)) {
      token->kind = Token::Kind::kWord;
      token->text = Word();
      return {};
    }
    return InvalidArgument(std::string("unexpected \"") + c + "\" in action");
  }

  Status Quoted(char quote, Token* token) {
    token->kind = Token::Kind::kString;
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == quote) {
        ++at_;
        token->value = Value(std::move(out));
        return {};
      }
      if (c == '\\' && quote == '"' && at_ + 1 < text_.size()) {
        c = text_[++at_];
        constexpr std::string_view kEscapes = "nrt0";
        constexpr std::string_view kValues("\n\r\t\0", 4);
        if (const auto escape = kEscapes.find(c); escape != std::string_view::npos) c = kValues[escape];
      }
      out.push_back(c);
    }
    return InvalidArgument("unterminated quoted string");
  }

  Status Number(Token* token) {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && (IsWordChar(text_[at_]) || text_[at_] == '.' ||
                                  ((text_[at_] == '-' || text_[at_] == '+') && (text_[at_ - 1] | 0x20) == 'e'))) {
      ++at_;
    }
    const std::string_view text = text_.substr(begin, at_ - begin);
    const auto number = ParseFloat(text);
    if (!number) return InvalidArgument("bad number \"" + std::string(text) + "\"");
    token->kind = Token::Kind::kNumber;
    const bool whole = text.find_first_of(".eExX") == std::string_view::npos && *number < 9e15 && *number > -9e15;
    token->value = whole ? Value(static_cast<std::int64_t>(*number)) : Value(*number);
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class PipelineParser {
 public:
  PipelineParser(std::vector<Token> tokens, int line) : tokens_(std::move(tokens)), line_(line) {}

  Result<std::shared_ptr<Pipeline>> Run() {
    CACHESCOPE_ASSIGN_OR_RETURN(auto pipeline, Parse(0));
    if (Peek().kind != Token::Kind::kEnd) return InvalidArgument("unexpected text after the pipeline");
    return pipeline;
  }

 private:
  const Token& Peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }

  void Declaration(Pipeline* out) {
    // $x := …   $x = …   $i, $x := …
    const bool two = Peek().kind == Token::Kind::kVariable && Peek(1).kind == Token::Kind::kComma &&
                     Peek(2).kind == Token::Kind::kVariable;
    const Token& sign = Peek(two ? 3 : 1);
    if (Peek().kind != Token::Kind::kVariable ||
        (sign.kind != Token::Kind::kDeclare && sign.kind != Token::Kind::kAssign))
      return;
    out->declare.push_back(Peek().text);
    if (two) out->declare.push_back(Peek(2).text);
    out->assign = sign.kind == Token::Kind::kAssign;
    at_ += two ? 4 : 2;
  }

  Result<std::shared_ptr<Pipeline>> Parse(int depth) {
    if (depth > kMaxDepth) return InvalidArgument("nested too deeply");
    auto out = std::make_shared<Pipeline>();
    out->line = line_;
    Declaration(out.get());
    while (true) {
      Command command;
      while (Peek().kind != Token::Kind::kPipe && Peek().kind != Token::Kind::kClose &&
             Peek().kind != Token::Kind::kEnd) {
        CACHESCOPE_ASSIGN_OR_RETURN(Operand operand, ParseOperand(depth));
        command.operands.push_back(std::move(operand));
      }
      if (command.operands.empty()) return InvalidArgument("missing value for command");
      out->commands.push_back(std::move(command));
      if (Peek().kind != Token::Kind::kPipe) return out;
      ++at_;
    }
  }

  void Fields(Operand* out) {
    while (Peek().kind == Token::Kind::kField && !Peek().space_before && !Peek().text.empty())
      out->fields.push_back(tokens_[at_++].text);
  }

  Result<Operand> ParseOperand(int depth) {
    Operand out;
    const Token token = tokens_[at_++];
    switch (token.kind) {
      case Token::Kind::kString:
      case Token::Kind::kNumber:
        out.literal = token.value;
        return out;
      case Token::Kind::kWord:
        if (token.text == "true" || token.text == "false") {
          out.literal = Value(token.text == "true");
        } else if (token.text != "nil") {
          out.kind = Operand::Kind::kFunction;
          out.name = token.text;
          if (FindTemplateFunction(token.text) == nullptr)
            return InvalidArgument("function \"" + token.text + "\" not defined");
        }
        return out;
      case Token::Kind::kVariable:
        out.kind = Operand::Kind::kVariable;
        out.name = token.text;
        Fields(&out);
        return out;
      case Token::Kind::kField:
        out.kind = Operand::Kind::kField;
        if (!token.text.empty()) out.fields.push_back(token.text);
        Fields(&out);
        return out;
      case Token::Kind::kOpen: {
        out.kind = Operand::Kind::kPipeline;
        CACHESCOPE_ASSIGN_OR_RETURN(out.pipeline, Parse(depth + 1));
        if (Peek().kind != Token::Kind::kClose) return InvalidArgument("unclosed left paren");
        ++at_;
        Fields(&out);
        return out;
      }
      default:
        return InvalidArgument("unexpected token in operand");
    }
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int line_;
};

// Cuts the text into literal pieces and actions and builds the tree.
class TreeParser {
 public:
  TreeParser(std::string name, std::string_view text) : name_(std::move(name)), text_(text) {}

  Result<std::shared_ptr<const Node>> Run() {
    auto root = std::make_shared<Node>();
    std::string end;
    CACHESCOPE_RETURN_IF_ERROR(Located(ParseList(root.get(), 0, &end)));
    if (!end.empty()) return Located(InvalidArgument("unexpected {{" + end + "}}"));
    return std::shared_ptr<const Node>(std::move(root));
  }

 private:
  Status Located(const Status& status) const {
    return status.WithPrefix("template: " + name_ + ":" + std::to_string(line_));
  }

  // The next piece of literal text, then the next action; false at the end of input.
  Result<bool> NextAction(std::string* literal, std::string* action) {
    const auto open = text_.find("{{", at_);
    *literal = text_.substr(at_, open == std::string_view::npos ? open : open - at_);
    if (trim_next_) literal->erase(0, std::min(literal->find_first_not_of(" \t\r\n"), literal->size()));
    if (open == std::string_view::npos) return false;
    line_ = 1 + static_cast<int>(std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(open), '\n'));
    std::size_t begin = open + 2;
    if (begin + 1 < text_.size() && text_[begin] == '-' &&
        std::isspace(static_cast<unsigned char>(text_[begin + 1])) != 0) {
      literal->erase(literal->find_last_not_of(" \t\r\n") + 1);
      ++begin;
    }
    CACHESCOPE_ASSIGN_OR_RETURN(const std::size_t close, FindClose(begin));
    std::string_view inside = text_.substr(begin, close - begin);
    trim_next_ = inside.size() >= 2 && inside.back() == '-' &&
                 std::isspace(static_cast<unsigned char>(inside[inside.size() - 2])) != 0;
    if (trim_next_) inside.remove_suffix(1);
    *action = inside;
    at_ = close + 2;
    return true;
  }

  // The end of an action: "}}" outside of quotes and comments.
  Result<std::size_t> FindClose(std::size_t begin) const {
    std::size_t i = begin;
    while (i < text_.size() && std::isspace(static_cast<unsigned char>(text_[i])) != 0) ++i;
    if (text_.substr(i, 2) == "/*") {
      const auto end = text_.find("*/", i);
      const auto close = end == std::string_view::npos ? end : text_.find("}}", end);
      if (close == std::string_view::npos) return InvalidArgument("unclosed comment");
      return close;
    }
    char quote = '\0';
    for (i = begin; i < text_.size(); ++i) {
      const char c = text_[i];
      if (quote != '\0') {
        if (c == '\\' && quote == '"') ++i;
        if (c == quote) quote = '\0';
      } else if (c == '"' || c == '`') {
        quote = c;
      } else if (text_.substr(i, 2) == "}}") {
        return i;
      }
    }
    return InvalidArgument("unclosed action");
  }

  static std::string_view Trim(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    return begin == std::string_view::npos ? std::string_view()
                                           : text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
  }

  Status ParsePipeline(std::string_view text, std::shared_ptr<Pipeline>* out) const {
    CACHESCOPE_ASSIGN_OR_RETURN(auto tokens, ActionLexer(text).Run());
    CACHESCOPE_ASSIGN_OR_RETURN(*out, PipelineParser(std::move(tokens), line_).Run());
    return {};
  }

  // Reads nodes until {{end}} or {{else …}} (reported in `*end`) or the end of input ("").
  Status ParseList(Node* out, int depth, std::string* end) {
    if (depth > kMaxDepth) return InvalidArgument("nested too deeply");
    while (true) {
      std::string literal;
      std::string action;
      CACHESCOPE_ASSIGN_OR_RETURN(const bool more, NextAction(&literal, &action));
      if (!literal.empty()) {
        auto node = std::make_shared<Node>();
        node->kind = Node::Kind::kText;
        node->text = std::move(literal);
        out->children.push_back(std::move(node));
      }
      if (!more) {
        end->clear();
        return {};
      }
      const std::string_view body = Trim(action);
      if (body.starts_with("/*")) continue;
      const std::string_view word = body.substr(0, body.find_first_of(" \t\r\n("));
      if (word == "end" || word == "else") {
        *end = std::string(body);
        return {};
      }
      CACHESCOPE_RETURN_IF_ERROR(ParseAction(word, body, out, depth));
    }
  }

  Status ParseAction(std::string_view word, std::string_view body, Node* out, int depth) {
    auto node = std::make_shared<Node>();
    if (word == "if" || word == "with" || word == "range") {
      node->kind = word == "if" ? Node::Kind::kIf : word == "with" ? Node::Kind::kWith : Node::Kind::kRange;
      CACHESCOPE_RETURN_IF_ERROR(ParsePipeline(body.substr(word.size()), &node->pipeline));
      CACHESCOPE_RETURN_IF_ERROR(ParseBlock(node.get(), depth));
    } else if (word == "break" || word == "continue") {
      node->kind = word == "break" ? Node::Kind::kBreak : Node::Kind::kContinue;
    } else if (word == "define" || word == "template" || word == "block") {
      return InvalidArgument("{{" + std::string(word) + "}} is not supported in this place");
    } else {
      node->kind = Node::Kind::kAction;
      CACHESCOPE_RETURN_IF_ERROR(ParsePipeline(body, &node->pipeline));
    }
    out->children.push_back(std::move(node));
    return {};
  }

  // The body of if, with, range up to its {{end}}; {{else if …}} becomes a nested block.
  Status ParseBlock(Node* node, int depth) {
    std::string end;
    CACHESCOPE_RETURN_IF_ERROR(ParseList(node, depth + 1, &end));
    if (end.empty()) return InvalidArgument("unexpected end of template: {{end}} is missing");
    if (end == "end") return {};
    node->otherwise = std::make_shared<Node>();
    const std::string_view rest = Trim(std::string_view(end).substr(4));
    if (!rest.empty()) {
      const std::string_view word = rest.substr(0, rest.find_first_of(" \t("));
      if (word != "if" && word != "with") return InvalidArgument("unexpected \"" + std::string(rest) + "\" after else");
      auto nested = std::make_shared<Node>();
      nested->kind = word == "if" ? Node::Kind::kIf : Node::Kind::kWith;
      CACHESCOPE_RETURN_IF_ERROR(ParsePipeline(rest.substr(word.size()), &nested->pipeline));
      CACHESCOPE_RETURN_IF_ERROR(ParseBlock(nested.get(), depth + 1));
      node->otherwise->children.push_back(std::move(nested));
      return {};
    }
    CACHESCOPE_RETURN_IF_ERROR(ParseList(node->otherwise.get(), depth + 1, &end));
    if (end != "end") return InvalidArgument("expected {{end}} after {{else}}");
    return {};
  }

  std::string name_;
  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool trim_next_ = false;
};

}  // namespace

Result<std::shared_ptr<const Node>> ParseTemplate(const std::string& name, std::string_view text) {
  return TreeParser(name, text).Run();
}

}  // namespace cachescope::templating
