#include "model/relabel.h"

#include <gtest/gtest.h>

#include "model/md5.h"

namespace cachescope {
namespace {

std::string Hex(std::string_view text) {
  std::string out;
  for (const std::uint8_t byte : Md5(text)) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

TEST(Md5Test, VectorsOfTheRfc) {
  EXPECT_EQ(Hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(Hex("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
            "57edf4a22be3c955ac49da2e2107b67a");
  EXPECT_EQ(Hex(std::string(56, 'a')), "3b0c8ac703f828b04c6c197006d17218");
}

Labels Relabel(const RelabelOptions& options, const Labels& labels, bool* kept = nullptr) {
  const auto rule = RelabelRule::New(options);
  EXPECT_TRUE(rule.ok()) << rule.status().ToString();
  LabelsBuilder builder(labels);
  const bool keep = rule.ok() && rule->Apply(&builder);
  if (kept != nullptr) *kept = keep;
  return builder.Build();
}

RelabelOptions Options(RelabelAction action, std::vector<std::string> source = {}) {
  RelabelOptions out;
  out.action = action;
  out.source_labels = std::move(source);
  return out;
}

const Labels kBase{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}};

TEST(RelabelTest, ReplaceExpandsGroups) {
  struct Case {
    const char* regex;
    const char* target;
    const char* replacement;
    Labels want;
  };
  const Case cases[] = {
      {"f(.*)", "d", "ch${1}-ch${1}", {{"a", "choo-choo"}}},
      {"f(?P<rest>.*)", "d", "<${rest}>$rest", {{"a", "<oo>oo"}}},
      {"f(.*)", "d", "$1x", {{"a", ""}}},  // the name "1x" is no group
      {"f(.*)", "d", "${1}x$$", {{"a", "oox$"}}},
      {"f(.*)", "d", "a$", {{"a", "a$"}}},
      {"f(.*)", "d", "a${1", {{"a", "a${1"}}},
      {"f(.*)", "d", "$9|$01|$0", {{"a", "||foo"}}},
      {"oo", "d", "x", {{"a", "unchanged"}}},  // anchored: no match
  };
  for (const Case& c : cases) {
    RelabelOptions options = Options(RelabelAction::kReplace, {"a"});
    options.regex = c.regex;
    options.target_label = c.target;
    options.replacement = c.replacement;
    const Labels got = Relabel(options, {{"a", "foo"}});
    const std::string_view want = c.want.Get("a");
    EXPECT_EQ(got.Get("d"), want == "unchanged" ? "" : want) << c.replacement;
    EXPECT_EQ(got.Get("a"), "foo");
  }
}

TEST(RelabelTest, ReplaceTargetMayBeATemplateAndEmptyDeletes) {
  RelabelOptions options = Options(RelabelAction::kReplace, {"a", "b"});
  options.regex = "(f.*);(.*)r";
  options.target_label = "${1}x";
  options.replacement = "$2";
  EXPECT_EQ(Relabel(options, kBase).Get("foox"), "ba");
  RelabelOptions remove = Options(RelabelAction::kReplace, {"a"});
  remove.target_label = "b";
  remove.replacement = "";
  EXPECT_EQ(Relabel(remove, kBase), (Labels{{"a", "foo"}, {"c", "baz"}}));
}

TEST(RelabelTest, KeepAndDropAreAnchoredAndMatchNewlines) {
  RelabelOptions options = Options(RelabelAction::kKeep, {"a", "b"});
  options.regex = "foo;b.r";
  bool kept = false;
  Relabel(options, kBase, &kept);
  EXPECT_TRUE(kept);
  Relabel(options, {{"a", "foo"}, {"b", "b\nr"}}, &kept);
  EXPECT_TRUE(kept);
  options.regex = "fo";
  Relabel(options, kBase, &kept);
  EXPECT_FALSE(kept);
  options.action = RelabelAction::kDrop;
  Relabel(options, kBase, &kept);
  EXPECT_TRUE(kept);
}

TEST(RelabelTest, KeepEqualAndDropEqual) {
  RelabelOptions options = Options(RelabelAction::kKeepEqual, {"a"});
  options.target_label = "b";
  bool kept = true;
  Relabel(options, kBase, &kept);
  EXPECT_FALSE(kept);
  Relabel(options, {{"a", "x"}, {"b", "x"}}, &kept);
  EXPECT_TRUE(kept);
  options.action = RelabelAction::kDropEqual;
  Relabel(options, {{"a", "x"}, {"b", "x"}}, &kept);
  EXPECT_FALSE(kept);
}

TEST(RelabelTest, HashModIsTheLastEightBytesOfMd5) {
  RelabelOptions options = Options(RelabelAction::kHashMod, {"c"});
  options.target_label = "d";
  options.modulus = 1000;
  EXPECT_EQ(Relabel(options, {{"a", "foo"}, {"b", "bar"}, {"c", "baz"}}).Get("d"), "976");
  EXPECT_EQ(Relabel(options, {{"a", "foo\nbar"}}).Get("d"), Relabel(options, Labels()).Get("d"));
}

TEST(RelabelTest, LabelMapDropAndKeep) {
  RelabelOptions map = Options(RelabelAction::kLabelMap);
  map.regex = "__meta_(ports.*)";
  map.replacement = "x_${1}";
  const Labels meta{{"__meta_ports_a", "1"}, {"__meta_other", "2"}, {"b", "3"}};
  EXPECT_EQ(Relabel(map, meta).Get("x_ports_a"), "1");
  EXPECT_EQ(Relabel(map, meta).size(), 4U);
  RelabelOptions drop = Options(RelabelAction::kLabelDrop);
  drop.regex = "__meta_.*";
  EXPECT_EQ(Relabel(drop, meta), (Labels{{"b", "3"}}));
  RelabelOptions keep = Options(RelabelAction::kLabelKeep);
  keep.regex = "__meta_.*";
  EXPECT_EQ(Relabel(keep, meta).size(), 2U);
}

TEST(RelabelTest, LowerAndUpperCase) {
  RelabelOptions options = Options(RelabelAction::kUppercase, {"a", "b"});
  options.target_label = "d";
  EXPECT_EQ(Relabel(options, kBase).Get("d"), "FOO;BAR");
  options.action = RelabelAction::kLowercase;
  EXPECT_EQ(Relabel(options, {{"a", "FoO"}, {"b", "X"}}).Get("d"), "foo;x");
}

Status ParseOne(const std::string& yaml) {
  const auto node = ConfigNode::ParseYaml(yaml, "p.yml");
  EXPECT_TRUE(node.ok()) << node.status().ToString();
  if (!node.ok()) return node.status();
  return ParseRelabelRules(*node).status();
}

TEST(RelabelTest, ParseRefusesWhatTheActionForbids) {
  for (const char* bad :
       {"- regex: abc(def", "- regex: abc", "- action: hashmod\n  target_label: x", "- action: hashmod\n  modulus: 8",
        "-", "- action: null", "- action: labeldrop\n  source_labels: [a]", "- action: labelkeep\n  target_label: x",
        "- action: dropequal\n  source_labels: [a]",
        "- action: keepequal\n  source_labels: [a]\n  target_label: x\n  regex: foo",
        "- action: lowercase\n  source_labels: [a]\n  target_label: b\n  replacement: c", "- action: keeep",
        "- regexp: x"}) {
    EXPECT_EQ(ParseOne(bad).code(), Code::kInvalidArgument) << bad;
  }
  EXPECT_NE(ParseOne("- action: keeep").message().find("did you mean \"keep\"?"), std::string_view::npos);
  EXPECT_EQ(ParseOne("- target_label: a\n  replacement: b").code(), Code::kOk);
  EXPECT_EQ(ParseOne("- action: KEEP\n  source_labels: [a]\n  regex: b").code(), Code::kOk);
}

TEST(RelabelTest, FingerprintsTellRulesApart) {
  RelabelOptions a = Options(RelabelAction::kDrop, {"x"});
  RelabelOptions b = a;
  b.regex = "y";
  EXPECT_EQ(RelabelRule::New(a)->Fingerprint(), RelabelRule::New(a)->Fingerprint());
  EXPECT_NE(RelabelRule::New(a)->Fingerprint(), RelabelRule::New(b)->Fingerprint());
}

}  // namespace
}  // namespace cachescope
