#include "server/template/html_context.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "server/template/html_script.h"
#include "server/template/literal.h"

namespace cachescope::templating {
namespace {

using State = HtmlContext::State;
using Element = HtmlContext::Element;
using Attribute = HtmlContext::Attribute;
using Delimiter = HtmlContext::Delimiter;

constexpr std::string_view kBlanks = " \t\n\f\r";

bool IsBlank(char c) { return kBlanks.find(c) != std::string_view::npos; }
bool IsLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

Element ElementOf(const std::string& name) {
  if (name == "script") return Element::kScript;
  if (name == "style") return Element::kStyle;
  if (name == "textarea") return Element::kTextArea;
  if (name == "title") return Element::kTitle;
  return Element::kNone;
}

std::string_view NameOf(Element element) {
  switch (element) {
    case Element::kScript:
      return "script";
    case Element::kStyle:
      return "style";
    case Element::kTextArea:
      return "textarea";
    case Element::kTitle:
      return "title";
    case Element::kNone:
      break;
  }
  return "";
}

// What the value of an attribute is read as. Names nobody knows count as addresses when they look like it.
Attribute AttributeOf(std::string name) {
  if (name.starts_with("data-")) {
    name.erase(0, 5);
  } else if (const std::size_t colon = name.find(':'); colon != std::string::npos) {
    if (name.substr(0, colon) == "xmlns") return Attribute::kUrl;
    name.erase(0, colon + 1);
  }
  constexpr std::array<std::string_view, 16> kUrls = {
      "action", "archive", "background", "cite",     "classid", "codebase", "data", "formaction",
      "href",   "icon",    "longdesc",   "manifest", "poster",  "profile",  "src",  "usemap"};
  if (std::find(kUrls.begin(), kUrls.end(), name) != kUrls.end() || name == "xmlns") return Attribute::kUrl;
  if (name == "style") return Attribute::kStyle;
  if (name == "srcset") return Attribute::kSourceSet;
  if (name.starts_with("on")) return Attribute::kScript;
  for (const std::string_view part : {"src", "uri", "url"}) {
    if (name.find(part) != std::string::npos) return Attribute::kUrl;
  }
  return Attribute::kPlain;
}

State StateOfValue(Attribute attribute) {
  switch (attribute) {
    case Attribute::kUrl:
      return State::kUrl;
    case Attribute::kSourceSet:
      return State::kSourceSet;
    case Attribute::kScript:
      return State::kScript;
    case Attribute::kStyle:
      return State::kStyle;
    case Attribute::kPlain:
      break;
  }
  return State::kValue;
}

class Reader {
 public:
  Reader(std::string_view text, HtmlContext* context, std::string* out) : text_(text), context_(context), out_(out) {}

  void Run() {
    while (at_ < text_.size()) {
      if (context_->delimiter != Delimiter::kNone) {
        Value();
        continue;
      }
      switch (context_->state) {
        case State::kText:
          Text();
          break;
        case State::kComment:
          Comment();
          break;
        case State::kTag:
        case State::kAttributeName:
        case State::kAfterName:
          Tag();
          break;
        case State::kBeforeValue:
          BeforeValue();
          break;
        default:
          Content();
      }
    }
  }

 private:
  void Keep(std::size_t n) {
    *out_ += text_.substr(at_, n);
    at_ += n;
  }
  void Skip(std::size_t n) { at_ += n; }

  void Text() {
    const std::size_t open = std::min(text_.find('<', at_), text_.size());
    Keep(open - at_);
    if (at_ == text_.size()) return;
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("<!--")) {
      context_->state = State::kComment;
      return Skip(4);
    }
    const std::size_t name = rest.size() > 1 && rest[1] == '/' ? 2 : 1;
    if (rest.size() > name && IsLetter(rest[name])) return OpenTag(name);
    if (Lower(rest.substr(0, 9)) == "<!doctype") return Keep(9);
    *out_ += "&lt;";
    Skip(1);
  }

