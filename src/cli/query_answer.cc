#include "cli/query_answer.h"

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/number.h"
#include "base/percent.h"
#include "server/app/offline.h"
#include "server/http/client.h"

namespace cachescope::cli {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::milliseconds kQueryTimeout{150'000};
constexpr std::chrono::milliseconds kCompletionTimeout{2'000};

Labels LabelsOf(const Json& object) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : object.items()) pairs.emplace_back(name, value.get<std::string>());
  return Labels::FromPairs(std::move(pairs));
}

void AddFloat(const Json& pair, AnswerSeries* out) {
  out->last_text = pair.at(1).get<std::string>();
  const auto value = ParseFloat(out->last_text);
  out->samples.push_back({static_cast<TimestampMs>(pair.at(0).get<double>() * 1000 + 0.5), value.value_or(0)});
}

void AddHistogram(const Json& pair, AnswerSeries* out) {
  const auto count = pair.at(1).at("count").get<std::string>();
  out->last_text = "count " + count + ", sum " + pair.at(1).at("sum").get<std::string>();
  out->samples.push_back(
      {static_cast<TimestampMs>(pair.at(0).get<double>() * 1000 + 0.5), ParseFloat(count).value_or(0)});
}

AnswerSeries SeriesOf(const Json& item) {
  AnswerSeries out;
  out.labels = LabelsOf(item.at("metric"));
  for (const char* key : {"values", "histograms"}) {
    if (!item.contains(key)) continue;
    for (const Json& pair : item.at(key)) key[0] == 'v' ? AddFloat(pair, &out) : AddHistogram(pair, &out);
  }
  if (item.contains("value")) AddFloat(item.at("value"), &out);
  if (item.contains("histogram")) AddHistogram(item.at("histogram"), &out);
  return out;
}

void AppendTrace(const Json& node, const std::string& indent, std::string* out) {
  *out += indent + node.at("name").get<std::string>() + "  " +
          FormatGeneral(std::round(node.at("durationSeconds").get<double>() * 1e6) / 1e3) + " ms";
  if (node.contains("selector")) {
    *out += "  " + node.at("selector").get<std::string>() + "  " +
            std::to_string(node.at("series").get<std::int64_t>()) + " series, " +
            std::to_string(node.at("samples").get<std::int64_t>()) + " samples";
  }
  *out += "\n";
  if (!node.contains("children")) return;
  for (const Json& child : node.at("children")) AppendTrace(child, indent + "  ", out);
}

QueryAnswer AnswerOf(const Json& body) {
  QueryAnswer out;
  const Json& data = body.at("data");
  out.type = data.at("resultType").get<std::string>();
  if (out.type == "scalar") {
    AddFloat(data.at("result"), &out.series.emplace_back());
  } else if (out.type == "string") {
    out.series.emplace_back().last_text = data.at("result").at(1).get<std::string>();
  } else {
    for (const Json& item : data.at("result")) out.series.push_back(SeriesOf(item));
  }
  if (body.contains("warnings")) out.warnings = body.at("warnings").get<std::vector<std::string>>();
  if (body.contains("infos")) out.infos = body.at("infos").get<std::vector<std::string>>();
  if (data.contains("trace")) AppendTrace(data.at("trace"), "", &out.trace);
  return out;
}

// Sends `form` when the method is POST.
using Transport = std::function<Result<http::Response>(const std::string& method, const std::string& target,
                                                       const std::string& form, std::chrono::milliseconds timeout)>;

// Whatever answers in the form of the Prometheus API.
class ApiSource final : public QuerySource {
 public:
  ApiSource(std::string place, Transport transport) : place_(std::move(place)), transport_(std::move(transport)) {}

