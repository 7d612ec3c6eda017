// Matchers as routes, inhibition rules, silences and amtool write them. Pure.
//
// Two grammars, as upstream: the classic one (names [a-zA-Z_:][a-zA-Z0-9_:]*, loose quoting) and the UTF-8 one (any
// name, quotes where needed). A text that both read differently, or only the classic one reads, means what the classic
// one says. https://prometheus.io/docs/alerting/latest/configuration/#utf-8-support-in-matchers
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/config_node.h"
#include "base/result.h"
#include "model/matcher.h"

namespace cachescope::notify {

// `foo=bar`, `{foo="bar", "naïve name"=~"a|b"}`; commas between, one more at the end allowed; empty text: none.
// kInvalidArgument names the text and the cause.
Result<std::vector<Matcher>> ParseMatchers(std::string_view text);
Result<std::vector<Matcher>> ParseClassicMatchers(std::string_view text);
Result<std::vector<Matcher>> ParseUtf8Matchers(std::string_view text);
// Exactly one.
Result<Matcher> ParseMatcher(std::string_view text);

// A list of such texts, in order of SortMatchers.
Result<std::vector<Matcher>> ParseMatchersNode(const ConfigNode& node);
// The old mappings: `match` (equality) or `match_re`. Appends.
Status ReadMatchMap(const ConfigNode& node, MatchType type, std::vector<Matcher>* out);

// By name, value, then operator.
void SortMatchers(std::vector<Matcher>* matchers);
bool MatchAll(const std::vector<Matcher>& matchers, const Labels& labels);
// `{a="b",c=~"d"}`: part of a group key.
std::string MatchersText(const std::vector<Matcher>& matchers);
// `a="b"`; names that the classic grammar cannot hold are quoted.
std::string MatcherText(const Matcher& matcher);

}  // namespace cachescope::notify
