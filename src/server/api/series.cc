// /api/v1/series, labels, label/:name/values.
#include <algorithm>
#include <iterator>
#include <limits>
#include <set>

#include "server/api/answer.h"
#include "server/api/api.h"

namespace cachescope::api {
namespace {

constexpr TimestampMs kMinTime = std::numeric_limits<TimestampMs>::min();
constexpr TimestampMs kMaxTime = std::numeric_limits<TimestampMs>::max();

struct Selection {
  TimestampMs start = kMinTime;
  TimestampMs end = kMaxTime;
  std::size_t limit = 0;
  std::vector<std::vector<Matcher>> matchers;
};

// Upstream names the parameter when a selector is wrong in one endpoint and not in the others.
Result<Selection> ReadSelection(const http::Params& params, bool matchers_named) {
  Selection out;
  CACHESCOPE_ASSIGN_OR_RETURN(out.limit, LimitParam(params));
  CACHESCOPE_ASSIGN_OR_RETURN(out.start, TimeParam(params, "start", kMinTime));
  CACHESCOPE_ASSIGN_OR_RETURN(out.end, TimeParam(params, "end", kMaxTime));
  auto matchers = MatchParams(params);
  if (!matchers.ok())
    return matchers_named ? matchers.status().WithPrefix("invalid parameter \"match[]\"") : matchers.status();
  out.matchers = std::move(*matchers);
  return out;
}

constexpr const char* kTruncated = "results truncated due to limit";

// Label sets of the series found, in order and each once; `sets` keeps them.
std::vector<const Labels*> SortedLabels(const std::vector<storage::SeriesSet>& sets) {
  std::vector<const Labels*> out;
  for (const storage::SeriesSet& set : sets) {
    for (const auto& series : set.series) out.push_back(&series->labels());
  }
  std::sort(out.begin(), out.end(), [](const Labels* a, const Labels* b) { return *a < *b; });
  out.erase(std::unique(out.begin(), out.end(), [](const Labels* a, const Labels* b) { return *a == *b; }), out.end());
  return out;
}

void SeriesList(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const http::Params params = request.AllParams();
  if (!params.Has("match[]")) return WriteError(response, "bad_data", "no match[] parameter provided");
  auto selection = ReadSelection(params, true);
  if (!selection.ok()) return WriteError(response, "bad_data", selection.status().message());
  auto querier = api.storage->NewQuerier(selection->start, selection->end);
  std::vector<storage::SeriesSet> sets;
  std::vector<std::string> warnings;
  storage::SelectHints hints;
  hints.mint = selection->start;
  hints.maxt = selection->end;
  hints.function = "series";
  for (const auto& matchers : selection->matchers) {
    auto set = querier->Select(false, hints, matchers);
    if (!set.ok()) return WriteExecutionError(response, set.status());
    warnings.insert(warnings.end(), set->warnings.begin(), set->warnings.end());
    sets.push_back(std::move(*set));
  }
  std::vector<const Labels*> found = SortedLabels(sets);
  if (selection->limit > 0 && found.size() > selection->limit) {
    found.resize(selection->limit);
    warnings.emplace_back(kTruncated);
  }
  WriteSuccess(
      response,
      [&](JsonWriter& json) {
        json.BeginArray();
        for (const Labels* labels : found) json.LabelObject(*labels);
        json.EndArray();
      },
      warnings);
}

// Names of labels over the union of the selectors.
void Names(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  auto selection = ReadSelection(request.AllParams(), false);
  if (!selection.ok()) return WriteError(response, "bad_data", selection.status().message());
  auto querier = api.storage->NewQuerier(selection->start, selection->end);
  if (selection->matchers.empty()) selection->matchers.emplace_back();
  std::set<std::string> found;
  for (const auto& matchers : selection->matchers) {
    auto names = querier->LabelNames(matchers, 0);
    if (!names.ok()) return WriteExecutionError(response, names.status());
    found.insert(names->begin(), names->end());
  }
  std::vector<std::string> warnings;
  if (selection->limit > 0 && found.size() > selection->limit) {
    found.erase(std::next(found.begin(), static_cast<std::ptrdiff_t>(selection->limit)), found.end());
    warnings.emplace_back(kTruncated);
  }
  WriteSuccess(
      response,
      [&](JsonWriter& json) {
        json.BeginArray();
        for (const std::string& name : found) json.String(name);
        json.EndArray();
      },
      warnings);
}

// A list of values as it is written, at most `limit` (0: all).
class ValueList {
 public:
  explicit ValueList(std::size_t limit) : limit_(limit) { json_.BeginArray(); }
  // False: there is no room, for this one already.
  bool Add(std::string_view value) {
    if (limit_ != 0 && count_ == limit_) {
      cut_ = true;
      return false;
    }
    ++count_;
    json_.String(value);
    return true;
  }
  void Send(http::ResponseWriter& response) {
    json_.EndArray();
    std::vector<std::string> warnings;
    if (cut_) warnings.emplace_back(kTruncated);
    WriteSuccess(
        response, [&](JsonWriter& json) { json.Raw(json_.text()); }, warnings);
  }