  Result<QueryAnswer> Query(const QueryRequest& query) override {
    std::string form = "query=" + PercentEncode(query.expr);
    const auto add = [&form](const char* name, const std::string& value) {
      if (!value.empty()) form += std::string("&") + name + "=" + PercentEncode(value);
    };
    if (query.range) {
      add("start", query.start);
      add("end", query.end);
      add("step", query.step);
    } else {
      add("time", query.end);
    }
    if (query.limit > 0) add("limit", std::to_string(query.limit));
    add("timeout", query.timeout);
    if (query.trace) add("trace", "1");
    CACHESCOPE_ASSIGN_OR_RETURN(
        std::string text, Fetch("POST", query.range ? "/api/v1/query_range" : "/api/v1/query", form, kQueryTimeout));
    // The document is checked by Fetch; what does not have the shape of an answer ends up here.
    try {
      QueryAnswer out = AnswerOf(Json::parse(text));
      out.json = std::move(text);
      return out;
    } catch (const Json::exception& error) {
      return Corruption("cannot read the answer of " + place_ + ": " + error.what());
    }
  }

  Result<std::vector<std::string>> LabelNames(const std::string& selector, std::size_t limit) override {
    return List("/api/v1/labels", selector, limit);
  }
  Result<std::vector<std::string>> LabelValues(const std::string& label, const std::string& selector,
                                               std::size_t limit) override {
    return List("/api/v1/label/" + PercentEncode(label) + "/values", selector, limit);
  }

 private:
  Result<std::vector<std::string>> List(const std::string& path, const std::string& selector, std::size_t limit) {
    std::string target = path + "?limit=" + std::to_string(limit);
    if (!selector.empty()) target += "&match[]=" + PercentEncode(selector);
    CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, Fetch("GET", target, "", kCompletionTimeout));
    const Json body = Json::parse(text, nullptr, false);
    if (!body.is_object() || !body.contains("data") || !body["data"].is_array()) return std::vector<std::string>();
    std::vector<std::string> out;
    for (const Json& item : body["data"]) {
      if (item.is_string()) out.push_back(item.get<std::string>());
    }
    return out;
  }

  // The body of a success; an error of the server becomes ours.
  Result<std::string> Fetch(const std::string& method, const std::string& target, const std::string& form,
                            std::chrono::milliseconds timeout) {
    CACHESCOPE_ASSIGN_OR_RETURN(http::Response response, transport_(method, target, form, timeout));
    const Json body = Json::parse(response.body, nullptr, false);
    if (!body.is_object() || !body.contains("status")) {
      return Corruption("cannot query " + place_ + ": it answered status " + std::to_string(response.status) +
                        " and no Prometheus API document");
    }
    if (body["status"] == "success") return std::move(response.body);
    const std::string message = body.value("error", "status " + std::to_string(response.status));
    return body.value("errorType", "") == "bad_data" ? InvalidArgument(message) : Unavailable(message);
  }

  const std::string place_;
  const Transport transport_;
};

}  // namespace

std::unique_ptr<QuerySource> NewServerSource(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  if (url.find("://") == std::string::npos) url = "http://" + url;
  const auto transport = [url](const std::string& method, const std::string& target, const std::string& form,
                               std::chrono::milliseconds timeout) {
    http::ClientRequest request;
    request.method = method;
    request.url = url + target;
    request.headers = {{"Accept-Encoding", "gzip"}};
    if (method == "POST") request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body = form;
    request.timeout = timeout;
    request.max_body_bytes = std::size_t{1} << 30;
    return http::FetchBlocking(std::move(request));
  };
  return std::make_unique<ApiSource>(url, transport);
}

Result<std::unique_ptr<QuerySource>> NewDirectorySource(
    const std::string& path, std::function<void(std::uint64_t done, std::uint64_t total)> report) {
  const auto progress = [report](const tsdb::ReplayProgress& at) {
    if (report) report(at.segments_done, at.segments);
  };
  CACHESCOPE_ASSIGN_OR_RETURN(std::shared_ptr<app::OfflineApi> api, app::OfflineApi::Open(path, progress));
  const auto transport = [api](const std::string& method, const std::string& target, const std::string& form,
                               std::chrono::milliseconds) -> Result<http::Response> {
    return api->Handle(method, target, form);
  };
  return std::unique_ptr<QuerySource>(std::make_unique<ApiSource>(path, transport));
}

}  // namespace cachescope::cli
