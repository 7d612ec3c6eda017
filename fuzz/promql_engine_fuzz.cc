// Any bytes as a query over a small fixed store with tight limits: it ends, and the fast ways of evaluation answer as
// the plain one does, floats bit for bit.
#include <bit>
#include <cmath>
#include <cstdio>

#include "server/promql/engine.h"
#include "server/storage/tsdb/head.h"
#include "target.h"

namespace {

using namespace cachescope;
using namespace cachescope::promql;
using fuzz::Require;

constexpr TimestampMs kEnd = 600'000;
constexpr DurationMs kStep = 37'000;

std::shared_ptr<FloatHistogram> Histogram(double n) {
  auto h = std::make_shared<FloatHistogram>();
  h->positive_spans = {{-1, 2}, {1, 1}};
  h->positive_buckets = {n, 2 * n, 1};
  h->zero_threshold = 0.001;
  h->zero_count = 1;
  h->count = 3 * n + 2;
  h->sum = 4.5 * n;
  return h;
}

tsdb::Head& Store() {
  static tsdb::Head& head = *[] {
    tsdb::HeadOptions options;
    options.max_future = 0;
    auto* out = new tsdb::Head(options);
    auto appender = out->NewAppender();
    for (TimestampMs t = 0; t <= kEnd; t += 15'000) {
      const auto n = static_cast<double>(t / 15'000);
      for (const char* i : {"0", "1", "2"}) {
        const double k = i[0] - '0';
        (void)appender->Append(0, {{"__name__", "c_total"}, {"i", i}}, t, std::fmod(n * (k + 1), 23));
        (void)appender->Append(0, {{"__name__", "g"}, {"i", i}}, t, k == 2 && t % 4 == 0 ? std::nan("") : n - 20 * k);
        (void)appender->Append(0, {{"__name__", "x_bucket"}, {"le", k == 2 ? "+Inf" : i}}, t, n * (k + 1));
      }
      (void)appender->AppendHistogram(0, {{"__name__", "h"}, {"i", "0"}}, t, Histogram(std::fmod(n, 19)));
      if (t == 300'000) (void)appender->Append(0, {{"__name__", "gone"}}, t, StaleMarker());
      if (t < 300'000) (void)appender->Append(0, {{"__name__", "gone"}}, t, 1);
    }
    (void)appender->Commit();
    return out;
  }();
  return head;
}

EngineOptions Options(bool simple) {
  EngineOptions out;
  out.parser.experimental_functions = true;
  out.parser.extended_range_selectors = true;
  out.parser.binop_fill_modifiers = true;
  out.parser.max_bytes = 512;
  out.threads = 1;
  out.simple = simple;
  out.max_samples = 50'000;
  out.max_bytes = 32 << 20;
  out.timeout = std::chrono::milliseconds(3000);
  return out;
}

bool SameBits(double a, double b) {
  // Which sign a NaN gets is up to the processor.
  return std::isnan(a) ? std::isnan(b) : std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

bool Same(const QueryResult& a, const QueryResult& b) {
  if (a.type != b.type || a.series.size() != b.series.size() || !SameBits(a.scalar.v, b.scalar.v)) return false;
  for (std::size_t i = 0; i < a.series.size(); ++i) {
    const ResultSeries& x = a.series[i];
    const ResultSeries& y = b.series[i];
    if (!(x.labels == y.labels) || x.floats.size() != y.floats.size()) return false;
    if (x.histograms.size() != y.histograms.size()) return false;
    for (std::size_t j = 0; j < x.floats.size(); ++j) {
      if (x.floats[j].t != y.floats[j].t || !SameBits(x.floats[j].v, y.floats[j].v)) return false;
    }
    for (std::size_t j = 0; j < x.histograms.size(); ++j) {
      if (x.histograms[j].t != y.histograms[j].t) return false;
      if (!SameBits(x.histograms[j].h->sum, y.histograms[j].h->sum)) return false;
      if (!SameBits(x.histograms[j].h->count, y.histograms[j].h->count)) return false;
    }
  }
  return a.warnings == b.warnings && a.infos == b.infos;
}

// Limits and time are met at different places.
bool IsLimit(const Status& status) {
  return status.code() == Code::kLimitExceeded || status.code() == Code::kDeadlineExceeded;
}

void Compare(const std::string& query, const Result<QueryResult>& plain, const Result<QueryResult>& fast) {
  if (IsLimit(plain.status()) || IsLimit(fast.status())) return;
  const bool same = plain.ok() == fast.ok() &&
                    (plain.ok() ? Same(*plain, *fast) : plain.status().message() == fast.status().message());
  if (same) return;
  std::fprintf(stderr, "differs: %s\n  plain: %s\n  fast:  %s\n", query.c_str(), plain.status().ToString().c_str(),
               fast.status().ToString().c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 512) return 0;
  static const Engine& fast = *new Engine(Options(false));
  static const Engine& plain = *new Engine(Options(true));
  const std::string query(fuzz::Text(data, size));
  Compare(query, plain.Instant(Store(), query, kEnd / 2), fast.Instant(Store(), query, kEnd / 2));
  Compare(query, plain.Range(Store(), query, 0, kEnd, kStep), fast.Range(Store(), query, 0, kEnd, kStep));
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  for (const char* query :
       {"sum by (i)(rate(c_total[1m]))", "histogram_quantile(0.9, sum by (le)(rate(x_bucket[2m])))",
        "g > bool 3 or on(i) c_total", "topk(2, g) without (i)", "max_over_time(g[5m:30s] offset 1m)",
        "histogram_quantile(0.5, rate(h[2m]))", "label_replace(g, \"j\", \"$1\", \"i\", \"(.)\")",
        "absent(nothing{a=\"b\"})", "quantile by (i)(0.3, g) * on(i) group_left c_total", "count_values(\"v\", g)",
        "gone", "h + h", "sum(h)", "predict_linear(g[3m], 60)", "c_total smoothed", "rate(c_total[1m] anchored)",
        "sort_desc(g) @ 100", "-g ^ 2 % 3 atan2 1"}) {
    out->emplace_back(query);
  }
}
