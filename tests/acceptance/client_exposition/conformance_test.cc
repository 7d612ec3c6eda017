// The client library's pages read back by our own parser, on data that others wrote: the OpenMetrics test pages and the
// samples of Prometheus' own writer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "cachescope/exposition.h"
#include "client/exposition/protobuf_reader_test.h"
#include "conformance_page.h"

namespace cachescope {
namespace {

using conformance::Kind;
using conformance::Page;
using conformance::Sample;

const std::string kRoot = CACHESCOPE_SOURCE_DIR "/../shared/conformance/";

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Takes a label out of a list and returns its value.
std::string Take(const std::string& name, LabelPairs* labels) {
  const auto found = std::find_if(labels->begin(), labels->end(), [&](const LabelPair& l) { return l.name == name; });
  if (found == labels->end()) return "";
  const std::string value = found->value;
  labels->erase(found);
  return value;
}

LabelPairs LabelsOf(const Sample& sample) {
  LabelPairs labels;
  for (const auto& [name, value] : sample.labels) labels.push_back({name, value});
  return labels;
}

// Bounds and quantiles.
double Number(const std::string& text) {
  return text == "+Inf" ? std::numeric_limits<double>::infinity() : std::strtod(text.c_str(), nullptr);
}

// Turns samples into the families our own instruments would give.
class Families {
 public:
  void Add(const Sample& sample) {
    const std::string suffix = sample.name.substr(std::min(sample.name.size(), sample.family.size()));
    LabelPairs labels = LabelsOf(sample);
    switch (sample.kind) {
      case Kind::kCounter:
        if (suffix != "_total" && suffix != "_created") return AddPlain(sample, InstrumentType::kUntyped);
        return AddCounter(sample, suffix);
      case Kind::kHistogram:
        return AddHistogram(sample, suffix, Take("le", &labels), labels);
      case Kind::kSummary:
        return AddSummary(sample, suffix, Take("quantile", &labels), labels);
      case Kind::kInfo:
        return AddPlain(sample, InstrumentType::kInfo);
      case Kind::kStateSet:
        return AddPlain(sample, InstrumentType::kStateSet);
      case Kind::kGauge:
        return AddPlain(sample, InstrumentType::kGauge);
      default:
        return AddPlain(sample, InstrumentType::kUntyped);
    }
  }

  std::vector<FamilySnapshot> families;

 private:
  SeriesSnapshot& Series(const std::string& name, InstrumentType type, const LabelPairs& labels, bool* is_new) {
    auto family = std::find_if(families.begin(), families.end(), [&](const auto& f) { return f.name == name; });
    if (family == families.end()) family = families.insert(family, FamilySnapshot{name, "", "", type, {}});
    for (SeriesSnapshot& series : family->series) {
      if (series.labels == labels) return series;
    }
    *is_new = true;
    family->series.emplace_back();
    family->series.back().labels = labels;
    return family->series.back();
  }

  void AddPlain(const Sample& sample, InstrumentType type) {
    bool is_new = false;
    SeriesSnapshot& series = Series(sample.name, type, LabelsOf(sample), &is_new);
    if (is_new) series.value = sample.value;
  }

  void AddCounter(const Sample& sample, const std::string& suffix) {
    bool is_new = false;
    SeriesSnapshot& series = Series(sample.family + "_total", InstrumentType::kCounter, LabelsOf(sample), &is_new);
    if (suffix == "_created") {
      series.created = sample.value;
    } else if (is_new) {
      series.value = sample.value;
    }
  }

  void AddHistogram(const Sample& sample, const std::string& suffix, const std::string& bound,
                    const LabelPairs& labels) {
    bool is_new = false;
    SeriesSnapshot& series = Series(sample.family, InstrumentType::kHistogram, labels, &is_new);
    if (suffix == "_sum") series.sum = sample.value;
    if (suffix == "_created") series.created = sample.value;
    if (suffix != "_bucket") return;
    const double upper = Number(bound);
    for (const BucketSnapshot& bucket : series.buckets) {
      if (bucket.upper_bound == upper) return;
    }
    series.buckets.push_back({upper, static_cast<std::uint64_t>(sample.value)});
  }

