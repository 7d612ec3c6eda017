#include "server/template/lexer.h"

#include <cctype>
#include <cstdio>

#include "server/template/literal.h"

namespace cachescope::templating {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

bool IsBlank(char c) { return kBlanks.find(c) != std::string_view::npos; }
bool IsWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; }

std::string CharacterText(std::string_view text) {
  std::size_t length = 0;
  char code[16];
  std::snprintf(code, sizeof code, "U+%04X ", static_cast<unsigned>(DecodeUtf8(text, &length)));
  return code + ("'" + std::string(text.substr(0, length)) + "'");
}

}  // namespace

Token Lexer::Make(Token::Kind kind, std::size_t length) {
  Token out;
  out.kind = kind;
  out.position = static_cast<std::uint32_t>(at_);
  out.text = text_.substr(at_, length);
  at_ += length;
  return out;
}

// "}}", or a blank and "-}}".
bool Lexer::CloseAt(std::size_t at, std::size_t* length, bool* trim) const {
  const std::string_view rest = text_.substr(at);
  *trim = rest.size() >= 4 && IsBlank(rest[0]) && rest.substr(1, 3) == "-}}";
  *length = *trim ? 4 : 2;
  return *trim || rest.starts_with("}}");
}

Result<Token> Lexer::Next() {
  if (open_next_) {
    open_next_ = false;
    inside_ = true;
    return Make(Token::Kind::kActionOpen, open_length_);
  }
  return inside_ ? Inside() : Text();
}

// Skips the comment of the action that opens at `open`; false: the action is no comment.
Result<bool> Lexer::Comment(std::size_t open) {
  const bool trim = text_.substr(open).starts_with("{{-") && open + 3 < text_.size() && IsBlank(text_[open + 3]);
  open_length_ = trim ? 4 : 2;
  // A trim marker may have many blanks behind it, a comment only the one.
  const std::size_t begin = open + open_length_;
  if (text_.substr(begin, 2) != "/*") return false;
  const std::size_t end = text_.find("*/", begin + 2);
  if (end == std::string_view::npos) return InvalidArgument("unclosed comment");
  std::size_t length = 0;
  bool trim_after = false;
  if (!CloseAt(end + 2, &length, &trim_after)) return InvalidArgument("comment ends before closing delimiter");
  at_ = end + 2 + length;
  trim_next_ = trim_after;
  return true;
}

Result<Token> Lexer::Text() {
  while (true) {
    if (trim_next_) {
      while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
      trim_next_ = false;
    }
    const std::size_t begin = at_;
    const std::size_t open = text_.find("{{", at_);
    if (open == std::string_view::npos) {
      if (at_ == text_.size()) return Make(Token::Kind::kEnd, 0);
      return Make(Token::Kind::kText, text_.size() - at_);
    }
    std::size_t end = open;
    if (text_.substr(open).starts_with("{{-") && open + 3 < text_.size() && IsBlank(text_[open + 3])) {
      while (end > begin && IsBlank(text_[end - 1])) --end;
    }
    CACHESCOPE_ASSIGN_OR_RETURN(const bool comment, Comment(open));
    if (!comment) {
      at_ = open;
      open_next_ = true;
    }
    if (end > begin) {
      Token out;
      out.kind = Token::Kind::kText;
      out.position = static_cast<std::uint32_t>(begin);
      out.text = text_.substr(begin, end - begin);
      return out;
    }
    if (open_next_) return Next();
  }
}

