// Where in an HTML page a text stands, so that what is printed there can be escaped for that place. The places are
// those of Go's html/template. Internal to the module.
#pragma once

#include <string>
#include <string_view>

namespace cachescope::templating {

struct HtmlContext {
  enum class State : unsigned char {
    kText,
    kTag,  // behind a tag's name or an attribute
    kAttributeName,
    kAfterName,
    kBeforeValue,
    kComment,
    kRawText,  // of <title> and <textarea>: no tags, but character references
    kValue,    // of a plain attribute
    kUrl,
    kSourceSet,
    kScript,
    kScriptText,  // within quotes; `quote` says which
    kScriptRegex,
    kScriptBlockComment,
    kScriptLineComment,
    kStyle,
    kStyleText,
    kStyleUrl,  // url(…), with or without quotes
    kStyleComment,
  };
  enum class Element : unsigned char { kNone, kScript, kStyle, kTextArea, kTitle };
  enum class Attribute : unsigned char { kPlain, kUrl, kSourceSet, kScript, kStyle };
  enum class Delimiter : unsigned char { kNone, kDouble, kSingle, kUnquoted };
  enum class UrlPart : unsigned char { kNone, kPath, kQuery };

  State state = State::kText;
  Delimiter delimiter = Delimiter::kNone;  // of the attribute value it stands in
  Element element = Element::kNone;
  Attribute attribute = Attribute::kPlain;
  UrlPart url_part = UrlPart::kNone;
  char quote = '\0';     // of a text in a script or style
  bool divides = false;  // in a script: a slash that follows divides, it begins no regular expression
};

// Appends `text`, a piece of the template, without comments and with stray "<" as references, and moves `context`
// behind it.
void AppendHtml(std::string_view text, HtmlContext* context, std::string* out);

// Character references replaced: the named ones of HTML 4 that address texts use, and all numeric ones.
std::string UnescapeHtml(std::string_view text);

}  // namespace cachescope::templating
