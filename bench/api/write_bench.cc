// CPU time of remote write without network: snappy, protobuf, series look-up, append, commit.
// Usage: write_bench [series] [rounds]. Each round sends one sample per series, 2,000 series a request, twelve labels
// each, as a Prometheus does. Prints CPU seconds per million samples: decoding alone, the first round (new series), and
// the best later round.
#include <ctime>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "server/api/write.h"
#include "server/storage/tsdb/head.h"
#include "wire/proto_text.h"
#include "wire/remote_write.h"
#include "wire/snappy_block.h"

namespace {

using namespace cachescope;  // NOLINT: a program of one file

constexpr int kSeriesPerRequest = 2000;

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::string SeriesLabels(int i) {
  std::string out;
  const std::string n = std::to_string(i);
  wire::AppendLabelMessage(&out, 1, "__name__", "cache_metric_" + std::to_string(i % 50) + "_total");
  for (const char* name :
       {"cluster", "environment", "instance", "job", "namespace", "node", "pod", "region", "service", "shard"}) {
    wire::AppendLabelMessage(&out, 1, name, std::string(name) + "-value-" + std::to_string(i % 97));
  }
  wire::AppendLabelMessage(&out, 1, "zone", "zone-" + n);
  return out;
}

std::string MakeRequest(const std::vector<std::string>& labels, std::size_t begin, std::size_t end, TimestampMs t,
                        int round) {
  std::string message;
  for (std::size_t i = begin; i < end; ++i) {
    std::string series = labels[i];
    std::string sample;
    wire::AppendDoubleField(&sample, 1, static_cast<double>(i) + 3.0 * round);
    wire::AppendVarintField(&sample, 2, static_cast<std::uint64_t>(t));
    wire::AppendBytesField(&series, 2, sample);
    wire::AppendBytesField(&message, 1, series);
  }
  std::string block;
  wire::EncodeSnappy(message, &block);
  return block;
}

class StatusOnly final : public http::ResponseWriter {
 public:
  void SetStatus(int status) override { status_ = status; }
  void SetHeader(std::string_view, std::string_view) override {}
  Status Write(std::string_view bytes) override {
    text_ += bytes;
    return {};
  }
  int status() const { return status_; }
  const std::string& text() const { return text_; }

 private:
  int status_ = 200;
  std::string text_;
};

class CountingSink final : public wire::WriteSink {
 public:
  void Series(const wire::WrittenSeries& series) override { samples += series.samples.size(); }
  void Metadata(std::string_view, const MetricMetadata&) override {}
  std::size_t samples = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const int series = argc > 1 ? std::atoi(argv[1]) : 100'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 10;
  std::vector<std::string> labels;
  for (int i = 0; i < series; ++i) labels.push_back(SeriesLabels(i));
  tsdb::HeadOptions options;
  options.max_future = 0;
  tsdb::Head head(options);
  api::WriteReceiver receiver(&head, nullptr);
  double first = 0;
  double best = 1e9;
  double decode = 1e9;
  for (int round = 0; round < rounds; ++round) {
    std::vector<http::Request> requests;
    for (std::size_t at = 0; at < labels.size(); at += kSeriesPerRequest) {
      http::Request request;
      request.body = MakeRequest(labels, at, std::min(labels.size(), at + kSeriesPerRequest),
                                 1'767'225'600'000 + round * 15'000, round);
      requests.push_back(std::move(request));
    }
    double start = CpuSeconds();
    CountingSink sink;
    std::string message;
    for (const http::Request& request : requests) {
      if (!wire::DecodeSnappy(request.body, 32 << 20, &message).ok()) return 1;
      if (!wire::ReadWriteRequest(message, wire::WriteVersion::kOne, {}, &sink).ok()) return 1;
    }
    decode = std::min(decode, CpuSeconds() - start);
    start = CpuSeconds();
    for (const http::Request& request : requests) {
      StatusOnly response;
      receiver.Handle(request, response);
      if (response.status() != 204) {
        std::fprintf(stderr, "status %d: %s\n", response.status(), response.text().c_str());
        return 1;
      }
    }
    const double took = CpuSeconds() - start;
    if (round == 0) first = took;
    if (round > 0) best = std::min(best, took);
  }
  const double million = static_cast<double>(series) / 1e6;
  std::printf("%d series: decode %.3f, new series %.3f, known series %.3f CPU s per million samples\n", series,
              decode / million, first / million, best / million);
  return 0;
}
