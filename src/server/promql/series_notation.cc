#include "server/promql/series_notation.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <cmath>

#include "base/number.h"
#include "model/sample.h"
#include "server/promql/eval_histogram.h"
#include "server/promql/parser.h"

namespace cachescope::promql {
namespace {

// A reader over one value list.
class ValueReader {
 public:
  explicit ValueReader(std::string_view text) : text_(text) {}

  Result<std::vector<SeriesPoint>> Read() {
    std::vector<SeriesPoint> out;
    while (true) {
      SkipBlanks();
      if (text_.empty()) return out;
      CACHESCOPE_RETURN_IF_ERROR(ReadItem(&out));
      if (out.size() > kMaxSeriesPoints) return LimitExceeded("cannot expand values: more than 10,000,000 of them");
      if (!text_.empty() && !Blank()) return Error("blank expected");
    }
  }

 private:
  bool Blank() const { return text_[0] == ' ' || text_[0] == '\t'; }
  void SkipBlanks() {
    while (!text_.empty() && Blank()) text_.remove_prefix(1);
  }
  bool Take(std::string_view prefix) {
    if (!text_.starts_with(prefix)) return false;
    text_.remove_prefix(prefix.size());
    return true;
  }
  Status Error(std::string_view cause) const {
    return InvalidArgument(fmt::format("cannot parse values at \"{}\": {}", text_.substr(0, 20), cause));
  }

  Result<std::size_t> Times() {
    std::size_t n = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), n);
    if (error != std::errc()) return Error("repetition expected");
    if (n > kMaxSeriesPoints) return LimitExceeded("cannot expand values: more than 10,000,000 of them");
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return n;
  }

  // An unsigned or signed decimal number, Inf or NaN.
  Result<double> Number() {
    std::size_t n = 0;
    if (n < text_.size() && (text_[n] == '+' || text_[n] == '-')) ++n;
    if (n < text_.size() && std::isalpha(static_cast<unsigned char>(text_[n])) != 0) {
      while (n < text_.size() && std::isalpha(static_cast<unsigned char>(text_[n])) != 0 && text_[n] != 'x') ++n;
    } else {
      while (n < text_.size() && (std::isdigit(static_cast<unsigned char>(text_[n])) != 0 || text_[n] == '.')) ++n;
      if (n < text_.size() && (text_[n] == 'e' || text_[n] == 'E')) {
        ++n;
        if (n < text_.size() && (text_[n] == '+' || text_[n] == '-')) ++n;
        while (n < text_.size() && std::isdigit(static_cast<unsigned char>(text_[n])) != 0) ++n;
      }
    }
    const std::optional<double> value = ParseFloat(text_.substr(0, n));
    if (!value.has_value()) return Error("number expected");
    text_.remove_prefix(n);
    return *value;
  }

  Status ReadItem(std::vector<SeriesPoint>* out) {
    if (Take("_")) {
      std::size_t n = 1;
      if (Take("x")) {
        CACHESCOPE_ASSIGN_OR_RETURN(n, Times());
      }
      out->resize(out->size() + n);
      return {};
    }
    if (text_.starts_with("{{")) return ReadHistograms(out);
    if (Take("stale")) {
      SeriesPoint point{SeriesPoint::Kind::kFloat, StaleMarker(), {}, false};
      std::size_t n = 0;
      if (Take("x")) {
        CACHESCOPE_ASSIGN_OR_RETURN(n, Times());
      }
      out->insert(out->end(), n + 1, point);
      return {};
    }
    CACHESCOPE_ASSIGN_OR_RETURN(double value, Number());
    double delta = 0;
    if (!text_.empty() && (text_[0] == '+' || text_[0] == '-')) {
      CACHESCOPE_ASSIGN_OR_RETURN(delta, Number());
      if (!text_.starts_with("x")) return Error("repetition expected");
    }
    std::size_t n = 0;
    if (Take("x")) {
      CACHESCOPE_ASSIGN_OR_RETURN(n, Times());
    }
    for (std::size_t i = 0; i <= n; ++i) {
      out->push_back({SeriesPoint::Kind::kFloat, value, {}, false});
      value += delta;
    }
    return {};
  }

