#include "server/promql/eval_histogram_layout.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "cachescope/detail/exponential_bounds.h"

namespace cachescope::promql {

IndexedBuckets DecodeBuckets(const std::vector<BucketSpan>& spans, const std::vector<double>& counts) {
  IndexedBuckets out;
  out.reserve(counts.size());
  std::int64_t index = 0;
  std::size_t next = 0;
  for (const BucketSpan& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length && next < counts.size(); ++i) {
      out.push_back({static_cast<std::int32_t>(index++), counts[next++], 0});
    }
  }
  return out;
}

void EncodeBuckets(const IndexedBuckets& buckets, std::vector<BucketSpan>* spans, std::vector<double>* counts) {
  spans->clear();
  counts->clear();
  std::int64_t next = 0;
  for (const IndexedBucket& bucket : buckets) {
    if (spans->empty() || bucket.index != next) {
      spans->push_back({static_cast<std::int32_t>(bucket.index - next), 0});
    }
    ++spans->back().length;
    counts->push_back(bucket.count);
    next = std::int64_t{bucket.index} + 1;
  }
}

double ExponentialBound(std::int32_t index, std::int32_t schema) {
  if (schema <= 0) {
    const std::int64_t exponent = std::int64_t{index} << std::min(-schema, 32);
    if (exponent == 1024) return std::numeric_limits<double>::max();  // the bucket before the one that holds only +Inf
    return std::ldexp(1.0, static_cast<int>(std::clamp<std::int64_t>(exponent, -5000, 5000)));
  }
  const std::int32_t per_octave = std::int32_t{1} << schema;
  const std::int32_t part = index & (per_octave - 1);
  const std::int32_t exponent = (index - part) / per_octave;
  if (part == 0 && exponent == 1024) return std::numeric_limits<double>::max();
  // Upstream's doubles, which are not always the nearest ones. They are numbers of [1/2, 1).
  constexpr std::int32_t kFinest = 8;
  const std::uint64_t mantissa = detail::kBoundMantissas[part << (kFinest - schema)];
  return std::ldexp(std::bit_cast<double>(std::uint64_t{0x3fe} << 52 | mantissa), exponent + 1);
}

std::int32_t CoarserIndex(std::int32_t index, std::int32_t levels) { return ((index - 1) >> levels) + 1; }

void Coarsen(IndexedBuckets* buckets, std::int32_t levels) {
  if (levels <= 0 || buckets->empty()) return;
  std::size_t last = 0;
  for (std::size_t i = 0; i < buckets->size(); ++i) {
    IndexedBucket bucket = (*buckets)[i];
    bucket.index = CoarserIndex(bucket.index, levels);
    if (i > 0 && (*buckets)[last].index == bucket.index) {
      (*buckets)[last].count += bucket.count;
      (*buckets)[last].compensation += bucket.compensation;
    } else {
      if (i > 0) ++last;
      (*buckets)[last] = bucket;
    }
  }
  buckets->resize(last + 1);
}

void MapToBounds(IndexedBuckets* buckets, const std::vector<double>& from, const std::vector<double>& to) {
  IndexedBuckets out;
  for (const IndexedBucket& bucket : *buckets) {
    std::int32_t index = static_cast<std::int32_t>(to.size());
    if (bucket.index >= 0 && static_cast<std::size_t>(bucket.index) < from.size()) {
      const double upper = from[static_cast<std::size_t>(bucket.index)];
      index = static_cast<std::int32_t>(std::lower_bound(to.begin(), to.end(), upper) - to.begin());
    }
    if (!out.empty() && out.back().index == index) {
      out.back().count += bucket.count;
      out.back().compensation += bucket.compensation;
    } else {
      out.push_back({index, bucket.count, bucket.compensation});
    }
  }
  *buckets = std::move(out);
}

std::vector<double> CommonBounds(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> out;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

Layout::Layout(const FloatHistogram& h)
    : schema(h.schema),
      zero_threshold(h.zero_threshold),
      zero_count(h.zero_count),
      bounds(h.custom_values),
      positive(DecodeBuckets(h.positive_spans, h.positive_buckets)),
      negative(DecodeBuckets(h.negative_spans, h.negative_buckets)) {}

void Layout::CoarsenTo(std::int32_t to_schema) {
  if (to_schema >= schema) return;
  Coarsen(&positive, schema - to_schema);
  Coarsen(&negative, schema - to_schema);
  schema = to_schema;
}

namespace {

// The threshold a zero bucket widened to `threshold` ends up with, as far as one side is concerned.
double ThresholdFor(const IndexedBuckets& buckets, std::int32_t schema, double threshold) {
  for (const IndexedBucket& bucket : buckets) {
    if (ExponentialBound(bucket.index - 1, schema) >= threshold) break;
    const double upper = ExponentialBound(bucket.index, schema);
    if (upper > threshold) return bucket.count != 0 ? upper : threshold;
  }
  return threshold;
}

// Moves the buckets below the threshold into the zero bucket.
void Absorb(IndexedBuckets* buckets, std::int32_t schema, double threshold, double* count, double* compensation) {
  std::size_t n = 0;
  while (n < buckets->size() && ExponentialBound((*buckets)[n].index - 1, schema) < threshold) {
    *count += (*buckets)[n].count;
    *compensation += (*buckets)[n].compensation;
    ++n;
  }
  buckets->erase(buckets->begin(), buckets->begin() + static_cast<std::ptrdiff_t>(n));
}

}  // namespace

void Layout::WidenZero(double threshold) {
  if (threshold <= zero_threshold) return;
  while (true) {
    const double wanted =
        std::max(ThresholdFor(positive, schema, threshold), ThresholdFor(negative, schema, threshold));
    if (wanted == threshold) break;
    threshold = wanted;
  }
  Absorb(&positive, schema, threshold, &zero_count, &zero_compensation);
  Absorb(&negative, schema, threshold, &zero_count, &zero_compensation);
  zero_threshold = threshold;
}

void Layout::MapTo(const std::vector<double>& to) {
  MapToBounds(&positive, bounds, to);
  bounds = to;
}

void Layout::Store(FloatHistogram* h) const {
  h->schema = schema;
  h->zero_threshold = zero_threshold;
  h->zero_count = zero_count;
  h->custom_values = bounds;
  EncodeBuckets(positive, &h->positive_spans, &h->positive_buckets);
  EncodeBuckets(negative, &h->negative_spans, &h->negative_buckets);
}

bool Align(Layout* a, Layout* b, bool* bounds_reconciled) {
  const bool a_custom = a->schema == kCustomBucketsSchema;
  if (a_custom != (b->schema == kCustomBucketsSchema)) return false;
  if (a_custom) {
    if (a->bounds == b->bounds) return true;
    const std::vector<double> common = CommonBounds(a->bounds, b->bounds);
    a->MapTo(common);
    b->MapTo(common);
    *bounds_reconciled = true;
    return true;
  }
  while (a->zero_threshold != b->zero_threshold) {
    a->WidenZero(b->zero_threshold);
    b->WidenZero(a->zero_threshold);
  }
  const std::int32_t schema = std::min(a->schema, b->schema);
  a->CoarsenTo(schema);
  b->CoarsenTo(schema);
  return true;
}

}  // namespace cachescope::promql
