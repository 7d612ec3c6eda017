// Texts: case, regular expressions, hosts, links.
#include "base/percent.h"
#include "server/template/escape.h"
#include "server/template/function.h"
#include "server/template/pattern.h"
#include "server/template/text_case.h"

namespace cachescope::templating {
namespace {

template <std::string (*change)(std::string_view)>
Result<Value> OfText(Args args, Call&) {
  return Value(change(*args[0].AsString()));
}

template <const Type& (*type)()>
Result<Value> MarkAs(Args args, Call&) {
  return args[0].As(&type());
}

std::string TrimSpace(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1));
}

bool IsAddress(std::string_view host) {
  return host.find_first_not_of("0123456789.") == std::string_view::npos || host.find(':') != std::string_view::npos;
}

// "host:port" in its parts; false when there is no single port.
bool SplitPort(std::string_view text, std::string_view* host, std::string_view* port) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  *host = text.substr(0, colon);
  *port = text.substr(colon + 1);
  if (!host->empty() && host->front() == '[') {
    if (host->back() != ']') return false;
    *host = host->substr(1, host->size() - 2);
    return host->find_first_of("[]") == std::string_view::npos;
  }
  return host->find_first_of(":[]") == std::string_view::npos && port->find_first_of("[]") == std::string_view::npos;
}

std::string StripPort(std::string_view text) {
  std::string_view host, port;
  return std::string(SplitPort(text, &host, &port) ? host : text);
}

std::string StripDomain(std::string_view text) {
  std::string_view host = text, port;
  const bool has_port = SplitPort(text, &host, &port);
  if (!has_port) host = text;
  if (IsAddress(host)) return std::string(text);
  const std::string_view name = host.substr(0, host.find('.'));
  return std::string(name) + (has_port ? ":" + std::string(port) : "");
}

std::string GraphLink(std::string_view expr) { return "/graph?g0.expr=" + EscapeUrlQuery(expr) + "&g0.tab=0"; }
std::string TableLink(std::string_view expr) { return "/graph?g0.expr=" + EscapeUrlQuery(expr) + "&g0.tab=1"; }

Result<Value> Match(Args args, Call& call) {
  CACHESCOPE_ASSIGN_OR_RETURN(const bool found, MatchPattern(*args[0].AsString(), *args[1].AsString(), &call));
  return Value(found);
}

Result<Value> ReplaceAll(Args args, Call& call) {
  CACHESCOPE_ASSIGN_OR_RETURN(std::string out,
                              ReplacePattern(*args[0].AsString(), *args[1].AsString(), *args[2].AsString(), &call));
  return Value(std::move(out));
}

Result<Value> UrlUnescape(Args args, Call&) {
  const std::string& text = *args[0].AsString();
  const auto is_hex = [&](std::size_t i) {
    return i < text.size() && std::isxdigit(static_cast<unsigned char>(text[i])) != 0;
  };
  for (std::size_t i = text.find('%'); i != std::string::npos; i = text.find('%', i + 1)) {
    if (is_hex(i + 1) && is_hex(i + 2)) continue;
    return InvalidArgument("invalid URL escape \"" + text.substr(i, 3) + "\"");
  }
  return Value(PercentDecode(text, PlusSign::kSpace));
}

Result<Value> ExternalUrl(Args, Call& call) { return Value(call.environment.external_url); }

Result<Value> PathPrefix(Args, Call& call) {
  const std::string& url = call.environment.external_url;
  const std::size_t host = url.find("//");
  const std::size_t path = host == std::string::npos ? host : url.find('/', host + 2);
  return Value(path == std::string::npos ? "" : url.substr(path));
}

}  // namespace

void AddTextFunctions(Dialect dialect, std::vector<Function>* out) {
  const std::vector<Param> text = {Param::kText};
  out->push_back({"toUpper", text, false, OfText<ToUpper>});
  out->push_back({"toLower", text, false, OfText<ToLower>});
  out->push_back({"match", {Param::kText, Param::kText}, false, Match});
  out->push_back({"reReplaceAll", {Param::kText, Param::kText, Param::kText}, false, ReplaceAll});
  out->push_back({"safeHtml", text, false, MarkAs<HtmlType>});
  if (dialect == Dialect::kAlertmanager) {
    out->push_back({"title", text, false, OfText<TitleWords>});
    out->push_back({"trimSpace", text, false, OfText<TrimSpace>});
    out->push_back({"safeUrl", text, false, MarkAs<UrlType>});
    out->push_back({"urlUnescape", text, false, UrlUnescape});
    return;
  }
  out->push_back({"title", text, false, OfText<TitleStarts>});
  out->push_back({"stripPort", text, false, OfText<StripPort>});
  out->push_back({"stripDomain", text, false, OfText<StripDomain>});
  out->push_back({"graphLink", text, false, OfText<GraphLink>});
  out->push_back({"tableLink", text, false, OfText<TableLink>});
  out->push_back({"urlQueryEscape", text, false, OfText<EscapeUrlQuery>});
  out->push_back({"externalURL", {}, false, ExternalUrl});
  out->push_back({"pathPrefix", {}, false, PathPrefix});
}

}  // namespace cachescope::templating