  Status ReadHistograms(std::vector<SeriesPoint>* out) {
    SeriesPoint base{SeriesPoint::Kind::kHistogram, 0, {}, false};
    CACHESCOPE_RETURN_IF_ERROR(ReadHistogram(&base));
    SeriesPoint delta{SeriesPoint::Kind::kHistogram, 0, {}, false};
    int sign = 0;
    if (text_.starts_with("+{{") || text_.starts_with("-{{")) {
      sign = text_[0] == '+' ? 1 : -1;
      text_.remove_prefix(1);
      CACHESCOPE_RETURN_IF_ERROR(ReadHistogram(&delta));
      if (!text_.starts_with("x")) return Error("repetition expected");
    }
    std::size_t n = 0;
    if (Take("x")) {
      CACHESCOPE_ASSIGN_OR_RETURN(n, Times());
    }
    if (sign != 0 && base.h.schema > delta.h.schema) return Error("the increment's schema is coarser");
    for (std::size_t i = 0; i <= n; ++i) {
      out->push_back(base);
      if (sign == 0) continue;
      const auto result = sign > 0 ? AddHistogram(&base.h, delta.h) : SubtractHistogram(&base.h, delta.h);
      if (!result.compatible) return Error("histograms do not fit");
    }
    return {};
  }

  Result<std::vector<double>> List() {
    if (!Take("[")) return Error("list expected");
    std::vector<double> out;
    while (true) {
      SkipBlanks();
      if (Take("]")) return out;
      CACHESCOPE_ASSIGN_OR_RETURN(const double value, Number());
      out.push_back(value);
    }
  }

  Status ReadHistogram(SeriesPoint* out) {
    if (!Take("{{")) return Error("histogram expected");
    std::int32_t offset = 0;
    std::int32_t negative_offset = 0;
    while (true) {
      SkipBlanks();
      if (Take("}}")) break;
      const std::size_t colon = text_.find(':');
      if (colon == std::string_view::npos) return Error("field expected");
      const std::string_view key = text_.substr(0, colon);
      text_.remove_prefix(colon + 1);
      CACHESCOPE_RETURN_IF_ERROR(ReadField(key, out, &offset, &negative_offset));
    }
    FloatHistogram& h = out->h;
    const auto spans = [](std::int32_t at, const std::vector<double>& buckets) {
      return buckets.empty() ? std::vector<BucketSpan>()
                             : std::vector<BucketSpan>{{at, static_cast<std::uint32_t>(buckets.size())}};
    };
    h.positive_spans = spans(offset, h.positive_buckets);
    h.negative_spans = spans(negative_offset, h.negative_buckets);
    return {};
  }

  Status ReadField(std::string_view key, SeriesPoint* out, std::int32_t* offset, std::int32_t* negative_offset) {
    FloatHistogram& h = out->h;
    if (key == "buckets" || key == "n_buckets" || key == "custom_values") {
      CACHESCOPE_ASSIGN_OR_RETURN(std::vector<double> list, List());
      (key == "buckets"     ? h.positive_buckets
       : key == "n_buckets" ? h.negative_buckets
                            : h.custom_values) = std::move(list);
      return {};
    }
    if (key == "counter_reset_hint") {
      out->hint_given = true;
      if (Take("unknown")) {
        h.reset_hint = CounterResetHint::kUnknown;
      } else if (Take("reset")) {
        h.reset_hint = CounterResetHint::kReset;
      } else if (Take("not_reset")) {
        h.reset_hint = CounterResetHint::kNotReset;
      } else if (Take("gauge")) {
        h.reset_hint = CounterResetHint::kGauge;
      } else {
        return Error("unknown counter reset hint");
      }
      return {};
    }
    CACHESCOPE_ASSIGN_OR_RETURN(const double value, Number());
    if (key == "schema") {
      h.schema = static_cast<std::int32_t>(value);
    } else if (key == "offset") {
      *offset = static_cast<std::int32_t>(value);
    } else if (key == "n_offset") {
      *negative_offset = static_cast<std::int32_t>(value);
    } else if (key == "sum") {
      h.sum = value;
    } else if (key == "count") {
      h.count = value;
    } else if (key == "z_bucket") {
      h.zero_count = value;
    } else if (key == "z_bucket_w") {
      h.zero_threshold = value;
    } else {
      return Error("unknown histogram field");
    }
    return {};
  }

  std::string_view text_;
};

}  // namespace

Result<std::vector<SeriesPoint>> ParseSeriesValues(std::string_view text) { return ValueReader(text).Read(); }

Result<SeriesLine> ParseSeriesLine(std::string_view line) {
  SeriesLine out;
  std::string_view rest;
  CACHESCOPE_ASSIGN_OR_RETURN(out.labels, ParseMetricPrefix(line, &rest));
  CACHESCOPE_ASSIGN_OR_RETURN(out.points, ParseSeriesValues(rest));
  return out;
}

}  // namespace cachescope::promql
