// Bytes and time of a sample in XOR and packed chunks, by class of series, beside the information the model puts in.
//
// codec_bench [series per class]   prints the tables of docs/format/chunk_packed.md
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "cache_series.h"
#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/chunk_xor.h"
#include "server/storage/tsdb/packed/packed_decode.h"

namespace cachescope::bench {
namespace {

using tsdb::PackedSamples;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kSamples = 2880;  // twelve hours at 15 s
constexpr std::size_t kXorSamples = 120;
// In a block, beside the bytes of a chunk: length, encoding and checksum in the file, about 6 in the index.
constexpr std::size_t kChunkOverhead = 2 + 1 + 4 + 6;

PackedSamples Part(const Series& series, std::size_t at, std::size_t count) {
  count = std::min(count, series.t.size() - at);
  return {std::span(series.t).subspan(at, count), std::span(series.v).subspan(at, count), {}};
}

struct Cost {
  double bytes = 0;       // a sample, of the chunks alone
  double with_index = 0;  // a sample, with what the block adds
  double write_ns = 0;
  double read_ns = 0;
};

double Now() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e9 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec);
}

// The least of a few rounds, in ns, of what `work` does.
template <class Work>
double Time(Work work) {
  double least = 1e300;
  for (int round = 0; round < 15; ++round) {
    const double begin = Now();
    work();
    least = std::min(least, Now() - begin);
  }
  return least;
}

// Every read goes into columns that begin empty for each series, as a query does.
template <class Read>
void Measure(const std::vector<std::vector<Bytes>>& chunks, std::size_t samples, Read read, Cost* cost) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (const auto& series : chunks) {
    for (const Bytes& chunk : series) bytes += chunk.size();
    count += series.size();
  }
  const auto all = static_cast<double>(samples);
  cost->bytes = static_cast<double>(bytes) / all;
  cost->with_index = static_cast<double>(bytes + count * kChunkOverhead) / all;
  storage::SampleColumns out;
  cost->read_ns = Time([&] {
                    for (const auto& series : chunks) {
                      out.clear();
                      for (const Bytes& chunk : series) {
                        if (!read(chunk, &out).ok()) std::abort();
                      }
                    }
                  }) /
                  all;
}

Cost MeasureXor(const std::vector<Series>& all) {
  Cost cost;
  std::vector<std::vector<Bytes>> chunks(all.size());
  std::size_t samples = 0;
  for (const Series& series : all) samples += series.t.size();
  cost.write_ns = Time([&] {
                    for (std::size_t s = 0; s < all.size(); ++s) {
                      chunks[s].clear();
                      for (std::size_t at = 0; at < all[s].t.size(); at += kXorSamples) {
                        const PackedSamples part = Part(all[s], at, kXorSamples);
                        tsdb::XorWriter writer;
                        for (std::size_t i = 0; i < part.values.size(); ++i) {
                          writer.Append(part.timestamps[i], part.values[i]);
                        }
                        chunks[s].emplace_back(writer.bytes().begin(), writer.bytes().end());
                      }
                    }
                  }) /
                  static_cast<double>(samples);
  Measure(
      chunks, samples,
      [](const Bytes& chunk, storage::SampleColumns* out) {
        return tsdb::DecodeXor(chunk, out, tsdb::kMinTime, tsdb::kMaxTime);
      },
      &cost);
  return cost;
}

Cost MeasurePacked(const std::vector<Series>& all, std::size_t chunk_samples, const tsdb::packed::Kernels& kernels) {
  Cost cost;
  std::vector<std::vector<Bytes>> chunks(all.size());
  tsdb::PackedWriter writer;
  Bytes bytes;
  std::size_t samples = 0;
  for (const Series& series : all) samples += series.t.size();
  cost.write_ns = Time([&] {
                    for (std::size_t s = 0; s < all.size(); ++s) {
                      chunks[s].clear();
                      for (std::size_t at = 0; at < all[s].t.size(); at += chunk_samples) {
                        if (!writer.Write(Part(all[s], at, chunk_samples), &bytes).ok()) std::abort();
                        chunks[s].push_back(bytes);
                      }
                    }
                  }) /
                  static_cast<double>(samples);
  Measure(
      chunks, samples,
      [&](const Bytes& chunk, storage::SampleColumns* out) {
        return tsdb::packed::Decode(kernels, chunk, nullptr, out, tsdb::kMinTime, tsdb::kMaxTime);
      },
      &cost);
  return cost;
}

struct Row {
  double bound = 0;
  Cost xor120, packed120, packed480, packed1440, scalar480;

