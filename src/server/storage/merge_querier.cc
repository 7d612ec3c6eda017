#include "server/storage/merge_querier.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "server/storage/merge_columns.h"
#include "server/storage/merged_list.h"

namespace cachescope::storage {
namespace {

class MergedSeries final : public Series {
 public:
  struct Part {
    std::unique_ptr<Series> series;
    TimestampMs maxt;
  };
  explicit MergedSeries(std::vector<Part> parts) : parts_(std::move(parts)) {}

  const Labels& labels() const override { return parts_.front().series->labels(); }
  Status Read(TimestampMs mint, TimestampMs maxt, SampleColumns* out) const override {
    return ReadMerged(
        parts_, [&](const Part& part, SampleColumns* to) { return part.series->Read(mint, maxt, to); }, out);
  }
  Status ReadNewest(TimestampMs mint, TimestampMs maxt, SampleColumns* out) const override {
    return ReadNewestMerged(
        parts_,
        [&](const Part& part, TimestampMs from, SampleColumns* to) { return part.series->ReadNewest(from, maxt, to); },
        mint, out);
  }

 private:
  const std::vector<Part> parts_;
};

bool SeriesLess(const std::unique_ptr<Series>& a, const std::unique_ptr<Series>& b) {
  return a->labels() < b->labels();
}

void AddWarning(std::string warning, std::vector<std::string>* warnings) {
  if (std::find(warnings->begin(), warnings->end(), warning) == warnings->end()) {
    warnings->push_back(std::move(warning));
  }
}

// One result of each part that answered, and what went wrong in the others.
template <typename T>
struct Answers {
  std::vector<T> values;
  std::vector<TimestampMs> maxts;
  std::vector<std::string> warnings;
};

bool IsDamage(Code code) { return code == Code::kCorruption || code == Code::kIoError || code == Code::kNotFound; }

// A cursor for each set, the smallest labels on top; of equal ones the older part's.
class SetHeap {
 public:
  explicit SetHeap(std::vector<SeriesSet>& sets) : sets_(sets), at_(sets.size(), 0) {
    for (std::size_t i = 0; i < sets.size(); ++i) Push(i);
  }
  bool empty() const { return heap_.empty(); }
  const Labels& labels() const { return Top(heap_.front())->labels(); }
  // Takes the series out; `part` is its set.
  std::unique_ptr<Series> Pop(std::size_t* part) {
    std::pop_heap(heap_.begin(), heap_.end(), After{this});
    *part = heap_.back();
    heap_.pop_back();
    std::unique_ptr<Series> series = std::move(sets_[*part].series[at_[*part]]);
    ++at_[*part];
    Push(*part);
    return series;
  }

 private:
  struct After {
    const SetHeap* heap;
    bool operator()(std::size_t a, std::size_t b) const {
      const int order = Labels::Compare(heap->Top(a)->labels(), heap->Top(b)->labels());
      return order != 0 ? order > 0 : a > b;
    }
  };
  const std::unique_ptr<Series>& Top(std::size_t part) const { return sets_[part].series[at_[part]]; }
  void Push(std::size_t part) {
    if (at_[part] == sets_[part].series.size()) return;
    heap_.push_back(part);
    std::push_heap(heap_.begin(), heap_.end(), After{this});
  }

  std::vector<SeriesSet>& sets_;
  std::vector<std::size_t> at_;
  std::vector<std::size_t> heap_;
};

class MergeQuerier final : public Querier {
 public:
  explicit MergeQuerier(std::vector<MergePart> parts) : parts_(std::move(parts)) {}

  Result<SeriesSet> Select(bool sorted, const SelectHints& hints, const std::vector<Matcher>& matchers) override {
    // A limit cuts every part at the same place only when they are sorted.
    const bool ask_sorted = sorted || hints.limit != 0;
    CACHESCOPE_ASSIGN_OR_RETURN(Answers<SeriesSet> answers, Ask<SeriesSet>([&](Querier& querier) {
                                  return querier.Select(ask_sorted, hints, matchers);
                                }));
    SeriesSet out;
    for (SeriesSet& set : answers.values) {
      for (std::string& warning : set.warnings) AddWarning(std::move(warning), &out.warnings);
    }
    for (std::string& warning : answers.warnings) AddWarning(std::move(warning), &out.warnings);
    const auto has_series = [](const SeriesSet& set) { return !set.series.empty(); };
    const auto with_series = std::count_if(answers.values.begin(), answers.values.end(), has_series);
    if (with_series == 0) return out;
    if (with_series == 1) {
      out.series = std::move(std::find_if(answers.values.begin(), answers.values.end(), has_series)->series);
      return out;
    }
    if (!ask_sorted) {
      for (SeriesSet& set : answers.values) {
        if (!std::is_sorted(set.series.begin(), set.series.end(), SeriesLess))
          std::sort(set.series.begin(), set.series.end(), SeriesLess);
      }
    }
    Merge(answers, hints.limit, &out.series);
    return out;
  }