 private:
  const std::size_t limit_;
  std::size_t count_ = 0;
  bool cut_ = false;
  JsonWriter json_{nullptr};  // the store is locked while values come: nothing is sent meanwhile
};

// Values of a label over the union of the selectors.
void ListValues(const ApiContext& api, const http::Request& request, http::ResponseWriter& response,
                const std::string& name) {
  const auto selection = ReadSelection(request.AllParams(), false);
  if (!selection.ok()) return WriteError(response, "bad_data", selection.status().message());
  auto querier = api.storage->NewQuerier(selection->start, selection->end);
  ValueList list(selection->limit);
  if (selection->matchers.size() <= 1) {
    const auto& matchers = selection->matchers.empty() ? std::vector<Matcher>() : selection->matchers.front();
    const Status status =
        querier->VisitLabelValues(name, matchers, [&](std::string_view value) { return list.Add(value); });
    return status.ok() ? list.Send(response) : WriteExecutionError(response, status);
  }
  std::vector<std::string> found;
  for (const auto& matchers : selection->matchers) {
    auto values = querier->LabelValues(name, matchers, 0);
    if (!values.ok()) return WriteExecutionError(response, values.status());
    std::move(values->begin(), values->end(), std::back_inserter(found));
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  for (const std::string& value : found) {
    if (!list.Add(value)) break;
  }
  list.Send(response);
}

// "U__" names carry code points in hex between underscores, so that any name fits into a path.
std::string UnescapeName(std::string_view name) {
  if (!name.starts_with("U__")) return std::string(name);
  std::string out;
  name.remove_prefix(3);
  while (!name.empty()) {
    if (name[0] != '_') {
      out.push_back(name[0]);
      name.remove_prefix(1);
      continue;
    }
    if (name.starts_with("__")) {
      out.push_back('_');
      name.remove_prefix(2);
      continue;
    }
    const auto close = name.find('_', 1);
    if (close == std::string_view::npos || close > 7) return {};
    std::uint32_t point = 0;
    for (const char c : name.substr(1, close - 1)) {
      const char lower = static_cast<char>(c | 0x20);
      if (!((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'f'))) return {};
      point = point * 16 + static_cast<std::uint32_t>(c <= '9' ? c - '0' : lower - 'a' + 10);
    }
    if (point < 0x80) {
      out.push_back(static_cast<char>(point));
    } else if (point < 0x800) {
      out.push_back(static_cast<char>(0xc0 | point >> 6));
      out.push_back(static_cast<char>(0x80 | (point & 0x3f)));
    } else if (point < 0x10000) {
      out.push_back(static_cast<char>(0xe0 | point >> 12));
      out.push_back(static_cast<char>(0x80 | (point >> 6 & 0x3f)));
      out.push_back(static_cast<char>(0x80 | (point & 0x3f)));
    } else {
      out.push_back(static_cast<char>(0xf0 | (point >> 18 & 0x07)));
      out.push_back(static_cast<char>(0x80 | (point >> 12 & 0x3f)));
      out.push_back(static_cast<char>(0x80 | (point >> 6 & 0x3f)));
      out.push_back(static_cast<char>(0x80 | (point & 0x3f)));
    }
    name.remove_prefix(close + 1);
  }
  return out;
}

void Values(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const std::string name = UnescapeName(request.PathParam("name"));
  if (name.empty() || !IsValidUtf8(name)) {
    return WriteError(response, "bad_data", "invalid label name: \"" + std::string(request.PathParam("name")) + "\"");
  }
  ListValues(api, request, response, name);
}

}  // namespace

void RegisterSeries(http::Server& server, std::shared_ptr<const ApiContext> api) {
  for (const char* method : {"GET", "POST"}) {
    server.Handle(method, "/api/v1/series", [api](const auto& q, auto& r) { SeriesList(*api, q, r); });
    server.Handle(method, "/api/v1/labels", [api](const auto& q, auto& r) { Names(*api, q, r); });
  }
  server.Handle("GET", "/api/v1/label/:name/values", [api](const auto& q, auto& r) { Values(*api, q, r); });
}

}  // namespace cachescope::api