  // A tag whose name begins `name` bytes behind its "<".
  void OpenTag(std::size_t name) {
    std::size_t end = at_ + name;
    while (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])) != 0 ||
                                  ((text_[end] == ':' || text_[end] == '-') && end + 1 < text_.size() &&
                                   std::isalnum(static_cast<unsigned char>(text_[end + 1])) != 0)))
      ++end;
    const bool closing = name == 2;
    context_->element = closing ? Element::kNone : ElementOf(Lower(text_.substr(at_ + name, end - at_ - name)));
    context_->state = State::kTag;
    Keep(end - at_);
  }

  void Comment() {
    const std::size_t end = text_.find("-->", at_);
    if (end == std::string_view::npos) return Skip(text_.size() - at_);
    at_ = end + 3;
    context_->state = State::kText;
  }

  void Tag() {
    const char c = text_[at_];
    if (IsBlank(c)) {
      if (context_->state == State::kAttributeName) context_->state = State::kAfterName;
      return Keep(1);
    }
    if (c == '>') return CloseTag();
    if (c == '=' && context_->state != State::kTag) {
      context_->state = State::kBeforeValue;
      return Keep(1);
    }
    std::size_t end = at_ + 1;
    while (end < text_.size() && !IsBlank(text_[end]) && text_[end] != '=' && text_[end] != '>') ++end;
    context_->attribute = AttributeOf(Lower(text_.substr(at_, end - at_)));
    context_->state = State::kAttributeName;
    Keep(end - at_);
  }

  void CloseTag() {
    Keep(1);
    context_->attribute = Attribute::kPlain;
    switch (context_->element) {
      case Element::kScript:
        context_->state = State::kScript;
        context_->divides = false;
        break;
      case Element::kStyle:
        context_->state = State::kStyle;
        break;
      case Element::kTextArea:
      case Element::kTitle:
        context_->state = State::kRawText;
        break;
      case Element::kNone:
        context_->state = State::kText;
    }
  }

  void BeforeValue() {
    const char c = text_[at_];
    if (IsBlank(c)) return Keep(1);
    context_->state = StateOfValue(context_->attribute);
    context_->url_part = HtmlContext::UrlPart::kNone;
    context_->divides = false;
    context_->delimiter = c == '"' ? Delimiter::kDouble : c == '\'' ? Delimiter::kSingle : Delimiter::kUnquoted;
    if (context_->delimiter != Delimiter::kUnquoted) Keep(1);
  }

  // An attribute's value up to its end.
  void Value() {
    std::size_t end = at_;
    if (context_->delimiter == Delimiter::kUnquoted) {
      while (end < text_.size() && !IsBlank(text_[end]) && text_[end] != '>') ++end;
    } else {
      end = std::min(text_.find(context_->delimiter == Delimiter::kDouble ? '"' : '\'', at_), text_.size());
    }
    // What the browser reads once the references are replaced decides about the place.
    AdvanceInside(UnescapeHtml(text_.substr(at_, end - at_)), context_);
    Keep(end - at_);
    if (at_ == text_.size()) return;
    if (context_->delimiter != Delimiter::kUnquoted) Keep(1);
    context_->delimiter = Delimiter::kNone;
    context_->attribute = Attribute::kPlain;
    context_->state = State::kTag;
  }

  // Where the tag that closes the element `name` begins; the end of the text when it does not.
  std::size_t CloseOf(std::string_view name) const {
    for (std::size_t i = text_.find("</", at_); i != std::string_view::npos; i = text_.find("</", i + 2)) {
      const std::size_t behind = i + 2 + name.size();
      if (Lower(text_.substr(i + 2, name.size())) != name) continue;
      if (behind >= text_.size() || IsBlank(text_[behind]) || text_[behind] == '>' || text_[behind] == '/') return i;
    }
    return text_.size();
  }

  // Script, style, title and textarea: up to the tag that closes them.
  void Content() {
    const std::size_t end = CloseOf(NameOf(context_->element)) - at_;
    const std::string_view content = text_.substr(at_, end);
    if (context_->state == State::kRawText) {
      for (const char c : content) {
        if (c == '<') {
          *out_ += "&lt;";
        } else {
          out_->push_back(c);
        }
      }
    } else {
      AppendInside(content, context_, out_);
    }
    Skip(end);
    if (at_ == text_.size()) return;
    *context_ = HtmlContext();
  }

  std::string_view text_;
  HtmlContext* context_;
  std::string* out_;
  std::size_t at_ = 0;
};

}  // namespace

void AppendHtml(std::string_view text, HtmlContext* context, std::string* out) { Reader(text, context, out).Run(); }

std::string UnescapeHtml(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = std::min(text.find('&'), text.size());
    out += text.substr(0, open);
    text.remove_prefix(open);
    const std::size_t end = text.substr(0, 12).find(';');
    if (text.empty()) break;
    const std::string_view name = end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
    std::uint32_t rune = name == "amp"    ? '&'
                         : name == "lt"   ? '<'
                         : name == "gt"   ? '>'
                         : name == "quot" ? '"'
                         : name == "apos" ? '\''
                                          : 0;
    if (name.size() > 1 && name[0] == '#') {
      const bool hex = name[1] == 'x' || name[1] == 'X';
      for (const char c : name.substr(hex ? 2 : 1)) {
        const auto digit = static_cast<unsigned>(std::isdigit(static_cast<unsigned char>(c)) != 0 ? c - '0'
                                                 : hex && std::isxdigit(static_cast<unsigned char>(c)) != 0
                                                     ? std::tolower(static_cast<unsigned char>(c)) - 'a' + 10
                                                     : 0);
        rune = std::min<std::uint32_t>(rune * (hex ? 16 : 10) + digit, 0x110000);
      }
    }
    if (rune == 0) {
      out.push_back('&');
      text.remove_prefix(1);
      continue;
    }
    AppendUtf8(&out, rune);
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace cachescope::templating
