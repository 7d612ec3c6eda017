// Splits a template into text and the tokens of its actions. Internal to the module.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/template/value.h"

namespace cachescope::templating {

struct Token {
  enum class Kind : unsigned char {
    kEnd,         // of the template
    kText,        // between actions, trimmed as its neighbours ask
    kActionOpen,  // {{
    kActionClose,
    kSpace,
    kWord,      // name of a function or a keyword
    kField,     // ".Name"
    kDot,       // "."
    kVariable,  // "$", "$name"
    kString,
    kNumber,
    kPipe,
    kOpen,
    kClose,
    kComma,
    kDeclare,    // :=
    kAssign,     // =
    kCharacter,  // one that has no place in an action
  };
  Kind kind = Kind::kEnd;
  std::uint32_t position = 0;
  std::string_view text;  // as written
  Value value;            // of strings and numbers
};

class Lexer {
 public:
  // `text` outlives the lexer and its tokens. REQUIRES: text.size() < 2^32.
  explicit Lexer(std::string_view text) : text_(text) {}

  // kInvalidArgument with Go's message, without position.
  Result<Token> Next();
  // Where it stands, for messages.
  std::size_t position() const { return at_; }

 private:
  Result<Token> Text();
  Result<bool> Comment(std::size_t open);
  Result<Token> Inside();
  Result<Token> Quoted(char quote);
  Result<Token> Raw();
  Result<Token> Number();
  Result<Token> Name();
  bool CloseAt(std::size_t at, std::size_t* length, bool* trim) const;
  Token Make(Token::Kind kind, std::size_t length);

  std::string_view text_;
  std::size_t at_ = 0;
  bool inside_ = false;
  bool trim_next_ = false;  // the action before asked to trim the text that follows
  bool open_next_ = false;  // the text ended at an action
  std::size_t open_length_ = 2;
};

}  // namespace cachescope::templating
