// FamilyCore's text exposition. Of counters, gauges, infos and classic histograms everything but the numbers was
// rendered at registration; series are read in batches, so that the lock of the cells is taken once per batch.
#include <algorithm>
#include <bit>
#include <cstring>

#include "client/cell_store.h"
#include "client/exposition/family_formats.h"
#include "client/exposition/page_bytes.h"
#include "client/family_core.h"
#include "client/number_text.h"

namespace cachescope::client {
namespace {

constexpr std::size_t kBatch = 256;
constexpr std::size_t kPrefetch = 8;

}  // namespace

void FamilyCore::AppendText(std::string* out) {
  const bool of_lines = spec_.type == InstrumentType::kSummary || spec_.type == InstrumentType::kStateSet;
  if (has_sketches() || of_lines || !legacy_names_) {
    const FamilySnapshot snapshot = Snapshot();
    if (!snapshot.series.empty()) AppendTextFamily(snapshot, NameEscaping::kUnderscores, out);
    return;
  }
  SortIfNeeded();
  const std::shared_lock lock(mu_);
  if (table_.series().empty()) return;
  out->append(header_);
  if (spec_.type == InstrumentType::kHistogram) {
    AppendHistograms(out);
  } else {
    AppendScalars(out);
  }
}

void FamilyCore::AppendScalars(std::string* out) const {
  const std::span<Series* const> all(table_.series());
  const std::size_t fixed = line_.head.size() + line_.tail.size() + kMaxNumberText + 1;
  const bool counter = spec_.type == InstrumentType::kCounter;
  std::uint32_t cells[kBatch];
  std::uint64_t values[kBatch];
  for (std::size_t start = 0; start < all.size(); start += kBatch) {
    const auto batch = all.subspan(start, std::min(kBatch, all.size() - start));
    std::size_t bytes = batch.size() * fixed;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (i + kPrefetch < batch.size()) __builtin_prefetch(batch[i + kPrefetch]);
      cells[i] = batch[i]->cell;
      bytes += batch[i]->text_size;
    }
    if (counter) {
      SumCells({cells, batch.size()}, values);
    } else {
      for (std::size_t i = 0; i < batch.size(); ++i) values[i] = SharedCell(cells[i]).load(std::memory_order_relaxed);
    }
    WriteInto(out, bytes, [&](char* at) {
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const Series& series = *batch[i];
        at = WriteText(at, line_.head);
        at = WriteText(at, series.text());
        at = WriteText(at, line_.tail);
        if (!counter) {
          at = WriteDouble(at, std::bit_cast<double>(values[i]));
        } else if (series.fraction_cell.load(std::memory_order_relaxed) == 0) [[likely]] {
          at = WriteInteger(at, values[i]);
        } else {
          at = WriteDouble(at, static_cast<double>(values[i]) + CounterFraction(series));
        }
        *at++ = '\n';
      }
      return at;
    });
  }
}

void FamilyCore::AppendHistograms(std::string* out) const {
  std::size_t fixed = sum_line_.head.size() + sum_line_.tail.size() + count_line_.head.size() + count_line_.tail.size();
  for (const LineParts& line : bucket_lines_) fixed += line.head.size() + line.tail.size();
  const std::size_t lines = bucket_lines_.size() + 2;
  fixed += lines * (kMaxNumberText + 1);
  const std::size_t batch_size = std::max<std::size_t>(1, kBatch / cells_per_series_);
  std::vector<std::uint32_t> firsts(batch_size);
  std::vector<std::uint64_t> values(batch_size * cells_per_series_);
  const std::span<Series* const> all(table_.series());
  for (std::size_t start = 0; start < all.size(); start += batch_size) {
    const auto batch = all.subspan(start, std::min(batch_size, all.size() - start));
    for (std::size_t i = 0; i < batch.size(); ++i) firsts[i] = batch[i]->cell;
    SumRuns({firsts.data(), batch.size()}, cells_per_series_, values.data());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const std::string_view text = batch[i]->text();
      const std::uint64_t* run = values.data() + i * cells_per_series_;
      WriteInto(out, fixed + lines * text.size(), [&](char* at) {
        const auto write_parts = [&](const LineParts& line) {
          at = WriteText(WriteText(WriteText(at, line.head), text), line.tail);
        };
        std::uint64_t count = 0;
        for (std::size_t b = 0; b < bucket_lines_.size(); ++b) {
          count += run[1 + b];
          write_parts(bucket_lines_[b]);
          at = WriteInteger(at, count);
          *at++ = '\n';
        }
        write_parts(sum_line_);
        at = WriteDouble(at, std::bit_cast<double>(run[0]));
        *at++ = '\n';
        write_parts(count_line_);
        at = WriteInteger(at, count);
        *at++ = '\n';
        return at;
      });
    }
  }
}

}  // namespace cachescope::client
