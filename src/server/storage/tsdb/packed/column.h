// A column of whole numbers of 64 bits, the one part that all columns of a packed chunk are made of.
//
// Format: docs/format/chunk_packed.md. Numbers are bits: whoever calls decides whether they are signed; arithmetic is
// modulo 2^64, so that nothing a column holds can overflow. Internal to this folder.
#pragma once

#include <span>
#include <vector>

#include "base/coding.h"
#include "server/storage/tsdb/packed/kernels.h"
#include "server/storage/tsdb/packed/layout.h"

namespace cachescope::tsdb::packed {

// Times may be predicted by a line, values may share a factor; the other kind tries neither.
enum class ColumnKind { kValues, kTimes };

// Reuses its buffers. Not thread-safe.
class ColumnWriter {
 public:
  // Appends the column to `out`. Linear, about 6 ns a number. REQUIRES: 1 <= n.size() <= kMostSamples.
  void Write(std::span<const std::uint64_t> n, ColumnKind kind, std::vector<std::uint8_t>* out);

 private:
  void MakeResiduals(std::span<const std::uint64_t> n, Predictor predictor, std::uint64_t step);
  // Appends residuals_, behind the predictor's own numbers; the first byte of the column is at `head` of `out`.
  void WriteResiduals(std::size_t head, std::vector<std::uint8_t>* out);
  void WriteDense(const struct DensePlan& plan, std::vector<std::uint8_t>* out);
  void WriteSparse(std::uint64_t base, std::vector<std::uint8_t>* out);

  std::vector<std::uint64_t> scaled_;
  std::vector<std::uint64_t> residuals_;
  std::vector<std::uint64_t> entries_;  // residuals counted from the base of a plan
  std::vector<std::uint64_t> gaps_;
  std::vector<std::uint64_t> odd_;
  std::vector<std::uint8_t> sparse_;
};

// About the bits that some of the numbers, at most 128, would take in a column of values; comparable among columns of
// one length. 0: they take none, as far as looked.
std::uint64_t ValueBits(std::span<const std::uint64_t> n);

// A list is a plain column: for what is short. Appends it; an empty one takes no bytes.
void WriteList(std::span<const std::uint64_t> n, std::vector<std::uint8_t>* out);

// Reads the column, or list, of `count` numbers at the front of `in` into `out`. Null, or what is wrong. Linear; reads
// nothing outside `in`. REQUIRES: 1 <= count <= kMostSamples; room for count + kWriteSlack numbers.
const char* ReadColumn(const Kernels& kernels, std::size_t count, ByteReader* in, std::uint64_t* out);
const char* ReadList(const Kernels& kernels, std::size_t count, ByteReader* in, std::uint64_t* out);

// Positions of `count` of `total` samples, as their distances behind the one before, and what belongs to each.
struct Marks {
  std::size_t count = 0;
  std::uint64_t positions[kMostSamples + kWriteSlack];
  std::uint64_t values[kMostSamples + kWriteSlack];
};
// Null, or what is wrong; the positions ascend and are below `total`.
const char* ReadMarks(const Kernels& kernels, std::size_t total, ByteReader* in, Marks* marks);
void WriteMarks(std::span<const std::uint64_t> gaps, std::span<const std::uint64_t> values,
                std::vector<std::uint8_t>* out);

}  // namespace cachescope::tsdb::packed
