// How matchers become series of a block: intersections of the lists that must, minus the lists that must not.
#include <algorithm>

#include "base/coding.h"
#include "server/storage/tsdb/block/index_reader.h"

namespace cachescope::tsdb {

Status IndexReader::AppendPostings(std::uint64_t offset, RefList* out) const {
  CACHESCOPE_ASSIGN_OR_RETURN(const auto body, Section(offset, "a list of postings"));
  ByteReader reader(body);
  const std::uint32_t count = reader.Be32();
  if (reader.left() / 4 < count) return Damaged("a list of postings has too few bytes for its count");
  const std::size_t before = out->size();
  out->resize(before + count);
  const std::uint8_t* at = reader.position();
  for (std::uint32_t i = 0; i < count; ++i, at += 4) {
    std::uint32_t value;
    std::memcpy(&value, at, 4);
    (*out)[before + i] = __builtin_bswap32(value);
  }
  for (std::size_t i = before + 1; i < out->size(); ++i) {
    if ((*out)[i] <= (*out)[i - 1]) return Damaged("a list of postings is not sorted");
  }
  return {};
}

// Series of all values of the matcher's label that it accepts (or, with `accepted` false, that it does not).
Status IndexReader::AppendMatching(const Matcher& matcher, bool accepted, RefList* out) const {
  const Name* name = FindName(matcher.name());
  if (name == nullptr) return {};
  const std::size_t before = out->size();
  std::size_t lists = 0;
  const auto append = [&](const Entry& entry) {
    ++lists;
    return AppendPostings(entry.offset, out);
  };
  // The finite or prefixed cases look at part of the values only.
  const bool direct = accepted && (matcher.type() == MatchType::kEqual || matcher.type() == MatchType::kRegex);
  if (direct && !matcher.set_matches().empty()) {
    for (const std::string& value : matcher.set_matches()) {
      const std::uint32_t at = LowerBound(*name, value);
      if (at == name->last) break;
      if (const Entry entry = ReadEntry(at); entry.value == value) CACHESCOPE_RETURN_IF_ERROR(append(entry));
    }
  } else {
    const std::string_view prefix = direct ? matcher.prefix() : std::string_view();
    for (std::uint32_t i = LowerBound(*name, prefix); i < name->last; ++i) {
      const Entry entry = ReadEntry(i);
      if (!entry.value.starts_with(prefix)) break;
      if (matcher.Matches(entry.value) == accepted) CACHESCOPE_RETURN_IF_ERROR(append(entry));
    }
  }
  if (lists > 1) {
    RefList fresh(out->begin() + static_cast<std::ptrdiff_t>(before), out->end());
    SortUnique(&fresh);
    out->resize(before);
    out->insert(out->end(), fresh.begin(), fresh.end());
  }
  return {};
}

Result<RefList> IndexReader::Find(const std::vector<Matcher>& matchers) const {
  std::vector<RefList> wanted;
  std::vector<const Matcher*> unwanted;
  for (const Matcher& matcher : matchers) {
    // Absence is the empty value: such a matcher can only take series away.
    if (matcher.Matches("")) {
      unwanted.push_back(&matcher);
      continue;
    }
    RefList list;
    CACHESCOPE_RETURN_IF_ERROR(AppendMatching(matcher, true, &list));
    if (list.empty()) return RefList();
    wanted.push_back(std::move(list));
  }
  if (wanted.empty()) {
    wanted.emplace_back();
    CACHESCOPE_RETURN_IF_ERROR(AppendPostings(all_offset_, &wanted.back()));
  }
  std::sort(wanted.begin(), wanted.end(), [](const RefList& a, const RefList& b) { return a.size() < b.size(); });
  RefList found = std::move(wanted.front());
  for (std::size_t i = 1; i < wanted.size() && !found.empty(); ++i) found = Intersect(found, wanted[i]);
  for (const Matcher* matcher : unwanted) {
    if (found.empty()) break;
    RefList refused;
    CACHESCOPE_RETURN_IF_ERROR(AppendMatching(*matcher, false, &refused));
    found = Subtract(found, refused);
  }
  return found;
}

}  // namespace cachescope::tsdb
