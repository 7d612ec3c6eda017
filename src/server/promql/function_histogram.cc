// histogram_count, _sum, _avg, _stddev, _stdvar, histogram_quantile, histogram_quantiles, histogram_fraction.
#include <absl/container/flat_hash_map.h>

#include <cmath>

#include "base/number.h"
#include "server/promql/eval_histogram.h"
#include "server/promql/eval_quantile.h"
#include "server/promql/function_call.h"

namespace cachescope::promql {
namespace {

// A classic histogram: its buckets are rows of the input.
struct ClassicHistogram {
  Labels labels;  // without le
  bool drop_name = false;
  std::vector<std::pair<double, std::size_t>> buckets;  // upper bound, row
};

// The histograms in a vector, found once for all steps.
struct HistogramInput {
  SeriesBlock block;
  std::vector<ClassicHistogram> classic;
  // Per row that is no classic bucket: the classic histogram of the same name and labels, or -1.
  std::vector<std::ptrdiff_t> twin;
};

bool IsBadBucketStep(const SeriesBlock& block, std::size_t row) {
  for (std::size_t step = 0; step < block.steps(); ++step) {
    if (block.cells(row)[step] == Cell::kFloat) return true;
  }
  return false;
}

HistogramInput SplitHistograms(const CallContext& c, SeriesBlock block, Position pos) {
  HistogramInput in;
  in.block = std::move(block);
  const bool delayed = c.ev.options().delayed_name_removal;
  absl::flat_hash_map<std::string, std::size_t> found;
  for (std::size_t row = 0; row < in.block.rows(); ++row) {
    const Labels& labels = in.block.labels(row);
    if (!IsBadBucketStep(in.block, row)) continue;  // no float at all
    const std::string_view le = labels.Get(kBucketLabel);
    const std::optional<double> upper = ParseFloat(le);
    if (!upper.has_value()) {
      c.ev.annotations().BadBucketLabel(delayed ? labels.metric_name() : std::string_view(), le, pos);
      continue;
    }
    LabelsBuilder builder(labels);
    builder.Delete(kBucketLabel);
    Labels rest = builder.Build();
    auto [it, inserted] = found.try_emplace(rest.bytes(), in.classic.size());
    if (inserted) in.classic.push_back({std::move(rest), in.block.drop_name(row), {}});
    in.classic[it->second].buckets.emplace_back(*upper, row);
  }
  in.twin.assign(in.block.rows(), -1);
  for (std::size_t row = 0; row < in.block.rows(); ++row) {
    const auto it = found.find(in.block.labels(row).bytes());
    if (it != found.end()) in.twin[row] = static_cast<std::ptrdiff_t>(it->second);
  }
  return in;
}

// The buckets a classic histogram has at a step.
void GatherBuckets(const HistogramInput& in, const ClassicHistogram& classic, std::size_t step,
                   std::vector<ClassicBucket>* out) {
  out->clear();
  for (const auto& [upper, row] : classic.buckets) {
    if (in.block.cells(row)[step] == Cell::kFloat) out->push_back({upper, in.block.values(row)[step]});
  }
}

// Calls native(row, step, histogram) and classic(index, step, buckets) for every histogram that is alone under its
// labels.
template <typename Native, typename Classic>
Status VisitHistograms(const CallContext& c, const HistogramInput& in, Position pos, Native native, Classic classic) {
  std::vector<unsigned char> conflict(in.classic.size());
  std::vector<ClassicBucket> buckets;
  for (std::size_t step = 0; step < in.block.steps(); ++step) {
    CACHESCOPE_RETURN_IF_ERROR(c.ev.Check());
    conflict.assign(in.classic.size(), 0);
    if (in.block.has_histograms()) {
      for (std::size_t row = 0; row < in.block.rows(); ++row) {
        if (in.block.cells(row)[step] != Cell::kHistogram) continue;
        const std::ptrdiff_t twin = in.twin[row];
        if (twin >= 0) GatherBuckets(in, in.classic[static_cast<std::size_t>(twin)], step, &buckets);
        if (twin < 0 || buckets.empty()) {
          native(row, step, *in.block.histogram(row, step));
          continue;
        }
        conflict[static_cast<std::size_t>(twin)] = 1;
        const bool delayed = c.ev.options().delayed_name_removal;
        c.ev.annotations().MixedClassicNative(delayed ? in.block.labels(row).metric_name() : std::string_view(), pos);
      }
    }
    for (std::size_t i = 0; i < in.classic.size(); ++i) {
      if (conflict[i] != 0) continue;
      GatherBuckets(in, in.classic[i], step, &buckets);
      if (!buckets.empty()) classic(i, step, &buckets);
    }
  }
  return {};
}

// Output rows for native rows and classic histograms, made when first needed.
class OutputRows {
 public:
  OutputRows(const HistogramInput& in, SeriesBlock* out, std::string label, std::string value)
      : in_(in), out_(*out), label_(std::move(label)), value_(std::move(value)) {
    native_.assign(in.block.rows(), kUnset);
    classic_.assign(in.classic.size(), kUnset);
  }
  void SetNative(std::size_t row, std::size_t step, double v) {
    if (native_[row] == kUnset) native_[row] = Add(in_.block.labels(row), in_.block.drop_name(row));
    out_.SetFloat(native_[row], step, v);
  }
  void SetClassic(std::size_t index, std::size_t step, double v) {
    if (classic_[index] == kUnset) classic_[index] = Add(in_.classic[index].labels, in_.classic[index].drop_name);
    out_.SetFloat(classic_[index], step, v);
  }

