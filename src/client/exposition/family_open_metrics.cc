// FamilyCore's OpenMetrics lines. The lines of the text format serve again where the two agree: for everything but the
// head, bounds without a fraction, and _created lines.
#include <algorithm>
#include <deque>

#include "client/exposition/family_cells.h"
#include "client/exposition/family_formats.h"
#include "client/exposition/page_bytes.h"
#include "client/exposition/sample_lines.h"
#include "client/family_core.h"
#include "client/number_text.h"

namespace cachescope::client {
namespace {

// When a series began: seconds and milliseconds without a detour over a double.
char* WriteCreated(char* at, const Series& series) noexcept {
  at = WriteInteger(at, series.created_seconds);
  if (series.created_ms == 0) return at;
  *at++ = '.';
  for (std::uint32_t rest = series.created_ms, digit = 100; rest != 0; rest %= digit, digit /= 10) {
    *at++ = static_cast<char>('0' + rest / digit);
    if (digit == 1) break;
  }
  return at;
}

}  // namespace

FamilyCore::LineParts FamilyCore::CreatedLine(std::string_view stem) const {
  LineParts line = line_;
  line.head.replace(0, spec_.name.size(), std::string(stem) + "_created");
  return line;
}

void FamilyCore::AppendOpenMetrics(bool stem_taken, bool created_lines, std::string* out) const {
  const OpenMetricsShape shape = ShapeOf(spec_.type, spec_.name, stem_taken);
  const std::string stem = spec_.name.substr(0, spec_.name.size() - shape.suffix.size());
  AppendOpenMetricsHead({stem, false}, shape.type, spec_.type, spec_.help, spec_.unit, out);
  if (spec_.type == InstrumentType::kHistogram) {
    AppendOpenMetricsHistograms(created_lines, out);
  } else if (spec_.type == InstrumentType::kCounter && !shape.suffix.empty() && created_lines) {
    AppendOpenMetricsCounters(stem, out);
  } else {
    AppendScalars(out);
  }
}

// Counters with a _created line each.
void FamilyCore::AppendOpenMetricsCounters(std::string_view stem, std::string* out) const {
  const LineParts created = CreatedLine(stem);
  const std::size_t fixed =
      line_.head.size() + line_.tail.size() + created.head.size() + created.tail.size() + 2 * (kMaxNumberText + 1);
  const std::span<Series* const> all(table_.series());
  std::uint32_t cells[kCellBatch];
  std::uint64_t values[kCellBatch];
  for (std::size_t start = 0; start < all.size(); start += kCellBatch) {
    const auto batch = all.subspan(start, std::min(kCellBatch, all.size() - start));
    std::size_t bytes = batch.size() * fixed;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      cells[i] = batch[i]->cell;
      bytes += 2 * std::size_t{batch[i]->text_size};
    }
    SumCells({cells, batch.size()}, values);
    WriteInto(out, bytes, [&](char* at) {
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const Series& series = *batch[i];
        at = WriteText(WriteText(WriteText(at, line_.head), series.text()), line_.tail);
        if (series.fraction_cell.load(std::memory_order_relaxed) == 0) [[likely]] {
          at = WriteInteger(at, values[i]);
        } else {
          at = WriteDouble(at, static_cast<double>(values[i]) + CounterFraction(series));
        }
        *at++ = '\n';
        at = WriteCreated(WriteText(WriteText(WriteText(at, created.head), series.text()), created.tail), series);
        *at++ = '\n';
      }
      return at;
    });
  }
}

// Bucket lines are those of the text format unless the bound is spelled otherwise; those are made in `own`.
std::vector<const FamilyCore::LineParts*> FamilyCore::OpenMetricsBucketLines(std::deque<LineParts>* own) const {
  std::vector<const LineParts*> lines;
  for (std::size_t b = 0; b < bucket_lines_.size(); ++b) {
    const bool last = b == spec_.bounds.size();
    const std::string bound = last ? "+Inf" : CanonicalBoundText(spec_.bounds[b]);
    const bool other = bound.ends_with(".0");
    if (other) own->push_back(MakeLine("_bucket", "le=\"" + bound + "\""));
    lines.push_back(other ? &own->back() : &bucket_lines_[b]);
  }
  return lines;
}

void FamilyCore::AppendOpenMetricsHistograms(bool created_lines, std::string* out) const {
  std::deque<LineParts> own;
  const std::vector<const LineParts*> buckets = OpenMetricsBucketLines(&own);
  const LineParts created = CreatedLine(spec_.name);
  std::vector<const LineParts*> lines = buckets;
  lines.insert(lines.end(), {&count_line_, &sum_line_, &created});
  std::size_t fixed = lines.size() * (kMaxNumberText + 1);
  for (const LineParts* line : lines) fixed += line->head.size() + line->tail.size();
  const bool has_sum = spec_.bounds.empty() || spec_.bounds.front() >= 0;
  const auto write_series = [&](char* at, const Series& series, const std::uint64_t* run) {
    const auto write_line = [&](const LineParts& line, const auto& write_number) {
      at = write_number(WriteText(WriteText(WriteText(at, line.head), series.text()), line.tail));
      *at++ = '\n';
    };
    std::uint64_t count = 0;
    const auto write_count = [&count](char* to) { return WriteInteger(to, count); };
    for (std::size_t b = 0; b < buckets.size(); ++b) {
      count += run[1 + b];
      write_line(*buckets[b], write_count);
    }
    write_line(count_line_, write_count);
    if (has_sum) write_line(sum_line_, [&](char* to) { return WriteDouble(to, std::bit_cast<double>(run[0])); });
    if (created_lines) write_line(created, [&](char* to) { return WriteCreated(to, series); });
    return at;
  };
  ForEachRun(table_.series(), cells_per_series_, [&](const Series& series, const std::uint64_t* run) {
    WriteInto(out, fixed + lines.size() * series.text_size, [&](char* at) { return write_series(at, series, run); });
  });
}

}  // namespace cachescope::client
