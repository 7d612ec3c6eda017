// Matcher is one label test. Regular expressions are RE2, anchored at both ends, "." matches newlines too, as upstream.
// Immutable and thread-safe; copies share the compiled expression.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/labels.h"

namespace cachescope {

enum class MatchType : unsigned char { kEqual, kNotEqual, kRegex, kNotRegex };

class Matcher {
 public:
  // kInvalidArgument when a regular expression does not compile; the message is RE2's.
  static Result<Matcher> New(MatchType type, std::string name, std::string value);
  // The infallible case.
  static Matcher Equal(std::string name, std::string value);

  MatchType type() const noexcept { return type_; }
  const std::string& name() const noexcept { return name_; }
  const std::string& value() const noexcept { return value_; }

  // An absent label is the empty value. Equality: O(length); regex: linear in the value, or a set look-up when the
  // expression is an alternation of literals, or a prefix test when it is `literal.*`.
  bool Matches(std::string_view value) const;
  bool MatchesLabels(const Labels& labels) const { return Matches(labels.Get(name_)); }

  // For an index: the finite set of values a regex (or equality) accepts, sorted; empty when it is not such an
  // alternation.
  const std::vector<std::string>& set_matches() const noexcept;
  // For an index: every accepted value begins with this (may be empty). Only for kEqual and kRegex.
  std::string_view prefix() const noexcept;

  // `name="value"` with the operator.
  std::string ToString() const;

 private:
  struct Regex;
  Matcher() = default;
  MatchType type_ = MatchType::kEqual;
  std::string name_;
  std::string value_;
  std::shared_ptr<const Regex> regex_;
};

std::string_view MatchTypeText(MatchType type) noexcept;  // "=", "!=", "=~", "!~"

}  // namespace cachescope
