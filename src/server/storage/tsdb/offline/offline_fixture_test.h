// Directories of blocks and logs for the tests of this folder.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/fault_env.h"
#include "server/storage/tsdb/block/block_fixture_test.h"
#include "server/storage/tsdb/offline/verify.h"
#include "server/storage/tsdb/wal/log_reader.h"
#include "server/storage/tsdb/wal/log_writer.h"
#include "server/storage/tsdb/wal/record.h"

namespace cachescope::tsdb {

class OfflineFixture : public BlockFixture {
 protected:
  static std::string ReadAll(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void WriteAll(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  static void FlipBit(const std::string& path, std::size_t byte, unsigned bit = 3) {
    std::string bytes = ReadAll(path);
    ASSERT_LT(byte, bytes.size());
    bytes[byte] = static_cast<char>(bytes[byte] ^ (1 << bit));
    WriteAll(path, bytes);
  }
  // A log of `records` records with a sample each, in segments of `per_segment`; returns the records.
  std::vector<std::string> WriteLog(std::size_t records, std::size_t per_segment) {
    auto writer = LogWriter::Open(Env::Posix(), directory_ + "/wal", {});
    EXPECT_TRUE(writer.ok());
    std::vector<std::string> out;
    for (std::size_t i = 0; i < records; ++i) {
      if (i > 0 && i % per_segment == 0) {
        EXPECT_TRUE((*writer)->NextSegment().ok());
      }
      std::string record;
      std::vector<SampleRecord> samples;
      // Enough of them for a segment of several pages.
      for (std::size_t k = 0; k < 200; ++k) {
        samples.push_back({k + 1, static_cast<TimestampMs>(i * 1000), static_cast<double>(i * 7919 + k) / 3});
      }
      EncodeSamples(samples, &record);
      const std::string_view view = record;
      EXPECT_TRUE((*writer)->Append(std::span(&view, 1)).ok());
      out.push_back(record);
    }
    return out;
  }
  std::vector<std::string> ReadLog() const {
    std::vector<std::string> out;
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/wal")) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    for (const std::string& path : paths) {
      const std::string bytes = ReadAll(path);
      LogReader reader(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
      std::string_view record;
      while (reader.Next(&record)) out.emplace_back(record);
    }
    return out;
  }
  VerifyReport Verified(const VerifyOptions& options = {}) const {
    auto report = VerifyDirectory(Env::Posix(), directory_, options);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? std::move(*report) : VerifyReport();
  }
  // What the blocks hold, whatever state they are in: those that do not open are left out. Nothing is changed.
  Snapshot Readable() const {
    const auto set = BlockSet::Open(Env::Posix(), directory_, true);
    EXPECT_TRUE(set.ok());
    Snapshot out;
    const auto querier = QuerierOf(**set);
    const auto selected = querier->Select(true, {}, {});
    if (!selected.ok()) return out;
    for (const auto& series : selected->series) {
      storage::SampleColumns columns;
      (void)series->Read(INT64_MIN, INT64_MAX, &columns);
      AddTo(&out, series->labels(), columns);
    }
    return out;
  }
  // Whether every sample of `part` stands in `whole` as it is.
  static bool Contains(const Snapshot& whole, const Snapshot& part) {
    for (const auto& [labels, samples] : part) {
      const auto found = whole.find(labels);
      if (found == whole.end()) return false;
      for (const auto& [t, value] : samples) {
        const auto at = found->second.find(t);
        if (at == found->second.end() || at->second != value) return false;
      }
    }
    return true;
  }
  static std::size_t Count(const Snapshot& snapshot) {
    std::size_t out = 0;
    for (const auto& [labels, samples] : snapshot) out += samples.size();
    return out;
  }
};

}  // namespace cachescope::tsdb
