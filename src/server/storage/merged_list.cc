#include "server/storage/merged_list.h"

#include <absl/container/flat_hash_set.h>

#include <cstdint>

#include "server/storage/merge_columns.h"

namespace cachescope::storage {
namespace {

class MergedList final : public SeriesList {
 public:
  MergedList(std::vector<MergedListPart> parts, std::vector<std::string> all_warnings) : parts_(std::move(parts)) {
    warnings = std::move(all_warnings);
    Join();
  }

  std::size_t size() const override { return heads_.size(); }
  const Labels& labels(std::size_t index) const override { return LabelsOf(heads_[index]); }
  Status Read(std::size_t index, TimestampMs mint, TimestampMs maxt, SampleColumns* out) const override {
    const Place& only = places_[heads_[index]];
    if (only.next == kNone) return parts_[only.part].list->Read(only.index, mint, maxt, out);
    return ReadMerged(
        PartsOf(index),
        [&](const Part& part, SampleColumns* to) { return part.list->Read(part.index, mint, maxt, to); }, out);
  }
  Status ReadNewest(std::size_t index, TimestampMs mint, TimestampMs maxt, SampleColumns* out) const override {
    const Place& only = places_[heads_[index]];
    if (only.next == kNone) return parts_[only.part].list->ReadNewest(only.index, mint, maxt, out);
    return ReadNewestMerged(
        PartsOf(index),
        [&](const Part& part, TimestampMs from, SampleColumns* to) {
          return part.list->ReadNewest(part.index, from, maxt, to);
        },
        mint, out);
  }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  // Where a series stands in a part, and its next place in a later part.
  struct Place {
    std::uint32_t part;
    std::uint32_t index;
    std::uint32_t next;
  };
  struct Part {
    const SeriesList* list;
    std::size_t index;
    TimestampMs maxt;
  };
  struct HashPlace {
    using is_transparent = void;
    const MergedList* list;
    std::size_t operator()(std::uint32_t head) const { return list->LabelsOf(list->heads_[head]).Hash(); }
    std::size_t operator()(const Labels& labels) const { return labels.Hash(); }
  };
  struct SamePlace {
    using is_transparent = void;
    const MergedList* list;
    bool operator()(std::uint32_t a, std::uint32_t b) const { return a == b; }
    bool operator()(std::uint32_t head, const Labels& labels) const {
      return list->LabelsOf(list->heads_[head]) == labels;
    }
    bool operator()(const Labels& labels, std::uint32_t head) const { return (*this)(head, labels); }
  };

  const Labels& LabelsOf(std::uint32_t place) const {
    return parts_[places_[place].part].list->labels(places_[place].index);
  }

  // From the newest part on, so that each chain begins with the oldest.
  void Join() {
    std::size_t total = 0;
    std::size_t largest = 0;
    for (const MergedListPart& part : parts_) {
      total += part.list->size();
      largest = std::max(largest, part.list->size());
    }
    places_.reserve(total);
    heads_.reserve(largest);
    absl::flat_hash_set<std::uint32_t, HashPlace, SamePlace> known(largest, HashPlace{this}, SamePlace{this});
    for (std::size_t p = parts_.size(); p-- > 0;) {
      for (std::size_t i = 0; i < parts_[p].list->size(); ++i) {
        const auto place = static_cast<std::uint32_t>(places_.size());
        places_.push_back({static_cast<std::uint32_t>(p), static_cast<std::uint32_t>(i), kNone});
        const auto found = known.find(parts_[p].list->labels(i));
        if (found != known.end()) {
          places_[place].next = heads_[*found];
          heads_[*found] = place;
        } else {
          heads_.push_back(place);
          known.insert(static_cast<std::uint32_t>(heads_.size() - 1));
        }
      }
    }
  }

  std::vector<Part> PartsOf(std::size_t index) const {
    std::vector<Part> out;
    for (std::uint32_t at = heads_[index]; at != kNone; at = places_[at].next) {
      const MergedListPart& part = parts_[places_[at].part];
      out.push_back({part.list.get(), places_[at].index, part.maxt});
    }
    return out;
  }

  const std::vector<MergedListPart> parts_;
  std::vector<Place> places_;
  std::vector<std::uint32_t> heads_;
};

}  // namespace

std::shared_ptr<const SeriesList> MergeLists(std::vector<MergedListPart> parts, std::vector<std::string> warnings) {
  return std::make_shared<const MergedList>(std::move(parts), std::move(warnings));
}

}  // namespace cachescope::storage
