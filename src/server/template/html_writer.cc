#include "server/template/html_writer.h"

#include "server/template/escape.h"
#include "server/template/html_escape.h"
#include "server/template/type.h"

namespace cachescope::templating {

Status HtmlWriter::Raw(std::string_view text) {
  AppendHtml(text, &context_, &out_);
  return out_.size() > max_bytes_ ? TooLong() : Status();
}

Status HtmlWriter::Print(const Value& value, std::string_view escaper) {
  using State = HtmlContext::State;
  // `html` is what is done anyway; what `urlquery` made stays as it is in an address.
  const Value* shown = &value;
  Value escaped;
  if (escaper == "urlquery") {
    std::string text;
    if (!value.IsNil() && !value.AppendText(&text, max_bytes_)) return TooLong();
    escaped = Value(EscapeUrlQuery(text)).As(&UrlType());
    shown = &escaped;
  }
  if (context_.state == State::kBeforeValue) {
    // An attribute's value that begins with the action.
    AppendHtml("\x01", &context_, &out_);
    out_.pop_back();
    context_.url_part = HtmlContext::UrlPart::kNone;
  }
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, EscapeFor(context_, *shown, max_bytes_));
  if (context_.state == State::kUrl || context_.state == State::kStyleUrl) {
    if (context_.url_part == HtmlContext::UrlPart::kNone) context_.url_part = HtmlContext::UrlPart::kPath;
  }
  if (context_.state == State::kScript) context_.divides = true;
  return Append(text);
}

}  // namespace cachescope::templating
