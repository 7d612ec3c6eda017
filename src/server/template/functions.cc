#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <unordered_map>

#include "base/duration.h"
#include "base/number.h"
#include "model/labels.h"
#include "server/template/humanize.h"
#include "server/template/template.h"

namespace cachescope::templating {
namespace {

using Args = std::vector<Value>;

Status WantArgs(const Args& args, std::size_t n) {
  if (args.size() == n) return {};
  return InvalidArgument("wrong number of args: want " + std::to_string(n) + " got " + std::to_string(args.size()));
}

// Prometheus' functions take numbers and texts that read as numbers.
Result<double> Number(const Value& value) {
  if (const double* d = value.AsFloat()) return *d;
  if (const std::int64_t* i = value.AsInt()) return static_cast<double>(*i);
  if (const std::string* s = value.AsString()) {
    if (const auto number = ParseFloat(*s)) return *number;
    return InvalidArgument("can't convert \"" + *s + "\" to a number");
  }
  return InvalidArgument(std::string("can't convert ") + value.TypeName() + " to a number");
}

Function OfNumber(std::string (*format)(double)) {
  return [format](const Args& args, const Environment&) -> Result<Value> {
    CACHESCOPE_RETURN_IF_ERROR(WantArgs(args, 1));
    CACHESCOPE_ASSIGN_OR_RETURN(const double v, Number(args[0]));
    return Value(format(v));
  };
}

Function OfText(std::string (*change)(std::string)) {
  return [change](const Args& args, const Environment&) -> Result<Value> {
    CACHESCOPE_RETURN_IF_ERROR(WantArgs(args, 1));
    return Value(change(args[0].Text()));
  };
}

// <0, 0, >0; kInvalidArgument for kinds that do not compare.
Result<int> Compare(const Value& a, const Value& b) {
  const auto number = [](const Value& v, double* out) {
    if (const double* d = v.AsFloat()) return *out = *d, true;
    if (const std::int64_t* i = v.AsInt()) return *out = static_cast<double>(*i), true;
    return false;
  };
  double x = 0, y = 0;
  if (number(a, &x) && number(b, &y)) return x < y ? -1 : x > y ? 1 : 0;
  if (a.AsString() != nullptr && b.AsString() != nullptr) return a.AsString()->compare(*b.AsString());
  if (a.AsBool() != nullptr && b.AsBool() != nullptr)
    return static_cast<int>(*a.AsBool()) - static_cast<int>(*b.AsBool());
  return InvalidArgument(std::string("incompatible types for comparison: ") + a.TypeName() + " and " + b.TypeName());
}

Function Comparison(bool (*accept)(int)) {
  return [accept](const Args& args, const Environment&) -> Result<Value> {
    CACHESCOPE_RETURN_IF_ERROR(WantArgs(args, 2));
    CACHESCOPE_ASSIGN_OR_RETURN(const int order, Compare(args[0], args[1]));
    return Value(accept(order));
  };
}

Result<Value> Equal(const Args& args, const Environment&) {
  if (args.size() < 2) return InvalidArgument("missing argument for comparison");
  for (std::size_t i = 1; i < args.size(); ++i) {
    CACHESCOPE_ASSIGN_OR_RETURN(const int order, Compare(args[0], args[i]));
    if (order == 0) return Value(true);
  }
  return Value(false);
}

// One verb of printf; `spec` is "%[flags][width][.precision]" without the verb.
std::string FormatOne(const std::string& spec, char verb, const Value& value) {
  char buffer[512];
  double number = 0;
  const bool is_float = value.AsFloat() != nullptr;
  if (is_float) number = *value.AsFloat();
  if (value.AsInt() != nullptr) number = static_cast<double>(*value.AsInt());
  const bool is_number = is_float || value.AsInt() != nullptr;
  const std::string wrong = std::string("%!") + verb + "(" + value.TypeName() + "=" + value.Text() + ")";
  int n = 0;
  if (std::string_view("eEfFgG").find(verb) != std::string_view::npos) {
    if (!is_float) return wrong;
    if (!std::isfinite(number)) return FormatGeneral(number);
    if ((verb == 'g' || verb == 'G') && spec.find('.') == std::string::npos) return FormatGeneral(number);
    n = std::snprintf(buffer, sizeof buffer, (spec + verb).c_str(), number);
  } else if (verb == 'd' || verb == 'x' || verb == 'X' || verb == 'c') {
    if (!is_number || is_float) return wrong;
    n = std::snprintf(buffer, sizeof buffer, (spec + "ll" + verb).c_str(), static_cast<long long>(*value.AsInt()));
  } else if (verb == 's' || verb == 'v' || verb == 'q' || verb == 't') {
    std::string text = value.Text();
    if (verb == 'q') {
      std::string quoted;
      AppendQuoted(&quoted, text);
      text = std::move(quoted);
    }
    if (spec == "%" || text.size() > 256) return text;
    n = std::snprintf(buffer, sizeof buffer, (spec + "s").c_str(), text.c_str());
  } else {
    return wrong;
  }
  return n > 0 ? std::string(buffer, std::min<std::size_t>(static_cast<std::size_t>(n), sizeof buffer - 1))
               : std::string();
}

Result<Value> Printf(const Args& args, const Environment&) {
  if (args.empty() || args[0].AsString() == nullptr) return InvalidArgument("the first argument must be a format");
  const std::string& format = *args[0].AsString();
  std::string out;
  std::size_t next = 1;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out.push_back(format[i]);
      continue;
    }
    const std::size_t begin = i++;
    while (i < format.size() && std::string_view("+-# 0123456789.").find(format[i]) != std::string_view::npos) ++i;
    if (i == format.size()) {
      out += "%!(NOVERB)";
    } else if (format[i] == '%') {
      out.push_back('%');
    } else if (i - begin > 8) {
      return InvalidArgument("width or precision too large in \"" + format + "\"");
    } else if (next == args.size()) {
      out += std::string("%!") + format[i] + "(MISSING)";
    } else {
      out += FormatOne(format.substr(begin, i - begin), format[i], args[next++]);
    }
  }
  for (; next < args.size(); ++next)
    out += "%!(EXTRA " + std::string(args[next].TypeName()) + "=" + args[next].Text() + ")";
  return Value(std::move(out));
}

