#include "cachescope/error_tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cachescope/exposition.h"
#include "client/allocation_counter_test.h"
#include "client/profile/json_reader_test.h"

namespace cachescope {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr ErrorTracker::TimePoint kStart{std::chrono::hours(50)};

TEST(ErrorTracker, RatesAreByOperationAndClassOverTheWindow) {
  ErrorTracker tracker({.window = minutes(5)});
  for (int i = 0; i < 60; ++i) tracker.RecordError("get", "timeout", "after 50 ms", kStart + seconds(i));
  tracker.RecordError("get", "refused", "", kStart + seconds(60));
  tracker.RecordError("set", "timeout", "", kStart + seconds(299));
  ErrorReport report = tracker.Report(kStart + seconds(299));
  EXPECT_EQ(report.total, 62U);
  EXPECT_EQ(report.in_window, 62U);
  EXPECT_DOUBLE_EQ(report.window_seconds, 299);
  ASSERT_EQ(report.errors.size(), 3U);
  EXPECT_EQ(report.errors[0].operation, "get");
  EXPECT_EQ(report.errors[0].error_class, "timeout");
  EXPECT_EQ(report.errors[0].last_message, "after 50 ms");
  EXPECT_DOUBLE_EQ(report.errors[0].per_second, 60.0 / 299);
  EXPECT_DOUBLE_EQ(report.errors[0].seconds_since_last, 240);
  // The window moves on: at 360 s the errors before 60 s are out of it, the totals stay.
  report = tracker.Report(kStart + seconds(360));
  EXPECT_EQ(report.in_window, 1U);
  EXPECT_EQ(report.total, 62U);
  EXPECT_DOUBLE_EQ(report.window_seconds, 300);
  report = tracker.Report(kStart + minutes(60));
  EXPECT_EQ(report.in_window, 0U);
  EXPECT_EQ(report.errors.size(), 3U);
}

TEST(ErrorTracker, RatioNeedsSuccesses) {
  ErrorTracker tracker;
  for (int i = 0; i < 95; ++i) tracker.RecordSuccess("get", kStart);
  for (int i = 0; i < 5; ++i) tracker.RecordError("get", "x", {}, kStart);
  tracker.RecordError("set", "x", {}, kStart);
  ErrorReport report = tracker.Report(kStart + seconds(1));
  ASSERT_EQ(report.operations.size(), 2U);
  EXPECT_EQ(report.operations[0].operation, "get");
  EXPECT_DOUBLE_EQ(report.operations[0].error_ratio, 0.05);
  EXPECT_DOUBLE_EQ(report.operations[0].errors_per_second, 1);  // five over a sixtieth of the window
  EXPECT_DOUBLE_EQ(report.operations[1].error_ratio, 1);
  report = tracker.Report(kStart + minutes(30));
  EXPECT_TRUE(std::isnan(report.operations[0].error_ratio));
}

TEST(ErrorTracker, LateRecordsCountWhereTheyBelong) {
  ErrorTracker tracker({.window = seconds(60)});
  tracker.RecordError("a", "x", "new", kStart + seconds(100));
  tracker.RecordError("a", "x", "late", kStart + seconds(70));
  tracker.RecordError("a", "x", "too late", kStart + seconds(20));
  const ErrorReport report = tracker.Report(kStart + seconds(100));
  EXPECT_EQ(report.errors[0].in_window, 2U);
  EXPECT_EQ(report.errors[0].total, 3U);
  EXPECT_EQ(report.errors[0].seconds_since_last, 0);
}

TEST(ErrorTracker, CardinalityIsBounded) {
  ErrorTracker tracker({.max_errors = 3, .max_operations = 2});
  for (int i = 0; i < 10; ++i) tracker.RecordError("op", "class" + std::to_string(i), "m", kStart);
  for (int i = 0; i < 10; ++i) tracker.RecordSuccess("op" + std::to_string(i), kStart);
  const ErrorReport report = tracker.Report(kStart);
  EXPECT_EQ(report.total, 10U);
  EXPECT_EQ(report.folded, 7U + 9U);
  ASSERT_EQ(report.errors.size(), 4U);
  EXPECT_EQ(report.errors[0].operation, "other");
  EXPECT_EQ(report.errors[0].in_window, 7U);
  ASSERT_EQ(report.operations.size(), 3U);
}

TEST(ErrorTracker, MessagesAndNamesAreCut) {
  ErrorTracker tracker;
  tracker.RecordError(std::string(500, 'o'), std::string(500, 'c'), std::string(5000, 'm'), kStart);
  const ErrorReport report = tracker.Report(kStart);
  EXPECT_EQ(report.errors[0].operation.size(), kMaxErrorNameBytes);
  EXPECT_EQ(report.errors[0].error_class.size(), kMaxErrorNameBytes);
  EXPECT_EQ(report.errors[0].last_message.size(), kMaxErrorMessageBytes);
}

TEST(ErrorTracker, ExceptionsAreNamedByType) {
  ErrorTracker tracker;
  const auto record = [&](auto thrown) {
    try {
      throw thrown;
    } catch (...) {
      tracker.RecordException("load", kStart);
    }
  };
  record(std::runtime_error("broken"));
  record(42);
  tracker.RecordException("no exception", kStart);
  const ErrorReport report = tracker.Report(kStart);
  ASSERT_EQ(report.errors.size(), 3U);
  EXPECT_EQ(report.errors[0].error_class, "int");
  EXPECT_EQ(report.errors[1].error_class, "std::runtime_error");
  EXPECT_EQ(report.errors[1].last_message, "broken");
  EXPECT_EQ(report.errors[2].error_class, "unknown");
}

TEST(ErrorTracker, TheRegistryGetsACounter) {
  std::optional<Registry> registry(RegistryOptions{.namespace_ = "app"});
  ErrorTracker tracker({.max_errors = 2, .registry = &*registry});
  for (int i = 0; i < 4; ++i) tracker.RecordError("get", "class" + std::to_string(i), {}, kStart);
  const std::string text = Text(*registry);
  EXPECT_THAT(text, HasSubstr("app_operation_errors_total{operation=\"get\",error_class=\"class0\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("app_operation_errors_total{operation=\"other\",error_class=\"other\"} 2\n"));
  registry.reset();
  tracker.RecordError("get", "class0", {}, kStart);
  tracker.RecordError("get", "new", {}, kStart);
}

TEST(ErrorTracker, AllocatesNothingForAKnownPair) {
  ErrorTracker tracker;
  tracker.RecordError("get", "timeout", "first", kStart);
  const std::size_t before = client::AllocationCountForTest();
  for (int i = 0; i < 100; ++i) {
    tracker.RecordError("get", "timeout", "a message that is far too long to be kept in a short string", kStart);
    tracker.RecordSuccess("get", kStart);
  }
  EXPECT_EQ(client::AllocationCountForTest(), before);
}

TEST(ErrorTracker, JsonIsValidAndTextReadable) {
  ErrorTracker tracker;
  tracker.RecordError("g\"et", "time\nout \xff", "said \"no\"\x02\n\xff", kStart);
  const ErrorReport report = tracker.Report(kStart + seconds(2));
  EXPECT_TRUE(client::IsJsonForTest(Json(report))) << Json(report);
  EXPECT_TRUE(client::IsJsonForTest(Json(ErrorReport{})));
  EXPECT_THAT(Text(report), HasSubstr("1 errors in 5.00 s, 1 since the start\n"));
  EXPECT_THAT(Text(report), HasSubstr("g\"et time out \xEF\xBF\xBD: 1, last 2.00 s ago: said \"no\"  \xEF\xBF\xBD\n"));
}

TEST(ErrorTracker, ManyThreads) {
  ErrorTracker tracker({.max_errors = 8});
  std::vector<std::thread> workers;
  for (int t = 0; t < 4; ++t) {
    workers.emplace_back([&, t] {
      for (int i = 0; i < 1000; ++i) {
        tracker.RecordError("op" + std::to_string(i % 3), "class" + std::to_string((i + t) % 5), std::to_string(i));
        tracker.RecordSuccess("op" + std::to_string(i % 3));
        if (i % 100 == 0) tracker.Report();
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(tracker.Report().total, 4000U);
  EXPECT_EQ(tracker.Report().in_window, 4000U);
}

}  // namespace
}  // namespace cachescope
