#include "cachescope/kits/label_bound.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cachescope/catalogue/service.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/labels.h"
#include "client/allocation_counter_test.h"

namespace cachescope::kits {
namespace {

double Folded(Registry& registry, std::string_view label) {
  const catalogue::ServiceMetrics metrics(registry);
  return metrics.values_folded.With(label).Value();
}

TEST(LabelBound, KeepsTheFirstAndFoldsTheRest) {
  Registry registry;
  LabelBound bound(registry, "tenant_id", 2);
  EXPECT_EQ(bound.Fold("acme"), "acme");
  EXPECT_EQ(bound.Fold("zeta"), "zeta");
  EXPECT_EQ(bound.Fold("late"), "other");
  EXPECT_EQ(bound.Fold("later"), "other");
  EXPECT_EQ(bound.Fold("acme"), "acme");
  EXPECT_EQ(bound.size(), 2U);
  EXPECT_EQ(Folded(registry, "tenant_id"), 2);
  EXPECT_EQ(bound.Fold("other"), "other");
  EXPECT_EQ(Folded(registry, "tenant_id"), 2) << "who calls itself other is not folded";
}

TEST(LabelBound, NoValueIsUnknown) {
  Registry registry;
  LabelBound bound(registry, "tenant_id", 2);
  EXPECT_EQ(bound.Fold(""), "unknown");
}

TEST(LabelBound, CutsLongValues) {
  Registry registry;
  LabelBound bound(registry, "tenant_id", 2);
  const std::string longest(kMaxLabelValueBytes + 100, 'x');
  EXPECT_EQ(bound.Fold(longest).size(), kMaxLabelValueBytes);
  EXPECT_EQ(bound.Admit(longest), bound.Admit(longest + "y"));
}

TEST(LabelBound, TextOfAnyNumberIsSafe) {
  Registry registry;
  const LabelBound bound(registry, "tenant_id", 2);
  for (const std::uint32_t number : {0U, 1U, 2U, 3U, ~0U}) EXPECT_EQ(bound.Text(number), "other");
}

TEST(LabelBound, DoesNotAllocateForKnownAndForFoldedValues) {
  Registry registry;
  LabelBound bound(registry, "tenant_id", 1);
  bound.Admit("a tenant with quite a long name indeed");
  const std::size_t before = client::AllocationCountForTest();
  for (int i = 0; i < 100; ++i) {
    bound.Admit("a tenant with quite a long name indeed");
    bound.Admit("another tenant with quite a long name");
  }
  EXPECT_EQ(client::AllocationCountForTest(), before);
}

TEST(LabelBound, ThreadsAgreeOnNumbers) {
  Registry registry;
  LabelBound bound(registry, "tenant_id", 500);
  std::vector<std::vector<std::uint32_t>> numbers(4, std::vector<std::uint32_t>(1000));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < numbers.size(); ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 1000; ++i) {
        const std::string value = "tenant-" + std::to_string(i);
        numbers[t][i] = bound.Admit(value);
        if (numbers[t][i] != LabelBound::kOther && bound.Text(numbers[t][i]) != value) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(bound.size(), 500U);
  std::set<std::uint32_t> distinct;
  for (std::size_t i = 0; i < 1000; ++i) {
    const std::uint32_t number = bound.Admit("tenant-" + std::to_string(i));
    for (const auto& of_thread : numbers) EXPECT_TRUE(of_thread[i] == number || of_thread[i] == LabelBound::kOther);
    if (number != LabelBound::kOther) distinct.insert(number);
  }
  EXPECT_EQ(distinct.size(), 500U);
}

TEST(BoundedTable, FoldsLabelByLabelAndThenAltogether) {
  Registry registry({.self_metrics = false});
  const CounterFamily family = registry.Counter({.name = "x_total", .labels = {"a", "b"}});
  LabelBound a(registry, "a", 2);
  LabelBound b(registry, "b", 10);
  BoundedTable<Counter, 2> table(4, a, b);
  const auto make = [&](std::string_view x, std::string_view y) { return family.With({x, y}); };
  table.For(make, "a1", "b1").Increment();
  table.For(make, "a2", "b1").Increment();
  table.For(make, "a3", "b1").Increment();  // a is full
  table.For(make, "a3", "b2").Increment();
  table.For(make, "a1", "b9").Increment();  // the table is full
  table.For(make, "a1", "b1").Increment();
  EXPECT_EQ(Counter(family.With({"a1", "b1"})).Value(), 2);
  EXPECT_EQ(Counter(family.With({"other", "b1"})).Value(), 1);
  EXPECT_EQ(Counter(family.With({"other", "b2"})).Value(), 1);
  EXPECT_EQ(Counter(family.With({"other", "other"})).Value(), 1);
}

// The table is full with the last key: who waited for the lock meanwhile still gets that key and not the shared entry.
TEST(HandleTable, ThreadsShareWhatIsMade) {
  HandleTable<std::uint64_t> table(1000);
  std::atomic<int> made{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (std::uint64_t key = 0; key < 1000; ++key) {
        const auto make = [&](bool) {
          ++made;
          return key;
        };
        if (table.Find(HandleKey(key, key), make) != key) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(made, 1000);
}

}  // namespace
}  // namespace cachescope::kits
