// LabelIndex: label name → value → postings, and how matchers become postings.
//
// Values of a name are sorted, so that listings and prefixes are ranges; each name and each value of a name is stored
// once. References are handed out here and ascend, so postings grow at their end. Thread-safe: one reader-writer lock,
// which long scans over values give up every kSliceValues values, so that new series do not wait for a regular
// expression.
#pragma once

#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "model/labels.h"
#include "model/matcher.h"
#include "server/storage/tsdb/cardinality.h"
#include "server/storage/tsdb/postings.h"

namespace cachescope::tsdb {

// Ascending references; series that fail a matcher of `residual` (pointing into the argument of Find) are not results.
// Testing these on the labels of the candidates is cheaper than building their postings.
struct Candidates {
  RefList refs;
  std::vector<const Matcher*> residual;
};

struct DeadSeries {
  SeriesRef ref = 0;
  const Labels* labels = nullptr;
};

class LabelIndex {
 public:
  static constexpr std::size_t kSliceValues = 1024;

  LabelIndex();
  ~LabelIndex();

  // Lists a new series and returns its reference, 0 when there are no more. `publish(ref)` runs first, under the lock:
  // the series must be found by reference before anybody finds the reference here.
  SeriesRef Add(const Labels& labels, const std::function<void(SeriesRef)>& publish);
  // Lists a series that has its reference already. Single-threaded use before anything else, in ascending order of
  // references.
  void Load(const Labels& labels, SeriesRef ref);
  // No reference up to this one is given out any more.
  void SkipTo(SeriesRef newest);
  // `dead` ascends by reference. Locks once per label name.
  void Remove(const std::vector<DeadSeries>& dead);

  // An empty list of matchers means every series.
  Candidates Find(const std::vector<Matcher>& matchers) const;
  RefList All() const;

  // Sorted.
  std::vector<std::string> Names() const;
  // In sorted order until `visit` returns false. `visit` runs under the lock and must not call this index.
  void VisitValues(std::string_view name, const std::function<bool(const std::string&, RefSpan)>& visit) const;

  std::size_t CountValues(std::string_view name) const { return ValueCount(name); }

  // The `top` largest of each kind. Linear in the label pairs.
  Cardinality Count(std::size_t top) const;
  std::size_t MemoryBytes() const;

 private:
  struct NameMap;
  struct Plan;

  void Insert(const Labels& labels, SeriesRef ref);
  RefList FindExact(const std::vector<const Matcher*>& matchers) const;
  RefList Union(const Matcher& matcher) const;
  RefList Scan(const Matcher& matcher, bool accepted) const;
  std::size_t ValueCount(std::string_view name) const;
  void Include(const Plan& plan, Candidates* out) const;
  void Exclude(const Plan& plan, Candidates* out) const;

  mutable std::shared_mutex mu_;
  // Guarded by mu_.
  std::unique_ptr<NameMap> names_;
  PostingList all_;
  SeriesRef newest_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace cachescope::tsdb
