#include "server/storage/tsdb/cardinality.h"

#include <algorithm>
#include <string_view>

#include "server/storage/tsdb/label_index.h"

namespace cachescope::tsdb {
namespace {

// Keeps the largest entries in a heap whose front is the one to be replaced next.
class Top {
 public:
  explicit Top(std::size_t size) : size_(size) {}
  // `name` is a function, so that losers cost no string.
  template <typename Name>
  void Offer(std::uint64_t count, const Name& name) {
    if (size_ == 0 || (heap_.size() == size_ && count < heap_.front().count)) return;
    NamedCount entry{name(), count};
    if (heap_.size() == size_) {
      if (!Larger(entry, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), Larger);
      heap_.pop_back();
    }
    heap_.push_back(std::move(entry));
    std::push_heap(heap_.begin(), heap_.end(), Larger);
  }
  std::vector<NamedCount> Take() {
    std::sort(heap_.begin(), heap_.end(), Larger);
    return std::move(heap_);
  }

 private:
  static bool Larger(const NamedCount& a, const NamedCount& b) {
    return a.count != b.count ? a.count > b.count : a.name < b.name;
  }
  std::size_t size_;
  std::vector<NamedCount> heap_;
};

}  // namespace

Cardinality LabelIndex::Count(std::size_t top) const {
  Top metrics(top);
  Top values_of(top);
  Top bytes_of(top);
  Top pairs(top);
  Cardinality out;
  for (const std::string& name : Names()) {
    std::uint64_t values = 0;
    std::uint64_t bytes = 0;
    VisitValues(name, [&](const std::string& value, RefSpan refs) {
      ++values;
      bytes += value.size() * refs.size();
      if (name == kMetricName) metrics.Offer(refs.size(), [&] { return value; });
      pairs.Offer(refs.size(), [&] { return name + "=" + value; });
      return true;
    });
    out.label_pairs += values;
    values_of.Offer(values, [&] { return name; });
    bytes_of.Offer(bytes, [&] { return name; });
  }
  out.series = All().size();
  out.series_by_metric = metrics.Take();
  out.values_by_label = values_of.Take();
  out.bytes_by_label = bytes_of.Take();
  out.series_by_label_pair = pairs.Take();
  return out;
}

}  // namespace cachescope::tsdb
