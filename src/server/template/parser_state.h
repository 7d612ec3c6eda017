// The parser's state and its parts: blocks in parser.cc, pipelines in parser_pipeline.cc. Internal to the module.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/template/lexer.h"
#include "server/template/parser.h"

namespace cachescope::templating {

// Reads one text. Failures carry no position; Run adds it.
class Parser {
 public:
  Parser(std::shared_ptr<const Source> source, const ParseOptions& options)
      : source_(std::move(source)), options_(options), lexer_(source_->text) {}

  Result<Parsed> Run();

 private:
  struct Scoped {
    std::string name;
    std::uint32_t slot = 0;
    bool used = false;
  };

  // Tokens: token_ is the current one, peeked_ the one behind it when has_peeked_.
  Status Advance();
  Status Peek();
  Status AdvanceNonSpace();
  Status PeekNonSpace();
  Status Fail(const Status& status) const;
  Status Unexpected(const Token& token, const std::string& context) const;
  static bool IsKeyword(std::string_view word);

  // Blocks.
  void BeginTree(Tree* tree, std::string name);
  std::uint32_t Declare(const std::string& name);
  Status List(std::vector<Node>* out, const std::string& context);
  Status Action(Node* out);
  Status Control(Node* out, const std::string& word);
  Status Jump(Node* out);
  Status TemplateCall(Node* out);
  Status Define();
  Status Block(Node* out);
  Status Definition(const std::string& name);
  Status End();
  Result<std::string> TemplateName(const std::string& context);

  // Pipelines.
  Status Commands(Pipeline* out, const std::string& context, Token::Kind end);
  Status Variables(Pipeline* out, const std::string& context);
  Status OneCommand(Command* out);
  Status OneOperand(Operand* out, bool* found);
  Status Term(Operand* out, bool* found);
  Status Word(Operand* out);
  Status UseVariable(Operand* out);
  static Status CheckStages(const Pipeline& pipeline, const std::string& context);

  std::shared_ptr<const Source> source_;
  const ParseOptions& options_;
  Lexer lexer_;
  Token token_;
  Token peeked_;
  bool has_peeked_ = false;
  std::size_t position_ = 0;  // of the token last read, for messages
  std::vector<Scoped> scope_;
  std::vector<Scoped> surroundings_;
  std::uint32_t slots_ = 0;
  int range_depth_ = 0;
  int nesting_ = 0;
  bool in_range_pipeline_ = false;
  TreeMap trees_;
};

}  // namespace cachescope::templating
