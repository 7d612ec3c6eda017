// One value under one verb of printf.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/number.h"
#include "base/quote.h"
#include "server/template/format.h"
#include "server/template/literal.h"

namespace cachescope::templating {
namespace {

// Deeper values print as "...".
constexpr int kMaxDepth = 32;

std::size_t RuneCount(std::string_view text) {
  std::size_t n = 0;
  for (std::size_t length = 0; !text.empty(); text.remove_prefix(length), ++n) DecodeUtf8(text, &length);
  return n;
}

std::string_view CutRunes(std::string_view text, int count) {
  std::size_t end = 0;
  for (int i = 0; i < count && end < text.size(); ++i) {
    std::size_t length = 0;
    DecodeUtf8(text.substr(end), &length);
    end += length;
  }
  return text.substr(0, end);
}

class ValueFormatter {
 public:
  ValueFormatter(const FormatSpec& spec, char32_t verb, std::size_t max_bytes, std::string* out)
      : spec_(spec), verb_(verb), max_bytes_(max_bytes), out_(out) {}

  Status Run(const Value& value) {
    if (verb_ == 'T') return Padded(value.TypeName());
    return Print(value, 0);
  }

 private:
  bool Is(std::string_view verbs) const {
    return verb_ < 0x80 && verbs.find(static_cast<char>(verb_)) != std::string_view::npos;
  }

  Status Print(const Value& value, int depth) {
    if (out_->size() > max_bytes_) return LimitExceeded("the text is over " + std::to_string(max_bytes_) + " bytes");
    if (depth > kMaxDepth) return Append("...");
    const bool go_syntax = spec_.sharp && verb_ == 'v';
    const bool has_text = value.AsTime() != nullptr || (value.type() != nullptr && value.type()->text != nullptr);
    if (has_text && !go_syntax && Is("vsxXq")) return String(value.Text());
    switch (value.kind()) {
      case Value::Kind::kNil:
        return verb_ == 'v' ? Padded("<nil>") : Append("%!" + VerbText() + "(<nil>)");
      case Value::Kind::kBool:
        return Is("tv") ? Padded(*value.AsBool() ? "true" : "false") : Wrong(value);
      case Value::Kind::kInt:
        return Whole(value);
      case Value::Kind::kFloat:
        return Is("vgGeEfFxX") ? Float(*value.AsFloat()) : Wrong(value);
      case Value::Kind::kString:
        if (go_syntax) return Padded(QuoteGo(*value.AsString()));
        return Is("vsxXq") ? String(*value.AsString()) : Wrong(value);
      case Value::Kind::kTime:
        return Wrong(value);
      case Value::Kind::kList:
      case Value::Kind::kRecord:
        return Elements(value, depth);
      case Value::Kind::kMap:
        return MapElements(value, depth);
    }
    return {};
  }

  Status Elements(const Value& value, int depth) {
    if (verb_ == 'p') return Wrong(value);
    const bool go_syntax = spec_.sharp && verb_ == 'v';
    const Record* record = value.AsRecord();
    const List& items = record != nullptr ? record->fields : *value.AsList();
    const bool named = record != nullptr && value.type() != nullptr && verb_ == 'v' && (spec_.plus || go_syntax);
    if (go_syntax) *out_ += value.TypeName();
    *out_ += record != nullptr || go_syntax ? "{" : "[";
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) *out_ += go_syntax ? ", " : " ";
      if (named && i < value.type()->fields.size()) out_->append(value.type()->fields[i]).append(":");
      CACHESCOPE_RETURN_IF_ERROR(Print(items[i], depth + 1));
    }
    return Append(record != nullptr || go_syntax ? "}" : "]");
  }

  Status MapElements(const Value& value, int depth) {
    if (verb_ == 'p') return Wrong(value);
    const bool go_syntax = spec_.sharp && verb_ == 'v';
    *out_ += go_syntax ? std::string(value.TypeName()) + "{" : "map[";
    bool first = true;
    for (const auto& [key, item] : *value.AsMap()) {
      if (!first) *out_ += go_syntax ? ", " : " ";
      first = false;
      CACHESCOPE_RETURN_IF_ERROR(Print(Value(key), depth + 1));
      *out_ += ":";
      CACHESCOPE_RETURN_IF_ERROR(Print(item, depth + 1));
    }
    return Append(go_syntax ? "}" : "]");
  }