Result<Value> Index(const Args& args, const Environment&) {
  if (args.empty()) return InvalidArgument("missing argument");
  Value value = args[0];
  for (std::size_t i = 1; i < args.size(); ++i) {
    Value next;
    if (const List* list = value.AsList()) {
      const std::int64_t* at = args[i].AsInt();
      if (at == nullptr || *at < 0 || static_cast<std::size_t>(*at) >= list->size())
        return InvalidArgument("index out of range");
      next = (*list)[static_cast<std::size_t>(*at)];
    } else if (const Map* map = value.AsMap()) {
      const auto found = map->find(args[i].Text());
      next = found != map->end() ? found->second : value.is_labels() ? Value("") : Value();
    } else {
      return InvalidArgument(std::string("can't index ") + value.TypeName());
    }
    value = next;
  }
  return value;
}

Result<Value> Len(const Args& args, const Environment&) {
  CACHESCOPE_RETURN_IF_ERROR(WantArgs(args, 1));
  if (const auto* s = args[0].AsString()) return Value(static_cast<std::int64_t>(s->size()));
  if (const auto* list = args[0].AsList()) return Value(static_cast<std::int64_t>(list->size()));
  if (const auto* map = args[0].AsMap()) return Value(static_cast<std::int64_t>(map->size()));
  return InvalidArgument(std::string("len of type ") + args[0].TypeName());
}

Result<Value> Query(const Args& args, const Environment& environment) {
  CACHESCOPE_RETURN_IF_ERROR(WantArgs(args, 1));
  if (!environment.query) return InvalidArgument("queries are not available here");
  return environment.query(args[0].Text());
}

Result<Value> First(const Args& args, const Environment&) {
  CACHESCOPE_RETURN_IF_ERROR(WantArgs(args, 1));
  const List* list = args[0].AsList();
  if (list == nullptr || list->empty()) return InvalidArgument("first() called on vector with no elements");
  return list->front();
}

