#include "cachescope/catalogue/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cachescope/catalogue/application.h"
#include "cachescope/catalogue/cross_layer.h"
#include "cachescope/catalogue/database.h"
#include "cachescope/catalogue/diary.h"
#include "cachescope/catalogue/global.h"
#include "cachescope/catalogue/library.h"
#include "cachescope/catalogue/predictive.h"
#include "cachescope/catalogue/semantic.h"
#include "cachescope/catalogue/service.h"
#include "cachescope/catalogue/system.h"
#include "cachescope/catalogue/tenant_api.h"
#include "cachescope/catalogue/two_tier.h"
#include "cachescope/catalogue/vector.h"

namespace cachescope {
namespace {

using catalogue::Entry;
using catalogue::Group;
using catalogue::Origin;
using catalogue::Row;
using catalogue::Space;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A wrong number of values or an unknown name does not compile.
using Requests = catalogue::Family<catalogue::kPredictiveRows, "predictive_cache_requests_total">;
static_assert(std::is_base_of_v<LabelledFamily<Counter, 3>, Requests>);
static_assert(requires(const Requests& r) { r.With("a", "b", "c"); });
template <class F>
concept TakesTwo = requires(const F& family) {
  family.With("a", "b");
};
static_assert(!TakesTwo<Requests>);
static_assert(std::is_base_of_v<LabelledFamily<Summary, 2>,
                                catalogue::Family<catalogue::kPredictiveRows, "predictive_cache_model_load_seconds">>);

std::filesystem::path ProjectRoot() { return CACHESCOPE_SOURCE_DIR; }

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

std::vector<std::string> Labels(const Row& row) { return {row.labels.begin(), row.labels.end()}; }

// The table of the monitored systems' families: seed, group, type, name, labels, buckets.
void CompareWithLine(const std::vector<std::string>& cells, std::set<std::string>* seen) {
  SCOPED_TRACE(cells[1] + " " + cells[3]);
  const Row* row = nullptr;
  const Group* group = nullptr;
  for (const Entry& entry : Catalogue::Rows()) {
    if (entry.row->name != cells[3] || entry.group->source != cells[0]) continue;
    // The second source has a struct name of its own here; the others are the table's group or our name for it.
    if (entry.row->origin == Origin::kAdded) continue;
    if (cells[0] == "000" && entry.group->type != cells[1]) continue;
    row = entry.row;
    group = entry.group;
  }
  ASSERT_NE(row, nullptr) << "not in the catalogue";
  seen->insert(std::string(group->name) + " " + cells[3]);
  EXPECT_EQ(InstrumentTypeName(row->type), cells[2]);
  const std::vector<std::string> labels = cells.size() > 4 ? Split(cells[4], ',') : std::vector<std::string>();
  if (row->type == InstrumentType::kInfo) {
    EXPECT_THAT(labels, IsEmpty()) << "an info's labels are its values";
  } else if (row->name == "vector_cache_index_type") {
    EXPECT_EQ(row->origin, Origin::kRepaired);
    EXPECT_THAT(Labels(*row), ElementsAre("cache_layer", "index_type"));
  } else {
    EXPECT_EQ(Labels(*row), labels);
  }
  const std::vector<std::string> bounds = cells.size() > 5 ? Split(cells[5], ',') : std::vector<std::string>();
  EXPECT_EQ(row->buckets_given, !bounds.empty());
  if (bounds.empty()) return;
  std::vector<double> numbers;
  for (const std::string& bound : bounds) numbers.push_back(std::stod(bound));
  EXPECT_EQ(std::vector<double>(row->buckets.begin(), row->buckets.end()), numbers);
}

TEST(Catalogue, HasEveryFamilyOfTheTable) {
  const auto path = ProjectRoot().parent_path() / "shared/design/metric-families.tsv";
  std::ifstream in(path);
  if (!in) GTEST_SKIP() << "no " << path;
  std::string line;
  std::getline(in, line);
  std::set<std::string> seen;
  std::size_t lines = 0;
  for (; std::getline(in, line); ++lines) CompareWithLine(Split(line, '\t'), &seen);
  EXPECT_EQ(lines, 115U);
  EXPECT_EQ(seen.size(), lines);
  // And nothing passes for given that the table lacks, but for the ten with dots.
  for (const Entry& entry : Catalogue::Rows()) {
    if (entry.row->origin != Origin::kGiven || entry.group->name == "library") continue;
    EXPECT_TRUE(seen.contains(std::string(entry.group->name) + " " + std::string(entry.row->name))) << entry.row->name;
  }
}

TEST(Catalogue, HasTheTenNamesWithDots) {
  std::map<std::string, std::string> names;
  for (const Row& row : Catalogue::FindGroup("library")->rows) {
    names[std::string(row.dotted)] = std::string(InstrumentTypeName(row.type)) + " " + std::string(row.name);
  }
  const std::map<std::string, std::string> want = {
      {"cache.gets.total", "counter cache_gets_total"},
      {"cache.sets.total", "counter cache_sets_total"},
      {"cache.deletes.total", "counter cache_deletes_total"},
      {"cache.hits.total", "counter cache_hits_total"},
      {"cache.misses.total", "counter cache_misses_total"},
      {"cache.hit_rate", "gauge cache_hit_rate"},
      {"cache.size_bytes", "gauge cache_size_bytes"},
      {"cache.keys_count", "gauge cache_keys_count"},
      {"cache.operation_duration", "histogram cache_operation_duration_seconds"},
      {"cache.invalidations.total", "counter cache_invalidations_total"},
  };
  EXPECT_EQ(names, want);
  EXPECT_THAT(Labels(*Catalogue::Find("cache_gets_total", Space::kLibrary).row), ElementsAre("result"));
  EXPECT_THAT(Labels(*Catalogue::Find("cache_operation_duration_seconds", Space::kLibrary).row),
              ElementsAre("operation"));
}

TEST(Catalogue, DefinesWhatRulesReadAndNothingDefined) {
  const auto f = [](std::string_view name, const std::vector<std::string>& labels) {
    const Entry entry = Catalogue::Find(name, Space::kLayers);
    ASSERT_NE(entry.row, nullptr) << name;
    EXPECT_EQ(entry.row->origin, Origin::kRepaired) << name;
    EXPECT_EQ(Labels(*entry.row), labels) << name;
  };
  f("cache_requests_total", {"cache_layer", "status"});
  f("cache_hits_total", {"cache_layer"});
  f("cache_misses_total", {"cache_layer"});
  f("cache_size_bytes", {"cache_layer"});
  f("cache_response_time", {"cache_layer"});
  f("predictive_cache_model_update_timestamp_seconds", {"cache_layer", "model_name"});
  f("database_errors_total", {"database_type", "type"});
  f("database_query_time", {"database_type", "query_type"});
  f("database_connections", {"database_type"});
  f("disk_free_bytes", {"mount_point"});
  f("disk_total_bytes", {"mount_point"});
}

TEST(Catalogue, FindsRowsAndGroups) {
  EXPECT_EQ(Catalogue::Find("cache_hits_total", Space::kTiers).group->name, "two-tier");
  EXPECT_EQ(Catalogue::Find("cache_hits_total", Space::kLibrary).group->name, "library");
  EXPECT_EQ(Catalogue::Find("vector_diary_entries").group->name, "diary");
  EXPECT_EQ(Catalogue::Find("no_such_family").row, nullptr);
  EXPECT_EQ(Catalogue::Find("", Space::kTiers).row, nullptr);
  EXPECT_EQ(Catalogue::FindGroup("no such group"), nullptr);
  std::size_t rows = 0;
  for (const Group& group : Catalogue::Groups()) {
    EXPECT_EQ(Catalogue::FindGroup(group.name), &group);
    rows += group.rows.size();
  }
  EXPECT_EQ(Catalogue::Rows().size(), rows);
}

TEST(Catalogue, EveryGroupRegistersInTheRegistryOfItsSpace) {
  Registry layers;
  const catalogue::PredictiveCacheMetrics predictive(layers);
  const catalogue::SemanticCacheMetrics semantic(layers);
  const catalogue::VectorCacheMetrics vector(layers);
  const catalogue::GlobalCacheMetrics global(layers);
  const catalogue::VectorDiaryMetrics diary(layers);
  const catalogue::SystemMetrics system(layers);
  const catalogue::CrossLayerMetrics cross_layer(layers);
  const catalogue::DatabaseMetrics database(layers);
  const catalogue::TenantApiMetrics api(layers);
  const catalogue::ServiceMetrics service(layers);
  const catalogue::ApplicationMetrics application(layers);
  EXPECT_THAT(layers.Errors(), IsEmpty());
  EXPECT_TRUE(predictive.model_load);
  EXPECT_TRUE(api.api_info);

  Registry tiers;
  const catalogue::TwoTierMetrics two_tier(tiers);
  EXPECT_THAT(tiers.Errors(), IsEmpty());

  Registry library({.namespace_ = "app"});
  const catalogue::LibraryCacheMetrics ten(library);
  const catalogue::LibraryHealthMetrics health(library);
  EXPECT_THAT(library.Errors(), IsEmpty());
}

TEST(Catalogue, OneRegistryRefusesTheSecondLabelSetOfAName) {
  Registry registry;
  const catalogue::TwoTierMetrics tiers(registry);
  const catalogue::TenantApiMetrics api(registry);
  EXPECT_TRUE(tiers.operations);
  EXPECT_FALSE(api.cache_operations);
  ASSERT_EQ(registry.Errors().size(), 1U);
  EXPECT_THAT(registry.Errors()[0], HasSubstr("cache_operations_total"));
  EXPECT_THAT(registry.Errors()[0], HasSubstr("label names"));
  api.cache_operations.With("get", "query", "acme").Increment();  // kept nowhere, harms nobody
}

TEST(Catalogue, NamesAndHelpReachTheExposition) {
  Registry registry({.self_metrics = false});
  const catalogue::CrossLayerMetrics metrics(registry);
  metrics.response_time.With("semantic").Record(0.1);
  metrics.hits.With("semantic").Increment();
  const auto families = registry.Collect();
  ASSERT_EQ(families.size(), 2U);
  EXPECT_EQ(families[0].name, "cache_hits_total");
  EXPECT_EQ(families[1].name, "cache_response_time") << "no unit is added to a name of the catalogue";
  EXPECT_EQ(families[1].help, Catalogue::Find("cache_response_time").row->help);
}

TEST(Catalogue, PageIsWhatTheCommandPrints) {
  const std::filesystem::path page = ProjectRoot() / "docs/guide/catalogue.md";
  EXPECT_EQ(ReadFile(page), Catalogue::Markdown()) << "run: cachescope catalog --markdown > docs/guide/catalogue.md";
}

TEST(Catalogue, PrintsEveryRowInEveryForm) {
  const std::string text = Catalogue::Text();
  const std::string json = Catalogue::Json();
  for (const Entry& entry : Catalogue::Rows()) {
    EXPECT_THAT(text, HasSubstr(std::string(entry.row->name)));
    EXPECT_THAT(json, HasSubstr("{\"name\":\"" + std::string(entry.row->name) + "\",\"type\":\"" +
                                std::string(InstrumentTypeName(entry.row->type)) + "\""));
  }
  const Group* group = Catalogue::FindGroup("two-tier");
  EXPECT_THAT(Catalogue::Json(group), HasSubstr("\"buckets\":[0.001,0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5,5],"
                                                "\"buckets_given\":true"));
  EXPECT_THAT(Catalogue::Text(group), HasSubstr("cache_hit_rate{cache_tier,cache_name}"));
  EXPECT_EQ(Catalogue::Text(group).find("semantic"), std::string::npos);
  EXPECT_TRUE(Catalogue::Markdown(group).starts_with("## Two-tier query cache\n"));
}

}  // namespace
}  // namespace cachescope
