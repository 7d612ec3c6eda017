// Holds the parser against the recorded verdicts of a real Prometheus 3.5.3.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "base/number.h"
#include "wire/exposition_text.h"

namespace cachescope::wire {
namespace {

const std::string kRoot = CACHESCOPE_SOURCE_DIR "/../shared/conformance/";

// Cases where another part than the parser gave the verdict upstream, or where we differ on purpose.
const std::map<std::string, std::string> kDifferences = {};

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

using Samples = std::map<std::string, std::string>;

// Of samples of one series the first wins, as in a scrape that ignores time stamps.
Status Parse(const std::string& page, ExpositionDialect dialect, Samples* out, std::size_t* count) {
  ExpositionParser parser(page, dialect);
  ExpositionEntry entry;
  SeriesParts parts;
  while (true) {
    CACHESCOPE_RETURN_IF_ERROR(parser.Next(&entry));
    if (entry.kind == EntryKind::kEnd) return {};
    if (entry.kind != EntryKind::kSeries) continue;
    CACHESCOPE_RETURN_IF_ERROR(ParseSeries(entry.series, dialect, entry.type, &parts));
    std::vector<std::pair<std::string, std::string>> pairs{{std::string(kMetricName), std::string(parts.name)}};
    for (const LabelView& label : parts.labels) pairs.emplace_back(label.name, label.value);
    out->emplace(Labels::FromPairs(std::move(pairs)).ToString(), FormatApiFloat(entry.value));
    ++*count;
  }
}

Samples Expected(const nlohmann::json& verdict) {
  Samples out;
  for (const auto& sample : verdict.at("samples")) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto& [name, value] : sample.at(0).items()) pairs.emplace_back(name, value.get<std::string>());
    // Read and written again: what is compared is the value, not its spelling.
    const auto value = ParseFloat(sample.at(1).get<std::string>());
    EXPECT_TRUE(value);
    out.emplace(Labels::FromPairs(std::move(pairs)).ToString(), FormatApiFloat(value.value_or(0)));
  }
  return out;
}

struct Tally {
  int cases = 0;
  int accepted = 0;
  int rejected = 0;
  int different = 0;
};

void Check(const std::string& name, const std::string& page, ExpositionDialect dialect, const nlohmann::json& verdict,
           Tally* tally) {
  SCOPED_TRACE(name);
  ++tally->cases;
  if (kDifferences.contains(name)) {
    ++tally->different;
    return;
  }
  Samples got;
  std::size_t count = 0;
  const Status status = Parse(page, dialect, &got, &count);
  const bool accepted = verdict.at("accepted").get<bool>();
  EXPECT_EQ(status.ok(), accepted) << status.ToString() << "\n" << page;
  ++(accepted ? tally->accepted : tally->rejected);
  if (accepted && status.ok()) {
    EXPECT_EQ(got, Expected(verdict)) << page;
  }
}

void Print(const char* what, const Tally& tally) {
  std::cout << what << ": " << tally.cases << " cases, " << tally.accepted << " accepted, " << tally.rejected
            << " rejected, " << tally.different << " deliberate differences\n";
}

TEST(ExpositionConformanceTest, OpenMetricsVerdicts) {
  const std::string file = kRoot + "openmetrics/prometheus-3.5.3-verdicts.json";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no conformance data at " << file;
  Tally tally;
  const auto verdicts = nlohmann::json::parse(ReadFile(file));
  for (const auto& [name, verdict] : verdicts.items()) {
    Check(name, ReadFile(kRoot + "openmetrics/parsers/" + name + "/metrics"), ExpositionDialect::kOpenMetrics, verdict,
          &tally);
  }
  Print("OpenMetrics", tally);
  EXPECT_EQ(tally.cases, 211);
}

TEST(ExpositionConformanceTest, TextVerdicts) {
  const std::string file = kRoot + "expfmt/prometheus-3.5.3-verdicts.json";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no conformance data at " << file;
  Tally tally;
  const auto verdicts = nlohmann::json::parse(ReadFile(file));
  for (const auto& [name, verdict] : verdicts.at("corpus").items()) {
    Check(name, ReadFile(kRoot + "expfmt/corpus/" + name), ExpositionDialect::kText, verdict, &tally);
  }
  Print("text 0.0.4", tally);
  EXPECT_EQ(tally.cases, 26);
  Samples samples;
  std::size_t count = 0;
  const Status status = Parse(ReadFile(kRoot + "expfmt/testdata/text"), ExpositionDialect::kText, &samples, &count);
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(count, verdicts.at("text").at("sample_count").get<std::size_t>());
  for (const auto& [name, verdict] : verdicts.at("textparse").items()) {
    const auto dialect =
        name.find(".om.") != std::string::npos ? ExpositionDialect::kOpenMetrics : ExpositionDialect::kText;
    Samples page_samples;
    std::size_t page_count = 0;
    const Status page = Parse(ReadFile(kRoot + "prometheus/textparse/" + name), dialect, &page_samples, &page_count);
    EXPECT_EQ(page.ok(), verdict.at("accepted").get<bool>()) << name << ": " << page.ToString();
    std::cout << name << ": " << page_count << " samples\n";
  }
}

}  // namespace
}  // namespace cachescope::wire