  void Add(const Row& other, double share) {
    bound += other.bound * share;
    const auto add = [share](Cost* to, const Cost& from) {
      to->bytes += from.bytes * share;
      to->with_index += from.with_index * share;
      to->write_ns += from.write_ns * share;
      to->read_ns += from.read_ns * share;
    };
    add(&xor120, other.xor120);
    add(&packed120, other.packed120);
    add(&packed480, other.packed480);
    add(&packed1440, other.packed1440);
    add(&scalar480, other.scalar480);
  }
  void Print(std::string_view name) const {
    std::printf("| %.*s | %.3f | %.3f | %.3f | %.3f | %.3f | %.1f / %.1f | %.2f / %.2f / %.2f |\n",
                static_cast<int>(name.size()), name.data(), bound, xor120.bytes, packed120.bytes, packed480.bytes,
                packed1440.bytes, xor120.write_ns, packed480.write_ns, xor120.read_ns, scalar480.read_ns,
                packed480.read_ns);
  }
};

Row MeasureAll(const std::vector<Series>& all) {
  Row row;
  double samples = 0;
  for (const Series& series : all) {
    row.bound += series.bits / 8;
    samples += static_cast<double>(series.t.size());
  }
  row.bound /= samples;
  row.xor120 = MeasureXor(all);
  row.packed120 = MeasurePacked(all, 120, tsdb::packed::BestKernels());
  row.packed480 = MeasurePacked(all, 480, tsdb::packed::BestKernels());
  row.packed1440 = MeasurePacked(all, 1440, tsdb::packed::BestKernels());
  row.scalar480 = MeasurePacked(all, 480, tsdb::packed::ScalarKernels());
  return row;
}

// Bytes a sample of a family when its chunks are written alone, relative to +Inf, or each to the next greater bucket.
void PrintFamilies(double requests, std::size_t chunk_samples) {
  std::mt19937_64 random(11);
  tsdb::PackedWriter writer;
  Bytes bytes;
  double alone = 0, star = 0, chain = 0, bits = 0, samples = 0;
  for (int family = 0; family < 20; ++family) {
    const std::vector<Series> all = HistogramFamily(&random, kSamples, requests);
    const std::size_t top = all.size() - 2;  // +Inf; behind it _count
    for (std::size_t s = 0; s < all.size(); ++s) {
      bits += all[s].bits;
      samples += static_cast<double>(all[s].t.size());
      for (std::size_t at = 0; at < kSamples; at += chunk_samples) {
        const PackedSamples part = Part(all[s], at, chunk_samples);
        if (!writer.Write(part, &bytes).ok()) std::abort();
        alone += static_cast<double>(bytes.size());
        const auto relative = [&](std::size_t to) {
          if (s == top) return static_cast<double>(bytes.size());
          Bytes out;
          if (!writer.WriteRelative(part, {Part(all[to], at, chunk_samples), 5000}, &out).ok()) std::abort();
          return static_cast<double>(out.size());
        };
        star += relative(top);
        chain += relative(s > top ? top : s + 1);
      }
    }
  }
  std::printf("| %.0f | %zu | %.3f | %.3f | %.3f | %.3f |\n", requests, chunk_samples, bits / 8 / samples,
              alone / samples, star / samples, chain / samples);
}

}  // namespace

int Main(int argc, char** argv) {
  const std::size_t series = argc > 1 ? static_cast<std::size_t>(std::atoi(argv[1])) : 32;
  std::printf(
      "| series | bound, B | XOR 120, B | packed 120, B | 480, B | 1440, B | write XOR / packed, ns | read XOR / "
      "scalar / %s, ns |\n|---|---|---|---|---|---|---|---|\n",
      tsdb::packed::BestKernels().name);
  std::mt19937_64 random(7);
  Row fleet;
  for (const SeriesClass& kind : CacheSeries()) {
    std::vector<Series> all;
    for (std::size_t i = 0; i < series; ++i) all.push_back(kind.make(&random, kSamples));
    const Row row = MeasureAll(all);
    row.Print(kind.name);
    fleet.Add(row, kind.share / 100);
  }
  fleet.Print("fleet");
  std::printf("\nwith index and chunk heads: XOR 120 %.3f, packed 120 %.3f, 480 %.3f, 1440 %.3f bytes a sample\n\n",
              fleet.xor120.with_index, fleet.packed120.with_index, fleet.packed480.with_index,
              fleet.packed1440.with_index);
  std::printf(
      "| requests a scrape | samples a chunk | bound, B | alone, B | to +Inf, B | to the next bucket, B |\n"
      "|---|---|---|---|---|---|\n");
  for (const double requests : {5.0, 300.0, 20'000.0}) {
    for (const std::size_t samples : {std::size_t{480}, std::size_t{1440}}) PrintFamilies(requests, samples);
  }
  return 0;
}

}  // namespace cachescope::bench

int main(int argc, char** argv) { return cachescope::bench::Main(argc, argv); }