 private:
  static constexpr std::size_t kUnset = static_cast<std::size_t>(-1);
  std::size_t Add(const Labels& labels, bool drop) {
    if (label_.empty()) return out_.AddRow(labels, drop);
    LabelsBuilder builder(labels);
    builder.Set(label_, value_);
    return out_.AddRow(builder.Build(), drop);
  }
  const HistogramInput& in_;
  SeriesBlock& out_;
  std::string label_;
  std::string value_;
  std::vector<std::size_t> native_;
  std::vector<std::size_t> classic_;
};

void NoteQuantile(const CallContext& c, const std::vector<double>& q, Position pos) {
  for (double v : q) {
    if (std::isnan(v) || v < 0 || v > 1) c.ev.annotations().InvalidQuantile(v, pos);
  }
}

// One quantile of all histograms; `vector_pos` is where the vector stands in the query.
Status AddQuantile(const CallContext& c, const HistogramInput& in, const std::vector<double>& q, Position vector_pos,
                   OutputRows* out) {
  Annotations& notes = c.ev.annotations();
  const bool delayed = c.ev.options().delayed_name_removal;
  return VisitHistograms(
      c, in, vector_pos,
      [&](std::size_t row, std::size_t step, const FloatHistogram& h) {
        const double v = HistogramQuantile(q[step], h);
        if (std::isnan(h.sum) && h.count != 0 && q[step] >= 0 && q[step] <= 1) {
          notes.QuantileOfNan(in.block.labels(row).metric_name(), !std::isnan(v), vector_pos);
        }
        out->SetNative(row, step, v);
      },
      [&](std::size_t index, std::size_t step, std::vector<ClassicBucket>* buckets) {
        const BucketQuantileResult r = BucketQuantile(q[step], buckets);
        if (r.forced_monotonic) {
          notes.ForcedMonotonicity(delayed ? in.classic[index].labels.metric_name() : std::string_view(), vector_pos,
                                   c.grid.At(step), r.min_bucket, r.max_bucket, r.max_diff);
        }
        out->SetClassic(index, step, r.value);
      });
}

// As quantile labels are written: whole numbers get a decimal, "1.0".
std::string QuantileText(double q) {
  std::string text = FormatExpositionFloat(q);
  if (std::isfinite(q) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

double Property(std::string_view name, const FloatHistogram& h) {
  if (name == "histogram_count") return h.count;
  if (name == "histogram_sum") return h.sum;
  if (name == "histogram_avg") return h.sum / h.count;
  const double variance = HistogramVariance(h);
  return name == "histogram_stddev" ? std::sqrt(variance) : variance;
}

}  // namespace

Result<Value> CallHistogramProperty(const CallContext& c) {
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block, c.Vector(0));
  for (std::size_t row = 0; row < block.rows(); ++row) {
    for (std::size_t step = 0; step < block.steps(); ++step) {
      const Cell cell = block.cells(row)[step];
      if (cell == Cell::kFloat) block.Clear(row, step);
      if (cell == Cell::kHistogram) block.SetFloat(row, step, Property(c.name(), *block.histogram(row, step)));
    }
  }
  block.RemoveEmptyRows();
  return NamelessVector(&c.ev, std::move(block));
}

Result<Value> CallHistogramQuantile(const CallContext& c) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<double> q, c.Scalar(0));
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block, c.Vector(1));
  NoteQuantile(c, q, c.arg(0).pos);
  const HistogramInput in = SplitHistograms(c, std::move(block), c.arg(1).pos);
  SeriesBlock out(c.grid.steps);
  OutputRows rows(in, &out, "", "");
  CACHESCOPE_RETURN_IF_ERROR(AddQuantile(c, in, q, c.arg(1).pos, &rows));
  return NamelessVector(&c.ev, std::move(out));
}

