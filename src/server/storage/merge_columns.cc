#include "server/storage/merge_columns.h"

#include <iterator>

namespace cachescope::storage {
namespace {

// What stands behind `mark`, taken out.
SampleColumns Cut(ColumnsMark mark, SampleColumns* columns) {
  SampleColumns out;
  const auto floats = static_cast<std::ptrdiff_t>(mark.floats);
  const auto move_tail = [](auto* from, std::ptrdiff_t at, auto* to) {
    if (static_cast<std::ptrdiff_t>(from->size()) <= at) return;
    to->assign(std::make_move_iterator(from->begin() + at), std::make_move_iterator(from->end()));
    from->erase(from->begin() + at, from->end());
  };
  move_tail(&columns->timestamps, floats, &out.timestamps);
  move_tail(&columns->values, floats, &out.values);
  move_tail(&columns->starts, floats, &out.starts);
  move_tail(&columns->histograms, static_cast<std::ptrdiff_t>(mark.histograms), &out.histograms);
  return out;
}

TimestampMs TimeOf(TimestampMs t) { return t; }
TimestampMs TimeOf(const HistogramSample& sample) { return sample.t; }

// Walks ascending times and tells whether they hold the ones asked for, which ascend too.
template <typename Column>
class Walk {
 public:
  explicit Walk(const Column& column) : at_(column.begin()), end_(column.end()) {}
  bool Holds(TimestampMs t) {
    while (at_ != end_ && TimeOf(*at_) < t) ++at_;
    return at_ != end_ && TimeOf(*at_) == t;
  }

 private:
  typename Column::const_iterator at_;
  typename Column::const_iterator end_;
};

void AppendFloat(const SampleColumns& from, std::size_t i, SampleColumns* out) {
  out->timestamps.push_back(from.timestamps[i]);
  out->values.push_back(from.values[i]);
  if (i < from.starts.size() && from.starts[i] != 0) {
    out->starts.resize(out->timestamps.size());
    out->starts.back() = from.starts[i];
  }
}

void MergeFloats(const SampleColumns& older, const SampleColumns& newer, SampleColumns* out) {
  Walk hidden_by(newer.histograms);
  std::size_t a = 0;
  std::size_t b = 0;
  while (a < older.timestamps.size() || b < newer.timestamps.size()) {
    const bool take_older =
        b == newer.timestamps.size() || (a < older.timestamps.size() && older.timestamps[a] < newer.timestamps[b]);
    if (!take_older) {
      if (a < older.timestamps.size() && older.timestamps[a] == newer.timestamps[b]) ++a;
      AppendFloat(newer, b++, out);
    } else if (hidden_by.Holds(older.timestamps[a])) {
      ++a;
    } else {
      AppendFloat(older, a++, out);
    }
  }
}

void MergeHistograms(SampleColumns& older, SampleColumns& newer, SampleColumns* out) {
  Walk hidden_by(newer.timestamps);
  auto a = older.histograms.begin();
  auto b = newer.histograms.begin();
  while (a != older.histograms.end() || b != newer.histograms.end()) {
    const bool take_older = b == newer.histograms.end() || (a != older.histograms.end() && a->t < b->t);
    if (!take_older) {
      if (a != older.histograms.end() && a->t == b->t) ++a;
      out->histograms.push_back(std::move(*b++));
    } else if (hidden_by.Holds(a->t)) {
      ++a;
    } else {
      out->histograms.push_back(std::move(*a++));
    }
  }
}

}  // namespace

void MergeTail(ColumnsMark begin, ColumnsMark middle, SampleColumns* columns) {
  const bool has_floats = columns->timestamps.size() > middle.floats;
  const bool has_histograms = columns->histograms.size() > middle.histograms;
  TimestampMs last = INT64_MIN;
  if (middle.floats > begin.floats) last = std::max(last, columns->timestamps[middle.floats - 1]);
  if (middle.histograms > begin.histograms) last = std::max(last, columns->histograms[middle.histograms - 1].t);
  const bool had_any = middle.floats > begin.floats || middle.histograms > begin.histograms;
  const bool overlaps = (has_floats && columns->timestamps[middle.floats] <= last) ||
                        (has_histograms && columns->histograms[middle.histograms].t <= last);
  if (!had_any || !overlaps) return;
  SampleColumns newer = Cut(middle, columns);
  SampleColumns older = Cut(begin, columns);
  MergeFloats(older, newer, columns);
  MergeHistograms(older, newer, columns);
}

void MergeColumns(SampleColumns* older, SampleColumns* newer) {
  const ColumnsMark middle = ColumnsMark::EndOf(*older);
  const auto append = [](auto* to, auto* from) {
    to->insert(to->end(), std::make_move_iterator(from->begin()), std::make_move_iterator(from->end()));
  };
  if (!newer->starts.empty()) {
    older->starts.resize(middle.floats);
    append(&older->starts, &newer->starts);
  }
  append(&older->timestamps, &newer->timestamps);
  append(&older->values, &newer->values);
  append(&older->histograms, &newer->histograms);
  MergeTail({}, middle, older);
}

}  // namespace cachescope::storage