  void AddSummary(const Sample& sample, const std::string& suffix, const std::string& quantile,
                  const LabelPairs& labels) {
    bool is_new = false;
    SeriesSnapshot& series = Series(sample.family, InstrumentType::kSummary, labels, &is_new);
    if (suffix == "_sum") series.sum = sample.value;
    if (suffix == "_count") series.count = static_cast<std::uint64_t>(sample.value);
    if (suffix == "_created") series.created = sample.value;
    if (suffix.empty()) series.quantiles.push_back({Number(quantile), sample.value});
  }
};

std::string Write(const std::vector<FamilySnapshot>& families, ExpositionFormat format) {
  std::string out;
  AppendExposition(families, {.format = format, .escaping = NameEscaping::kAllowUtf8, .created_lines = true}, &out);
  return out;
}

// Every sample of the page is in what we write of it; a summary or histogram may have gained its count and sum.
void CheckRoundTrip(const Page& page, ExpositionFormat format) {
  Families read;
  for (const Sample& sample : page.samples) read.Add(sample);
  for (FamilySnapshot& family : read.families) {
    const std::string stem = family.name.substr(0, family.name.rfind("_total"));
    if (const auto help = page.help.find(stem); help != page.help.end()) family.help = help->second;
    if (const auto unit = page.unit.find(stem); unit != page.unit.end()) family.unit = unit->second;
  }
  const std::string text = Write(read.families, format);
  Page again;
  const bool open = format == ExpositionFormat::kOpenMetrics;
  ASSERT_TRUE(Read(text, open, &again)) << text;
  std::map<std::string, std::string> left = Canonical(again);
  for (const auto& [key, value] : Canonical(page)) {
    const bool created = key.substr(0, key.find('|')).ends_with("_created");
    if (created && !open) continue;
    const auto found = left.find(key);
    ASSERT_NE(found, left.end()) << key << " is missing in\n" << text;
    EXPECT_EQ(found->second, value) << key;
    left.erase(found);
  }
  for (const auto& [key, value] : left) {
    const std::string name = key.substr(0, key.find('|'));
    EXPECT_TRUE(name.ends_with("_sum") || name.ends_with("_count")) << key << " " << value << " is new in\n" << text;
  }
  if (!open) return;
  for (const auto& [family, help] : page.help) {
    const auto found = again.help.find(family);
    if (found != again.help.end()) {
      EXPECT_EQ(found->second, help);
    }
  }
}

TEST(ExpositionConformance, OpenMetricsPagesComeBack) {
  const std::string folder = kRoot + "openmetrics/parsers";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no conformance data at " << folder;
  int pages = 0;
  std::size_t samples = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const bool valid = ReadFile(entry.path() / "test.json").find("\"shouldParse\": true") != std::string::npos;
    if (!valid) continue;
    SCOPED_TRACE(entry.path().filename());
    Page page;
    if (!Read(ReadFile(entry.path() / "metrics"), true, &page)) continue;
    CheckRoundTrip(page, ExpositionFormat::kOpenMetrics);
    CheckRoundTrip(page, ExpositionFormat::kText);
    ++pages;
    samples += page.samples.size();
  }
  std::cout << pages << " OpenMetrics pages, " << samples << " samples\n";
  EXPECT_GE(pages, 40);
}

TEST(ExpositionConformance, TextPagesComeBack) {
  const std::string root = kRoot + "expfmt/";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "no conformance data at " << root;
  int pages = 0;
  // Those that Prometheus' own scraper accepts.
  for (const std::string name : {"corpus/from_test_parse_0", "corpus/from_test_parse_1", "corpus/from_test_parse_2",
                                 "corpus/from_test_parse_4", "corpus/minimal", "testdata/text"}) {
    SCOPED_TRACE(name);
    Page page;
    ASSERT_TRUE(Read(ReadFile(root + name), false, &page));
    // A counter without _total stays one in text; our reader above takes counters as OpenMetrics has them.
    for (Sample& sample : page.samples) {
      if (sample.kind == Kind::kCounter) sample.kind = Kind::kOther;
    }
    CheckRoundTrip(page, ExpositionFormat::kText);
    ++pages;
  }
  std::cout << pages << " text pages\n";
}

TEST(ExpositionConformance, ProtobufIsThatOfPrometheus) {
  const std::string root = kRoot + "expfmt/testdata/";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "no conformance data at " << root;
  for (const char* name : {"protobuf", "protobuf-multimessage"}) {
    SCOPED_TRACE(name);
    const std::string bytes = ReadFile(root + name);
    const std::vector<FamilySnapshot> families = client::ReadProtobuf(bytes);
    EXPECT_GE(families.size(), 2U);
    EXPECT_EQ(Write(families, ExpositionFormat::kProtobuf), bytes) << "must be the same bytes";
    std::cout << families.size() << " families, " << bytes.size() << " bytes\n";
  }
}

}  // namespace
}  // namespace cachescope