Result<Value> Member(const Value& sample, const char* name) {
  const Map* map = sample.AsMap();
  if (map == nullptr || map->find(name) == map->end()) return InvalidArgument("expected an element of a query result");
  return map->find(name)->second;
}

Result<Value> Label(const Args& args, const Environment&) {
  CACHESCOPE_RETURN_IF_ERROR(WantArgs(args, 2));
  CACHESCOPE_ASSIGN_OR_RETURN(const Value labels, Member(args[1], "Labels"));
  const auto found = labels.AsMap()->find(args[0].Text());
  return found == labels.AsMap()->end() ? Value("") : found->second;
}

Result<Value> SampleValue(const Args& args, const Environment&) {
  CACHESCOPE_RETURN_IF_ERROR(WantArgs(args, 1));
  return Member(args[0], "Value");
}

Result<Value> StringValue(const Args& args, const Environment& environment) {
  return Label({Value("__value__"), args.empty() ? Value() : args[0]}, environment);
}

Result<Value> SortByLabel(const Args& args, const Environment& environment) {
  CACHESCOPE_RETURN_IF_ERROR(WantArgs(args, 2));
  const List* list = args[1].AsList();
  if (list == nullptr) return InvalidArgument("expected a query result");
  List sorted = *list;
  std::stable_sort(sorted.begin(), sorted.end(), [&](const Value& a, const Value& b) {
    const auto x = Label({args[0], a}, environment);
    const auto y = Label({args[0], b}, environment);
    return x.ok() && y.ok() && x->Text() < y->Text();
  });
  return Value(std::move(sorted));
}

Result<Value> Match(const Args& args, const Environment&) {
  CACHESCOPE_RETURN_IF_ERROR(WantArgs(args, 2));
  const re2::RE2 regex(args[0].Text(), re2::RE2::Quiet);
  if (!regex.ok()) return InvalidArgument("error parsing regexp: " + regex.error());
  return Value(re2::RE2::PartialMatch(args[1].Text(), regex));
}

Result<Value> ReplaceAll(const Args& args, const Environment&) {
  CACHESCOPE_RETURN_IF_ERROR(WantArgs(args, 3));
  const re2::RE2 regex(args[0].Text(), re2::RE2::Quiet);
  if (!regex.ok()) return InvalidArgument("error parsing regexp: " + regex.error());
  // $1 and ${1} become RE2's \1.
  std::string rewrite;
  const std::string replacement = args[1].Text();
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    const std::size_t digit = i + (i + 1 < replacement.size() && replacement[i + 1] == '{' ? 2 : 1);
    if (c == '$' && digit < replacement.size() && std::isdigit(static_cast<unsigned char>(replacement[digit])) != 0) {
      rewrite += std::string("\\") + replacement[digit];
      i = digit + (digit == i + 2 ? 1 : 0);
    } else {
      if (c == '\\') rewrite.push_back('\\');
      rewrite.push_back(c);
    }
  }
  std::string text = args[2].Text();
  re2::RE2::GlobalReplace(&text, regex, rewrite);
  return Value(std::move(text));
}

Result<Value> Link(const Args& args, const Environment&, int tab) {
  CACHESCOPE_RETURN_IF_ERROR(WantArgs(args, 1));
  std::string escaped;
  char hex[4];
  for (const char c : args[0].Text()) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 ||
        std::string_view("-_.~").find(c) != std::string_view::npos) {
      escaped.push_back(c);
    } else {
      std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
      escaped += hex;
    }
  }
  return Value("/graph?g0.expr=" + escaped + "&g0.tab=" + std::to_string(tab));
}

Result<Value> ParseDurationFunction(const Args& args, const Environment&) {
  CACHESCOPE_RETURN_IF_ERROR(WantArgs(args, 1));
  CACHESCOPE_ASSIGN_OR_RETURN(const DurationMs duration, ParseDuration(args[0].Text()));
  return Value(static_cast<double>(duration) / 1000);
}

