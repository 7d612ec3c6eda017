#include "server/storage/tsdb/label_index.h"

#include <absl/container/btree_map.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "server/storage/tsdb/series_table.h"

namespace cachescope::tsdb {

using ValueMap = absl::btree_map<std::string, PostingList, std::less<>>;

struct LabelIndex::NameMap {
  std::map<std::string, ValueMap, std::less<>> map;

  const ValueMap* Find(std::string_view name) const {
    const auto it = map.find(name);
    return it == map.end() ? nullptr : &it->second;
  }
};

namespace {

constexpr std::size_t kInlineStringBytes = 15;
constexpr std::size_t kNameOverheadBytes = 128;

std::size_t ValueBytes(std::string_view value) {
  return sizeof(std::string) + sizeof(PostingList) + (value.size() > kInlineStringBytes ? value.size() + 1 : 0);
}

void AppendRefs(RefSpan refs, RefList* out) { out->insert(out->end(), refs.begin(), refs.end()); }

}  // namespace

LabelIndex::LabelIndex() : names_(std::make_unique<NameMap>()) {}
LabelIndex::~LabelIndex() = default;

SeriesRef LabelIndex::Add(const Labels& labels, const std::function<void(SeriesRef)>& publish) {
  const std::lock_guard lock(mu_);
  if (newest_ == SeriesTable::kMaxRef) return 0;
  const SeriesRef ref = ++newest_;
  publish(ref);
  Insert(labels, ref);
  return ref;
}

void LabelIndex::Load(const Labels& labels, SeriesRef ref) {
  newest_ = ref;
  Insert(labels, ref);
}

void LabelIndex::SkipTo(SeriesRef newest) {
  const std::lock_guard lock(mu_);
  newest_ = std::max(newest_, newest);
}

void LabelIndex::Insert(const Labels& labels, SeriesRef ref) {
  for (const LabelView& label : labels) {
    auto name = names_->map.find(label.name);
    if (name == names_->map.end()) {
      name = names_->map.emplace(std::string(label.name), ValueMap()).first;
      bytes_ += kNameOverheadBytes + label.name.size();
    }
    auto value = name->second.find(label.value);
    if (value == name->second.end()) {
      value = name->second.emplace(std::string(label.value), PostingList()).first;
      bytes_ += ValueBytes(label.value);
    }
    const std::size_t before = value->second.HeapBytes();
    value->second.PushBack(ref);
    bytes_ += value->second.HeapBytes() - before;
  }
  const std::size_t before = all_.HeapBytes();
  all_.PushBack(ref);
  bytes_ += all_.HeapBytes() - before;
}

void LabelIndex::Remove(const std::vector<DeadSeries>& dead) {
  std::map<std::string_view, std::set<std::string_view>> touched;
  RefList refs;
  for (const DeadSeries& series : dead) {
    refs.push_back(series.ref);
    for (const LabelView& label : *series.labels) touched[label.name].insert(label.value);
  }
  for (const auto& [name, values] : touched) {
    const std::lock_guard lock(mu_);
    const auto found = names_->map.find(name);
    if (found == names_->map.end()) continue;
    for (const std::string_view value : values) {
      const auto postings = found->second.find(value);
      if (postings == found->second.end()) continue;
      bytes_ -= postings->second.HeapBytes();
      postings->second.RemoveAll(refs);
      bytes_ += postings->second.HeapBytes();
      if (!postings->second.empty()) continue;
      bytes_ -= ValueBytes(value);
      found->second.erase(postings);
    }
    if (!found->second.empty()) continue;
    bytes_ -= kNameOverheadBytes + name.size();
    names_->map.erase(found);
  }
  const std::lock_guard lock(mu_);
  bytes_ -= all_.HeapBytes();
  all_.RemoveAll(refs);
  bytes_ += all_.HeapBytes();
}

RefList LabelIndex::All() const {
  const std::shared_lock lock(mu_);
  RefList out;
  AppendRefs(all_.refs(), &out);
  return out;
}

std::vector<std::string> LabelIndex::Names() const {
  const std::shared_lock lock(mu_);
  std::vector<std::string> out;
  for (const auto& [name, values] : names_->map) out.push_back(name);
  return out;
}

void LabelIndex::VisitValues(std::string_view name,
                             const std::function<bool(const std::string&, RefSpan)>& visit) const {
  std::string last;
  for (bool first = true;; first = false) {
    const std::shared_lock lock(mu_);
    const ValueMap* values = names_->Find(name);
    if (values == nullptr) return;
    auto it = first ? values->begin() : values->upper_bound(last);
    for (std::size_t n = 0; n < kSliceValues; ++n, ++it) {
      if (it == values->end() || !visit(it->first, it->second.refs())) return;
    }
    if (it == values->end()) return;
    last = std::prev(it)->first;
  }
}

std::size_t LabelIndex::ValueCount(std::string_view name) const {
  const std::shared_lock lock(mu_);
  const ValueMap* values = names_->Find(name);
  return values == nullptr ? 0 : values->size();
}

std::size_t LabelIndex::MemoryBytes() const {
  const std::shared_lock lock(mu_);
  return bytes_;
}

// The series that every matcher, each naming its values outright, accepts.
RefList LabelIndex::FindExact(const std::vector<const Matcher*>& matchers) const {
  const std::shared_lock lock(mu_);
  std::vector<RefSpan> lists;
  std::vector<RefList> unions(matchers.size());
  for (std::size_t i = 0; i < matchers.size(); ++i) {
    const ValueMap* values = names_->Find(matchers[i]->name());
    if (values == nullptr) return {};
    if (matchers[i]->type() == MatchType::kEqual) {
      const auto it = values->find(matchers[i]->value());
      lists.push_back(it == values->end() ? RefSpan() : it->second.refs());
      continue;
    }
    for (const std::string& value : matchers[i]->set_matches()) {
      const auto it = values->find(value);
      if (it != values->end()) AppendRefs(it->second.refs(), &unions[i]);
    }
    SortUnique(&unions[i]);
    lists.emplace_back(unions[i]);
  }
  std::sort(lists.begin(), lists.end(), [](RefSpan a, RefSpan b) { return a.size() < b.size(); });
  RefList out(lists[0].begin(), lists[0].end());
  for (std::size_t i = 1; i < lists.size() && !out.empty(); ++i) out = Intersect(out, lists[i]);
  return out;
}

// Postings of the values that a negative matcher rejects outright.
RefList LabelIndex::Union(const Matcher& matcher) const {
  const std::shared_lock lock(mu_);
  RefList out;
  const ValueMap* values = names_->Find(matcher.name());
  if (values == nullptr) return out;
  const auto add = [&](const std::string& value) {
    const auto it = values->find(value);
    if (it != values->end()) AppendRefs(it->second.refs(), &out);
  };
  if (matcher.type() == MatchType::kNotEqual) {
    add(matcher.value());
  } else {
    for (const std::string& value : matcher.set_matches()) add(value);
  }
  SortUnique(&out);
  return out;
}

// Postings of all values that `matcher` accepts, or of all it rejects.
RefList LabelIndex::Scan(const Matcher& matcher, bool accepted) const {
  const bool has_prefix = accepted && matcher.type() == MatchType::kRegex;
  const std::string_view prefix = has_prefix ? matcher.prefix() : std::string_view();
  RefList out;
  std::string last;
  for (bool first = true, more = true; more; first = false) {
    const std::shared_lock lock(mu_);
    const ValueMap* values = names_->Find(matcher.name());
    if (values == nullptr) break;
    auto it = first ? values->lower_bound(prefix) : values->upper_bound(last);
    for (std::size_t n = 0; n < kSliceValues; ++n, ++it) {
      more = it != values->end() && it->first.starts_with(prefix);
      if (!more) break;
      if (matcher.Matches(it->first) == accepted) AppendRefs(it->second.refs(), &out);
    }
    if (more) last = std::prev(it)->first;
  }
  SortUnique(&out);
  return out;
}

// Matchers by how they are best answered.
struct LabelIndex::Plan {
  std::vector<const Matcher*> exact;          // accept a few known values
  std::vector<const Matcher*> scan;           // accept values that must be tried; not the empty one
  std::vector<const Matcher*> exact_exclude;  // reject a few known values
  std::vector<const Matcher*> scan_exclude;   // accept the empty value