Result<Token> Lexer::Inside() {
  std::size_t length = 0;
  bool trim = false;
  if (at_ < text_.size() && CloseAt(at_, &length, &trim)) {
    inside_ = false;
    trim_next_ = trim;
    return Make(Token::Kind::kActionClose, length);
  }
  if (at_ == text_.size()) return InvalidArgument("unclosed action");
  const char c = text_[at_];
  if (IsBlank(c)) {
    std::size_t n = 1;
    while (at_ + n < text_.size() && IsBlank(text_[at_ + n]) && !CloseAt(at_ + n, &length, &trim)) ++n;
    return Make(Token::Kind::kSpace, n);
  }
  switch (c) {
    case '"':
    case '\'':
      return Quoted(c);
    case '`':
      return Raw();
    case '|':
      return Make(Token::Kind::kPipe, 1);
    case '(':
      return Make(Token::Kind::kOpen, 1);
    case ')':
      return Make(Token::Kind::kClose, 1);
    case ',':
      return Make(Token::Kind::kComma, 1);
    case '=':
      return Make(Token::Kind::kAssign, 1);
    case ':':
      if (text_.substr(at_, 2) != ":=") return InvalidArgument("expected :=");
      return Make(Token::Kind::kDeclare, 2);
    default:
      break;
  }
  const bool digit_follows = at_ + 1 < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_ + 1])) != 0;
  if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || (c == '.' && digit_follows))
    return Number();
  if (c == '.' || c == '$' || IsWordByte(c)) return Name();
  if (std::isprint(static_cast<unsigned char>(c)) != 0) return Make(Token::Kind::kCharacter, 1);
  return InvalidArgument("unrecognized character in action: " + CharacterText(text_.substr(at_)));
}

Result<Token> Lexer::Quoted(char quote) {
  std::size_t end = at_ + 1;
  while (end < text_.size() && text_[end] != quote && text_[end] != '\n') end += text_[end] == '\\' ? 2 : 1;
  if (end >= text_.size() || text_[end] != quote) {
    return InvalidArgument(quote == '"' ? "unterminated quoted string" : "unterminated character constant");
  }
  const std::string_view body = text_.substr(at_ + 1, end - at_ - 1);
  Token out = Make(quote == '"' ? Token::Kind::kString : Token::Kind::kNumber, end + 1 - at_);
  std::string unquoted;
  std::int64_t rune = 0;
  const bool ok = quote == '"' ? UnquoteString(body, &unquoted) : UnquoteRune(body, &rune);
  if (!ok) {
    return InvalidArgument(quote == '"' ? "invalid syntax" : "malformed character constant: " + std::string(out.text));
  }
  out.value = quote == '"' ? Value(std::move(unquoted)) : Value(rune);
  return out;
}

Result<Token> Lexer::Raw() {
  const std::size_t end = text_.find('`', at_ + 1);
  if (end == std::string_view::npos) return InvalidArgument("unterminated raw quoted string");
  const std::string_view body = text_.substr(at_ + 1, end - at_ - 1);
  Token out = Make(Token::Kind::kString, end + 1 - at_);
  // Go leaves out carriage returns of raw strings.
  std::string value;
  for (const char c : body) {
    if (c != '\r') value.push_back(c);
  }
  out.value = Value(std::move(value));
  return out;
}

Result<Token> Lexer::Number() {
  std::size_t end = at_;
  if (text_[end] == '+' || text_[end] == '-') ++end;
  const bool hex = text_.substr(end, 2) == "0x" || text_.substr(end, 2) == "0X";
  for (; end < text_.size(); ++end) {
    const char c = text_[end];
    if (IsWordByte(c) || c == '.') continue;
    const char before = text_[end - 1];
    const bool exponent = hex ? before == 'p' || before == 'P' : before == 'e' || before == 'E';
    if ((c != '+' && c != '-') || !exponent) break;
  }
  Token out = Make(Token::Kind::kNumber, end - at_);
  CACHESCOPE_ASSIGN_OR_RETURN(out.value, ParseNumber(out.text));
  return out;
}

// A field, a variable or a word; what follows must end it.
Result<Token> Lexer::Name() {
  const char first = text_[at_];
  std::size_t end = at_ + (first == '.' || first == '$' ? 1 : 0);
  while (end < text_.size() && IsWordByte(text_[end])) ++end;
  if (end < text_.size()) {
    std::size_t length = 0;
    bool trim = false;
    const bool ends = IsBlank(text_[end]) || std::string_view(".,|:()=").find(text_[end]) != std::string_view::npos ||
                      CloseAt(end, &length, &trim);
    // A lone dot needs no end: ".(" and the like are the parser's business.
    if (!ends && end > at_ + 1) return InvalidArgument("bad character " + CharacterText(text_.substr(end)));
  }
  const Token::Kind kind = first == '$'     ? Token::Kind::kVariable
                           : first != '.'   ? Token::Kind::kWord
                           : end == at_ + 1 ? Token::Kind::kDot
                                            : Token::Kind::kField;
  return Make(kind, end - at_);
}

}  // namespace cachescope::templating