  Status Append(std::string_view text) {
    *out_ += text;
    return {};
  }

  std::string VerbText() const {
    std::string out;
    AppendUtf8(&out, verb_);
    return out;
  }

  // "%!d(string=x)".
  Status Wrong(const Value& value) {
    *out_ += "%!" + VerbText() + "(" + std::string(value.TypeName()) + "=";
    CACHESCOPE_RETURN_IF_ERROR(FormatValue({}, 'v', value, max_bytes_, out_));
    return Append(")");
  }

  // Pads to the width, counted in characters.
  Status Padded(std::string_view text) {
    const std::size_t runes = spec_.width > 0 ? RuneCount(text) : 0;
    const std::size_t fill = spec_.width > 0 && static_cast<std::size_t>(spec_.width) > runes
                                 ? static_cast<std::size_t>(spec_.width) - runes
                                 : 0;
    if (!spec_.minus) out_->append(fill, spec_.zero ? '0' : ' ');
    *out_ += text;
    if (spec_.minus) out_->append(fill, ' ');
    return {};
  }

  Status String(std::string_view text) {
    if (Is("xX")) return Padded(HexBytes(text));
    if (spec_.precision >= 0) text = CutRunes(text, spec_.precision);
    if (verb_ != 'q') return Padded(text);
    const bool raw = spec_.sharp && text.find_first_of("`\n\r") == std::string_view::npos;
    return Padded(raw ? "`" + std::string(text) + "`" : spec_.plus ? AsciiOnly(QuoteGo(text)) : QuoteGo(text));
  }

  static std::string AsciiOnly(std::string_view text) {
    std::string out;
    char buffer[16];
    while (!text.empty()) {
      std::size_t length = 0;
      const std::uint32_t rune = DecodeUtf8(text, &length);
      if (rune < 0x80) {
        out.push_back(text[0]);
      } else {
        std::snprintf(buffer, sizeof buffer, rune < 0x10000 ? "\\u%04x" : "\\U%08x", static_cast<unsigned>(rune));
        out += buffer;
      }
      text.remove_prefix(length);
    }
    return out;
  }