  explicit Plan(const std::vector<Matcher>& matchers) {
    for (const Matcher& m : matchers) {
      const bool is_set = !m.set_matches().empty();
      if (m.type() == MatchType::kRegex && m.value() == ".*") continue;
      if (!m.Matches("")) {
        const bool known = m.type() == MatchType::kEqual || (m.type() == MatchType::kRegex && is_set);
        (known ? exact : scan).push_back(&m);
      } else {
        const bool known = m.type() == MatchType::kNotEqual || (m.type() == MatchType::kNotRegex && is_set);
        (known ? exact_exclude : scan_exclude).push_back(&m);
      }
    }
  }
};

void LabelIndex::Include(const Plan& plan, Candidates* out) const {
  bool started = !plan.exact.empty();
  if (started) out->refs = FindExact(plan.exact);
  for (const Matcher* matcher : plan.scan) {
    if (started && out->refs.size() <= ValueCount(matcher->name())) {
      out->residual.push_back(matcher);
    } else {
      RefList found = Scan(*matcher, true);
      out->refs = started ? Intersect(out->refs, found) : std::move(found);
      started = true;
    }
    if (out->refs.empty()) return;
  }
  if (!started) out->refs = All();
}

void LabelIndex::Exclude(const Plan& plan, Candidates* out) const {
  for (const Matcher* matcher : plan.exact_exclude) out->refs = Subtract(out->refs, Union(*matcher));
  for (const Matcher* matcher : plan.scan_exclude) {
    const std::size_t values = ValueCount(matcher->name());
    // Without any value of that name every candidate has the empty one, which is accepted.
    if (values == 0) continue;
    if (out->refs.size() <= values) {
      out->residual.push_back(matcher);
    } else {
      out->refs = Subtract(out->refs, Scan(*matcher, false));
    }
  }
}

Candidates LabelIndex::Find(const std::vector<Matcher>& matchers) const {
  Candidates out;
  const Plan plan(matchers);
  Include(plan, &out);
  if (!out.refs.empty()) Exclude(plan, &out);
  return out;
}

}  // namespace cachescope::tsdb