std::string Title(std::string text) {
  bool start = true;
  for (char& c : text) {
    if (start) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    start = std::isspace(static_cast<unsigned char>(c)) != 0;
  }
  return text;
}
std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}
std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}
std::string Same(std::string text) { return text; }
std::string StripPort(std::string text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || (text.find(':') != colon && text.front() != '[')) return text;
  text.resize(colon);
  if (text.size() > 1 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  return text;
}
std::string StripDomain(std::string text) {
  const auto colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon);
  std::string host = text.substr(0, colon);
  const bool address =
      host.find_first_not_of("0123456789.") == std::string::npos || host.find(':') != std::string::npos;
  if (!address) host = host.substr(0, host.find('.'));
  return host + port;
}

std::unordered_map<std::string_view, Function> MakeTable() {
  std::unordered_map<std::string_view, Function> t;
  t["humanize"] = OfNumber(Humanize);
  t["humanize1024"] = OfNumber(Humanize1024);
  t["humanizeDuration"] = OfNumber(HumanizeDuration);
  t["humanizePercentage"] = OfNumber(HumanizePercentage);
  t["humanizeTimestamp"] = OfNumber(HumanizeTimestamp);
  t["title"] = OfText(Title);
  t["toUpper"] = OfText(Upper);
  t["toLower"] = OfText(Lower);
  t["safeHtml"] = OfText(Same);
  t["stripPort"] = OfText(StripPort);
  t["stripDomain"] = OfText(StripDomain);
  t["eq"] = Equal;
  t["ne"] = Comparison([](int order) { return order != 0; });
  t["lt"] = Comparison([](int order) { return order < 0; });
  t["le"] = Comparison([](int order) { return order <= 0; });
  t["gt"] = Comparison([](int order) { return order > 0; });
  t["ge"] = Comparison([](int order) { return order >= 0; });
  // The executor stops at the deciding argument; what arrives here decides by its last.
  const Function last = [](const Args& args, const Environment&) -> Result<Value> {
    if (args.empty()) return InvalidArgument("missing argument");
    return args.back();
  };
  t["and"] = last;
  t["or"] = last;
  t["not"] = [](const Args& args, const Environment&) -> Result<Value> {
    CACHESCOPE_RETURN_IF_ERROR(WantArgs(args, 1));
    return Value(!args[0].Truth());
  };
  t["len"] = Len;
  t["index"] = Index;
  t["print"] = [](const Args& args, const Environment&) -> Result<Value> {
    std::string out;
    for (std::size_t i = 0; i < args.size(); ++i) {
      // Go puts a blank between operands when neither is a string.
      if (i > 0 && args[i].AsString() == nullptr && args[i - 1].AsString() == nullptr) out.push_back(' ');
      out += args[i].Text();
    }
    return Value(std::move(out));
  };
  t["println"] = [](const Args& args, const Environment&) -> Result<Value> {
    std::string out;
    for (const Value& arg : args) out += (out.empty() ? "" : " ") + arg.Text();
    return Value(out + "\n");
  };
  t["printf"] = Printf;
  t["query"] = Query;
  t["first"] = First;
  t["label"] = Label;
  t["value"] = SampleValue;
  t["strvalue"] = StringValue;
  t["sortByLabel"] = SortByLabel;
  t["match"] = Match;
  t["reReplaceAll"] = ReplaceAll;
  t["graphLink"] = [](const Args& args, const Environment& e) { return Link(args, e, 0); };
  t["tableLink"] = [](const Args& args, const Environment& e) { return Link(args, e, 1); };
  t["parseDuration"] = ParseDurationFunction;
  t["externalURL"] = [](const Args&, const Environment& e) -> Result<Value> { return Value(e.external_url); };
  t["pathPrefix"] = [](const Args&, const Environment& e) -> Result<Value> {
    const auto host = e.external_url.find("//");
    const auto path = host == std::string::npos ? host : e.external_url.find('/', host + 2);
    return Value(path == std::string::npos ? "" : e.external_url.substr(path));
  };
  return t;
}

}  // namespace

const Function* FindTemplateFunction(std::string_view name) {
  static const auto& table = *new std::unordered_map<std::string_view, Function>(MakeTable());
  const auto found = table.find(name);
  return found == table.end() ? nullptr : &found->second;
}

}  // namespace cachescope::templating
