// The receiver of Prometheus remote write: POST /api/v1/write, versions 1.0 and 2.0.
//
// Each sample goes from the request's bytes into one batch of the store. A series that was seen before is recognised by
// a hash of its encoded labels and appended by reference; its labels are not even read. Costs for known series
// (bench/api/write_bench.cc, twelve labels): 240 ns per sample for 2,000 series, 330 for 100,000, of which 115 are
// decompression and protobuf. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "model/sample.h"
#include "server/http/server.h"
#include "server/storage/appender.h"
#include "server/storage/exemplar_store.h"
#include "wire/remote_write.h"

namespace cachescope::api {

struct WriteLimits {
  std::size_t max_decoded_bytes = 32 << 20;  // as upstream
  std::size_t max_label_bytes = 64 << 10;    // of one series, encoded
  wire::WriteLimits request;
};

// What becomes of the start times of version 2. Upstream ignores them unless a feature is switched on.
enum class StartTimes : unsigned char { kIgnore, kKeep };

// Since the start.
struct WriteCounters {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> refused_requests{0};  // answered 4xx or 5xx
  std::atomic<std::uint64_t> samples{0};           // floats stored
  std::atomic<std::uint64_t> histograms{0};
  std::atomic<std::uint64_t> exemplars{0};
  std::atomic<std::uint64_t> invalid_series{0};   // without a name, with a label twice, not UTF-8
  std::atomic<std::uint64_t> refused_samples{0};  // by the store or because they contradict themselves
};

// What requests say about families, for /api/v1/metadata. Bounded; thread-safe.
class WrittenMetadata {
 public:
  static constexpr std::size_t kMaxFamilies = 20'000;
  void Set(std::string_view family, const MetricMetadata& metadata);
  // Sorted by name; `family` empty means all.
  std::vector<std::pair<std::string, MetricMetadata>> Get(std::string_view family) const;

 private:
  mutable std::mutex mu_;
  std::map<std::string, MetricMetadata, std::less<>> families_;  // guarded by mu_
};

class WriteReceiver {
 public:
  // `store` and `exemplars` outlive the receiver; `exemplars` may be null.
  WriteReceiver(storage::Appendable* store, storage::ExemplarStore* exemplars, WriteLimits limits = {},
                StartTimes starts = StartTimes::kIgnore);
  ~WriteReceiver();

  // Answers 204, or a text and:
  //   400  not a write request; or samples were refused, and all others of the request are stored
  //   415  content type or encoding
  //   429  the store holds its maximum of series; the samples of known series are stored
  //   500  the store could not keep the batch; nothing of it is stored
  // As upstream, version 1 drops invalid series without a word, and both drop samples that are not newer than one
  // before them in the same series of the same request.
  void Handle(const http::Request& request, http::ResponseWriter& response);

  const WriteCounters& counters() const noexcept { return counters_; }
  const WrittenMetadata& metadata() const noexcept { return metadata_; }

 private:
  class Batch;
  class SeriesRefs;
  Status Decode(const http::Request& request, std::string* message) const;

  storage::Appendable* const store_;
  storage::ExemplarStore* const exemplars_;
  const WriteLimits limits_;
  const StartTimes starts_;
  const std::unique_ptr<SeriesRefs> refs_;
  WriteCounters counters_;
  WrittenMetadata metadata_;
};

}  // namespace cachescope::api