  std::string HexBytes(std::string_view text) const {
    if (spec_.precision >= 0) text = text.substr(0, static_cast<std::size_t>(spec_.precision));
    const char* digits = verb_ == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    const std::string prefix = verb_ == 'X' ? "0X" : "0x";
    std::string out = spec_.sharp && !text.empty() ? prefix : "";
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (spec_.space && i > 0) out += spec_.sharp ? " " + prefix : " ";
      const auto byte = static_cast<unsigned char>(text[i]);
      out.push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
    }
    return out;
  }

  Status Whole(const Value& value) {
    const std::int64_t n = *value.AsInt();
    switch (verb_) {
      case 'v':
      case 'd':
        return Digits(n, 10, "");
      case 'b':
        return Digits(n, 2, spec_.sharp ? "0b" : "");
      case 'o':
        return Digits(n, 8, spec_.sharp ? "0" : "");
      case 'O':
        return Digits(n, 8, "0o");
      case 'x':
        return Digits(n, 16, spec_.sharp ? "0x" : "");
      case 'X':
        return Digits(n, 16, spec_.sharp ? "0X" : "");
      case 'c':
      case 'q': {
        std::string rune;
        AppendUtf8(&rune, n < 0 || n > 0x10FFFF ? 0xFFFD : static_cast<std::uint32_t>(n));
        if (verb_ == 'c') return Padded(rune);
        std::string quoted = rune == "'" ? "\\'" : rune == "\"" ? "\"" : QuoteGo(rune);
        if (quoted.size() > 1 && quoted.front() == '"') quoted = quoted.substr(1, quoted.size() - 2);
        return Padded("'" + quoted + "'");
      }
      case 'U': {
        char buffer[32];
        std::snprintf(buffer, sizeof buffer, "U+%04llX", static_cast<unsigned long long>(n));
        return Padded(buffer);
      }
      default:
        return Wrong(value);
    }
  }

  Status Digits(std::int64_t n, unsigned base, std::string prefix) {
    std::uint64_t rest = n < 0 ? ~static_cast<std::uint64_t>(n) + 1 : static_cast<std::uint64_t>(n);
    const char* const alphabet = verb_ == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    std::string digits;
    for (; rest != 0; rest /= base) digits.push_back(alphabet[rest % base]);
    const std::string sign = n < 0 ? "-" : spec_.plus ? "+" : spec_.space ? " " : "";
    std::size_t least = 1;
    if (spec_.precision >= 0) {
      least = static_cast<std::size_t>(spec_.precision);
      if (least == 0 && digits.empty()) return PaddedWithoutZeros("");
    } else if (spec_.zero && !spec_.minus && spec_.width > 0) {
      least = std::max<std::size_t>(1, static_cast<std::size_t>(spec_.width) - std::min<std::size_t>(sign.size(), 1));
    }
    if (digits.size() < least) digits.append(least - digits.size(), '0');
    if (verb_ == 'o' && !digits.empty() && digits.back() == '0') prefix.clear();
    std::reverse(digits.begin(), digits.end());
    return PaddedWithoutZeros(sign + prefix + digits);
  }

  Status PaddedWithoutZeros(std::string_view text) {
    const bool zero = spec_.zero;
    spec_.zero = false;
    const Status status = Padded(text);
    spec_.zero = zero;
    return status;
  }

  Status Float(double v) {
    std::string text = FloatText(std::fabs(v));
    const bool negative = std::signbit(v) && !std::isnan(v);
    const bool signed_infinity = std::isinf(v) && !negative && verb_ == 'v';
    const std::string sign = negative ? "-" : spec_.plus || std::isinf(v) ? "+" : spec_.space ? " " : "";
    (void)signed_infinity;
    if (!std::isfinite(v))
      return PaddedWithoutZeros((std::isnan(v) && !spec_.plus ? std::string(spec_.space ? " " : "") : sign) + text);
    if (spec_.zero && !spec_.minus && spec_.width > 0 && !sign.empty()) {
      *out_ += sign;
      const int width = spec_.width;
      spec_.width -= 1;
      const Status status = Padded(text);
      spec_.width = width;
      return status;
    }
    return Padded(sign + text);
  }

  // The digits of a number that is not negative.
  std::string FloatText(double v) const {
    if (std::isnan(v)) return "NaN";
    if (std::isinf(v)) return "Inf";
    char verb = verb_ == 'v' ? 'g' : static_cast<char>(verb_);
    const bool upper = verb == 'G' || verb == 'E';
    if ((verb == 'g' || verb == 'G') && spec_.precision < 0) {
      std::string out = FormatGeneral(v);
      if (upper) std::replace(out.begin(), out.end(), 'e', 'E');
      return out;
    }
    if (verb == 'x' || verb == 'X') verb = verb == 'x' ? 'a' : 'A';
    // A precision is at most the output; a double has no more than 1100 digits that are not zeros.
    const int precision = spec_.precision < 0 ? 6 : std::min(spec_.precision, 1100);
    std::string out(1500, '\0');
    const char format[] = {'%', '.', '*', verb, '\0'};
    out.resize(static_cast<std::size_t>(std::snprintf(out.data(), out.size(), format, precision, v)));
    if (spec_.precision > 1100 && verb != 'g' && verb != 'G') {
      const std::size_t exponent = std::min(out.find_first_of("eEpP"), out.size());
      out.insert(exponent, static_cast<std::size_t>(spec_.precision - 1100), '0');
    }
    return out;
  }

  FormatSpec spec_;
  char32_t verb_;
  std::size_t max_bytes_;
  std::string* out_;
};

}  // namespace

Status FormatValue(const FormatSpec& spec, char32_t verb, const Value& value, std::size_t max_bytes, std::string* out) {
  return ValueFormatter(spec, verb, max_bytes, out).Run(value);
}

std::string QuoteGo(std::string_view text) {
  std::string out;
  AppendQuotedText(&out, text, QuoteStyle::kGo);
  return out;
}

}  // namespace cachescope::templating
