#include "server/template/html_script.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace cachescope::templating {
namespace {

using State = HtmlContext::State;

constexpr std::string_view kBlanks = " \t\n\f\r";

bool IsWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$'; }

// Whether a slash behind `text` divides: behind a value it does, behind an operator or a word like `return` it begins a
// regular expression. Blank text says nothing new.
bool Divides(std::string_view text, bool before) {
  const std::size_t last = text.find_last_not_of(" \t\n\f\r");
  if (last == std::string_view::npos) return before;
  const char c = text[last];
  if (c == ')' || c == ']' || c == '}' || c == '"' || c == '\'' || c == '`') return true;
  if (!IsWordByte(c)) return false;
  std::size_t begin = last;
  while (begin > 0 && IsWordByte(text[begin - 1])) --begin;
  constexpr std::array<std::string_view, 13> kBeforeRegex = {"break", "case",    "continue", "delete",     "do",
                                                             "else",  "finally", "in",       "instanceof", "return",
                                                             "throw", "try",     "typeof"};
  const std::string_view word = text.substr(begin, last - begin + 1);
  return std::find(kBeforeRegex.begin(), kBeforeRegex.end(), word) == kBeforeRegex.end();
}

class Inside {
 public:
  // `out` may be null.
  Inside(std::string_view text, HtmlContext* context, std::string* out) : text_(text), context_(context), out_(out) {}

  void Run() {
    while (at_ < text_.size()) Step();
  }

 private:
  void Keep(std::size_t n) {
    if (out_ != nullptr) *out_ += text_.substr(at_, n);
    at_ = std::min(at_ + n, text_.size());
  }
  bool Here(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  void Step() {
    switch (context_->state) {
      case State::kScript:
        return Script();
      case State::kScriptText:
      case State::kStyleText:
        return Quoted();
      case State::kScriptRegex:
        return Regex();
      case State::kScriptBlockComment:
        return BlockComment(State::kScript);
      case State::kStyleComment:
        return BlockComment(State::kStyle);
      case State::kScriptLineComment:
        return LineComment();
      case State::kStyle:
        return Style();
      case State::kStyleUrl:
        return StyleUrl();
      case State::kUrl:
        return Url();
      default:
        Keep(text_.size() - at_);
    }
  }

  void Script() {
    const std::size_t special = std::min(text_.find_first_of("\"'`/", at_), text_.size());
    context_->divides = Divides(text_.substr(at_, special - at_), context_->divides);
    Keep(special - at_);
    if (at_ == text_.size()) return;
    if (Here("//")) {
      context_->state = State::kScriptLineComment;
      at_ += 2;
    } else if (Here("/*")) {
      context_->state = State::kScriptBlockComment;
      at_ += 2;
    } else if (text_[at_] == '/') {
      if (!context_->divides) context_->state = State::kScriptRegex;
      context_->divides = false;
      Keep(1);
    } else {
      context_->state = State::kScriptText;
      context_->quote = text_[at_];
      Keep(1);
    }
  }

  void Quoted() {
    if (text_[at_] == '\\') return Keep(2);
    if (text_[at_] == context_->quote) {
      context_->state = context_->state == State::kScriptText ? State::kScript : State::kStyle;
      context_->divides = true;
    }
    Keep(1);
  }

  void Regex() {
    if (text_[at_] == '\\') return Keep(2);
    if (text_[at_] == '[') in_class_ = true;
    if (text_[at_] == ']') in_class_ = false;
    if (text_[at_] == '/' && !in_class_) {
      context_->state = State::kScript;
      context_->divides = true;
    }
    Keep(1);
  }

  void BlockComment(State behind) {
    const std::size_t end = text_.find("*/", at_);
    at_ = end == std::string_view::npos ? text_.size() : end + 2;
    if (end == std::string_view::npos) return;
    context_->state = behind;
    // What stood on both sides of the comment must not become one word.
    if (out_ != nullptr) out_->push_back(' ');
  }

  void LineComment() {
    at_ = std::min(text_.find_first_of("\n\r", at_), text_.size());
    if (at_ < text_.size()) context_->state = State::kScript;
  }

  void Style() {
    const std::size_t special = std::min(text_.find_first_of("\"'/(", at_), text_.size());
    const std::string_view before = text_.substr(at_, special - at_);
    const std::size_t end = before.find_last_not_of(kBlanks);
    std::string word(end == std::string_view::npos ? "" : before.substr(end < 2 ? 0 : end - 2, 3));
    for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    Keep(special - at_);
    if (at_ == text_.size()) return;
    if (Here("/*")) {
      context_->state = State::kStyleComment;
      at_ += 2;
      return;
    }
    const char c = text_[at_];
    Keep(1);
    if (c == '(' && word == "url") {
      context_->state = State::kStyleUrl;
      context_->url_part = HtmlContext::UrlPart::kNone;
      while (at_ < text_.size() && kBlanks.find(text_[at_]) != std::string_view::npos) Keep(1);
      const bool quoted = at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'');
      context_->quote = quoted ? text_[at_] : ')';
      if (quoted) Keep(1);
    } else if (c == '"' || c == '\'') {
      context_->state = State::kStyleText;
      context_->quote = c;
    }
  }

  void StyleUrl() {
    if (text_[at_] == '\\') return Keep(2);
    if (text_[at_] == context_->quote) {
      context_->state = State::kStyle;
    } else {
      UrlByte(text_[at_]);
    }
    Keep(1);
  }

  void Url() {
    UrlByte(text_[at_]);
    Keep(1);
  }

  void UrlByte(char c) {
    if (c == '#' || c == '?') context_->url_part = HtmlContext::UrlPart::kQuery;
    if (context_->url_part == HtmlContext::UrlPart::kNone && kBlanks.find(c) == std::string_view::npos)
      context_->url_part = HtmlContext::UrlPart::kPath;
  }

  std::string_view text_;
  HtmlContext* context_;
  std::string* out_;
  std::size_t at_ = 0;
  bool in_class_ = false;
};

}  // namespace

void AdvanceInside(std::string_view text, HtmlContext* context) { Inside(text, context, nullptr).Run(); }

void AppendInside(std::string_view text, HtmlContext* context, std::string* out) { Inside(text, context, out).Run(); }

}  // namespace cachescope::templating
