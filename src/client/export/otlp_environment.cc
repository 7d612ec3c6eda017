// The OTEL_* variables. https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
#include <charconv>
#include <cstdlib>
#include <string>

#include "cachescope/export/otlp.h"
#include "cachescope/export/periodic_export.h"

namespace cachescope {
namespace {

using std::chrono::milliseconds;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The first of these that is set and not empty; `name` is set to which.
std::string_view Get(std::initializer_list<const char*> names, std::string* name) {
  for (const char* candidate : names) {
    const char* value = std::getenv(candidate);  // NOLINT(concurrency-mt-unsafe): the header says when to call
    if (value == nullptr || Trim(value).empty()) continue;
    *name = candidate;
    return Trim(value);
  }
  return {};
}

void Refuse(const std::string& name, std::string_view value, std::string_view want, OtlpEnvironment* out) {
  out->problems.push_back("cannot use " + name + "=" + std::string(value) + ": want " + std::string(want));
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// %41 becomes A; a % without two digits stays.
std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = high >= 0 ? HexValue(text[i + 2]) : -1;
    if (low < 0) {
      decoded.push_back(text[i]);
      continue;
    }
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

bool SameName(std::string_view a, std::string_view b, bool any_case) {
  if (!any_case) return a == b;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

void Put(LabelPair pair, bool any_case, LabelPairs* out) {
  for (LabelPair& known : *out) {
    if (!SameName(known.name, pair.name, any_case)) continue;
    known = std::move(pair);
    return;
  }
  out->push_back(std::move(pair));
}

// key=value,key=value with percent-encoded values.
void ReadPairs(const char* variable, bool any_case, LabelPairs* into, OtlpEnvironment* out) {
  std::string name;
  std::string_view rest = Get({variable}, &name);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    const std::string_view key = Trim(pair.substr(0, equals));
    if (equals == std::string_view::npos || key.empty()) {
      if (!Trim(pair).empty()) Refuse(name, pair, "key=value,…", out);
      continue;
    }
    Put({PercentDecoded(key), PercentDecoded(Trim(pair.substr(equals + 1)))}, any_case, into);
  }
}

void ReadMilliseconds(std::initializer_list<const char*> names, milliseconds* into, OtlpEnvironment* out) {
  std::string name;
  const std::string_view text = Get(names, &name);
  if (text.empty()) return;
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value <= 0 || value > 86400000) {
    return Refuse(name, text, "milliseconds", out);
  }
  *into = milliseconds(value);
}

void ReadEndpoint(OtlpOptions* options) {
  std::string name;
  const std::string_view own = Get({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"}, &name);
  const std::string_view base = Get({"OTEL_EXPORTER_OTLP_ENDPOINT"}, &name);
  if (!own.empty()) {
    options->endpoint = own;
  } else if (!base.empty()) {
    options->endpoint = std::string(base) + (base.ends_with('/') ? "" : "/") + "v1/metrics";
  }
}

void ReadChoices(OtlpEnvironment* out) {
  OtlpOptions& options = out->options;
  std::string name;
  std::string_view value = Get({"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"}, &name);
  if (!value.empty() && value != "http/protobuf") Refuse(name, value, "http/protobuf", out);
  value = Get({"OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"}, &name);
  if (value == "none") {
    options.gzip = {};
  } else if (!value.empty() && value != "gzip") {
    Refuse(name, value, "gzip or none", out);
  } else if (value == "gzip" && !options.gzip) {
    Refuse(name, value, "OtlpOptions::gzip for that", out);
  }
  value = Get({"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"}, &name);
  if (SameName(value, "cumulative", true)) {
    options.temporality = OtlpTemporality::kCumulative;
  } else if (SameName(value, "delta", true) || SameName(value, "lowmemory", true)) {
    options.temporality = OtlpTemporality::kDelta;
  } else if (!value.empty()) {
    Refuse(name, value, "cumulative, delta or lowmemory", out);
  }
}

bool IsDisabled() {
  std::string name;
  if (SameName(Get({"OTEL_SDK_DISABLED"}, &name), "true", true)) return true;
  const std::string_view exporters = Get({"OTEL_METRICS_EXPORTER"}, &name);
  return !exporters.empty() && ("," + std::string(exporters) + ",").find(",otlp,") == std::string::npos;
}

}  // namespace

OtlpEnvironment OtlpFromEnvironment(const OtlpOptions& options) {
  OtlpEnvironment out;
  out.options = options;
  out.disabled = IsDisabled();
  ReadEndpoint(&out.options);
  ReadPairs("OTEL_EXPORTER_OTLP_HEADERS", true, &out.options.headers, &out);
  ReadPairs("OTEL_EXPORTER_OTLP_METRICS_HEADERS", true, &out.options.headers, &out);
  ReadMilliseconds({"OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"}, &out.options.timeout, &out);
  ReadChoices(&out);
  ReadPairs("OTEL_RESOURCE_ATTRIBUTES", false, &out.options.resource, &out);
  std::string name;
  const std::string_view service = Get({"OTEL_SERVICE_NAME"}, &name);
  if (!service.empty()) Put({"service.name", std::string(service)}, false, &out.options.resource);
  ReadMilliseconds({"OTEL_METRIC_EXPORT_INTERVAL"}, &out.interval, &out);
  return out;
}

PeriodicExport StartOtlpFromEnvironment(Registry& registry, const OtlpOptions& options) {
  const OtlpEnvironment environment = OtlpFromEnvironment(options);
  if (environment.disabled) return {};
  PeriodicExportOptions periodic;
  periodic.interval = environment.interval;
  periodic.timeout = environment.interval;
  return StartExport(registry, MakeOtlpExporter(environment.options), periodic);
}

}  // namespace cachescope