Result<Value> CallHistogramQuantiles(const CallContext& c) {
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block, c.Vector(0));
  const std::string& label = c.text(1);
  const HistogramInput in = SplitHistograms(c, std::move(block), c.arg(0).pos);
  SeriesBlock out(c.grid.steps);
  for (std::size_t i = 2; i < c.args(); ++i) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<double> q, c.Scalar(i));
    NoteQuantile(c, q, c.arg(i).pos);
    // A quantile that changes from step to step has a series per value.
    for (std::size_t first = 0; first < q.size(); ++first) {
      const auto same = [&](std::size_t step) {
        return q[step] == q[first] || (std::isnan(q[step]) && std::isnan(q[first]));
      };
      bool seen = false;
      for (std::size_t step = 0; step < first && !seen; ++step) seen = same(step);
      if (seen) continue;
      SeriesBlock part(c.grid.steps);
      OutputRows rows(in, &part, label, QuantileText(q[first]));
      CACHESCOPE_RETURN_IF_ERROR(AddQuantile(c, in, q, c.arg(0).pos, &rows));
      for (std::size_t row = 0; row < part.rows(); ++row) {
        for (std::size_t step = 0; step < q.size(); ++step) {
          if (!same(step)) part.Clear(row, step);
        }
        out.CopyRow(part, row);
      }
    }
  }
  out.RemoveEmptyRows();
  return NamelessVector(&c.ev, std::move(out));
}

Result<Value> CallHistogramFraction(const CallContext& c) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<double> lower, c.Scalar(0));
  CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<double> upper, c.Scalar(1));
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block, c.Vector(2));
  const Position pos = c.arg(2).pos;
  const HistogramInput in = SplitHistograms(c, std::move(block), pos);
  SeriesBlock out(c.grid.steps);
  OutputRows rows(in, &out, "", "");
  CACHESCOPE_RETURN_IF_ERROR(VisitHistograms(
      c, in, pos,
      [&](std::size_t row, std::size_t step, const FloatHistogram& h) {
        if (std::isnan(h.sum) && h.count != 0) {
          c.ev.annotations().FractionOfNan(in.block.labels(row).metric_name(), pos);
        }
        rows.SetNative(row, step, HistogramFraction(lower[step], upper[step], h));
      },
      [&](std::size_t index, std::size_t step, std::vector<ClassicBucket>* buckets) {
        rows.SetClassic(index, step, BucketFraction(lower[step], upper[step], buckets));
      }));
  return NamelessVector(&c.ev, std::move(out));
}

}  // namespace cachescope::promql