  Result<std::shared_ptr<const SeriesList>> SelectList(const SelectHints& hints,
                                                       const std::vector<Matcher>& matchers) override {
    if (hints.limit != 0) return Querier::SelectList(hints, matchers);
    using List = std::shared_ptr<const SeriesList>;
    CACHESCOPE_ASSIGN_OR_RETURN(Answers<List> answers,
                                Ask<List>([&](Querier& querier) { return querier.SelectList(hints, matchers); }));
    std::vector<std::string> warnings;
    std::vector<MergedListPart> lists;
    for (std::size_t i = 0; i < answers.values.size(); ++i) {
      for (const std::string& warning : answers.values[i]->warnings) AddWarning(warning, &warnings);
      if (answers.values[i]->size() > 0) lists.push_back({answers.values[i], answers.maxts[i]});
    }
    for (std::string& warning : answers.warnings) AddWarning(std::move(warning), &warnings);
    if (lists.size() == 1 && lists.front().list->warnings == warnings) return lists.front().list;
    return MergeLists(std::move(lists), std::move(warnings));
  }

  Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>& matchers, std::size_t limit) override {
    return Texts(limit, [&](Querier& querier) { return querier.LabelNames(matchers, limit); });
  }
  Result<std::vector<std::string>> LabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                               std::size_t limit) override {
    return Texts(limit, [&](Querier& querier) { return querier.LabelValues(name, matchers, limit); });
  }
  Status VisitLabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                          const std::function<bool(std::string_view)>& visit) override;

 private:
  // What is not damage, or damage in every part, is the error.
  template <typename T, typename Question>
  Result<Answers<T>> Ask(const Question& question) {
    Answers<T> out;
    Status first_damage;
    for (MergePart& part : parts_) {
      Result<T> answer = question(*part.querier);
      if (answer.ok()) {
        out.values.push_back(std::move(answer).value());
        out.maxts.push_back(part.maxt);
        continue;
      }
      if (!IsDamage(answer.status().code())) return answer.status();
      AddWarning(std::string(answer.status().message()), &out.warnings);
      if (first_damage.ok()) first_damage = answer.status();
    }
    if (out.values.empty() && !first_damage.ok()) return first_damage;
    return out;
  }

  static void Merge(Answers<SeriesSet>& answers, std::size_t limit, std::vector<std::unique_ptr<Series>>* out) {
    SetHeap heap(answers.values);
    while (!heap.empty() && (limit == 0 || out->size() < limit)) {
      std::size_t part = 0;
      std::unique_ptr<Series> first = heap.Pop(&part);
      if (heap.empty() || !(heap.labels() == first->labels())) {
        out->push_back(std::move(first));
        continue;
      }
      std::vector<MergedSeries::Part> same;
      same.push_back({std::move(first), answers.maxts[part]});
      while (!heap.empty() && heap.labels() == same.front().series->labels()) {
        std::unique_ptr<Series> next = heap.Pop(&part);
        same.push_back({std::move(next), answers.maxts[part]});
      }
      out->push_back(std::make_unique<MergedSeries>(std::move(same)));
    }
  }

  template <typename Question>
  Result<std::vector<std::string>> Texts(std::size_t limit, const Question& question) {
    using List = std::vector<std::string>;
    CACHESCOPE_ASSIGN_OR_RETURN(Answers<List> answers, Ask<List>(question));
    List out;
    for (List& texts : answers.values) {
      List both;
      both.reserve(out.size() + texts.size());
      std::set_union(std::make_move_iterator(out.begin()), std::make_move_iterator(out.end()),
                     std::make_move_iterator(texts.begin()), std::make_move_iterator(texts.end()),
                     std::back_inserter(both));
      out = std::move(both);
    }
    if (limit != 0 && out.size() > limit) out.resize(limit);
    return out;
  }

  std::vector<MergePart> parts_;
};

// One part at most is visited, the others show what they have: so nothing is copied. Else all is.
Status MergeQuerier::VisitLabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                      const std::function<bool(std::string_view)>& visit) {
  std::vector<std::string_view> known;
  Querier* visited = nullptr;
  for (MergePart& part : parts_) {
    const auto views = part.querier->LabelValueViews(name, matchers);
    if (!views.has_value()) {
      if (visited != nullptr) return Querier::VisitLabelValues(name, matchers, visit);
      visited = part.querier.get();
      continue;
    }
    std::vector<std::string_view> both;
    both.reserve(known.size() + views->size());
    std::set_union(known.begin(), known.end(), views->begin(), views->end(), std::back_inserter(both));
    known = std::move(both);
  }
  auto next = known.begin();
  bool wanted = true;
  Status status;
  if (visited != nullptr) {
    status = visited->VisitLabelValues(name, matchers, [&](std::string_view value) {
      for (; wanted && next != known.end() && *next < value; ++next) wanted = visit(*next);
      if (wanted && next != known.end() && *next == value) ++next;
      return wanted = wanted && visit(value);
    });
    if (!status.ok() && (!IsDamage(status.code()) || parts_.size() == 1)) return status;
  }
  for (; wanted && next != known.end(); ++next) wanted = visit(*next);
  return {};
}

}  // namespace

std::unique_ptr<Querier> MergeQueriers(std::vector<MergePart> parts) {
  if (parts.size() == 1) return std::move(parts.front().querier);
  return std::make_unique<MergeQuerier>(std::move(parts));
}

std::unique_ptr<Querier> MergeQueriers(std::vector<std::unique_ptr<Querier>> parts) {
  std::vector<MergePart> out;
  for (std::unique_ptr<Querier>& part : parts) out.push_back({std::move(part), MergePart::kByOrder});
  return MergeQueriers(std::move(out));
}

std::unique_ptr<Series> MergeSeries(std::vector<std::unique_ptr<Series>> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  std::vector<MergedSeries::Part> out;
  for (std::unique_ptr<Series>& part : parts) out.push_back({std::move(part), MergePart::kByOrder});
  return std::make_unique<MergedSeries>(std::move(out));
}

}  // namespace cachescope::storage
