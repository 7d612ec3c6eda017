#include "server/promql/eval_scan.h"

#include <algorithm>

#include "server/promql/worker_pool.h"

namespace cachescope::promql {
namespace {

// Rows of a piece together have about this many cells, so that a batch stays in the cache of its processor.
constexpr std::size_t kCellsPerPiece = 16'384;
constexpr std::size_t kMostSeriesPerPiece = 512;
// Less work than this is done faster by one thread. In cells; a series costs as much as some cells.
constexpr std::size_t kCellsWorthThreads = 32'768;
constexpr std::size_t kCellsPerSeries = 16;

std::size_t SeriesPerPiece(std::size_t steps) {
  return std::clamp<std::size_t>(kCellsPerPiece / std::max<std::size_t>(steps, 1), 1, kMostSeriesPerPiece);
}

std::size_t ThreadsFor(const EvalOptions& options, std::size_t series, std::size_t steps) {
  if (options.pool == nullptr || options.simple) return 1;
  if (!options.always_parallel && series * (steps + kCellsPerSeries) < kCellsWorthThreads) return 1;
  return options.pool->threads() + 1;
}

// Fills a batch with the rows of the series [first, last).
void FillBatch(const Evaluator& ev, const RowSource& source, std::size_t first, std::size_t last, std::size_t steps,
               RowBatch* batch) {
  batch->Reset(steps);
  batch->status = ev.CheckNow();
  for (std::size_t i = first; i < last && batch->status.ok(); ++i) {
    batch->OpenRow();
    if (source.has_times()) batch->time_column.resize((batch->rows() + 1) * steps);
    RowInfo info;
    info.series = i;
    const Result<bool> kept = source.Fill(i, batch, &info);
    if (!kept.ok()) {
      batch->status = kept.status();
    } else if (*kept) {
      batch->CloseRow(info);
    } else {
      batch->skipped_read += info.read;
      batch->skipped_touched = std::max(batch->skipped_touched, info.touched);
    }
  }
}

}  // namespace

void RowBatch::Reset(std::size_t row_steps) {
  steps = row_steps;
  has_histograms = false;
  infos.clear();
  histogram_column.clear();
  skipped_read = 0;
  skipped_touched = 0;
  notes = Annotations();
  status = Status();
}

void RowBatch::OpenRow() {
  const std::size_t need = (rows() + 1) * steps;
  if (cell_column.size() < need) {
    const std::size_t room = std::max(need, 2 * cell_column.size());
    cell_column.resize(room);
    value_column.resize(room);
  }
  std::fill_n(cells(rows()), steps, Cell::kNone);
  std::fill_n(values(rows()), steps, 0.0);
  if (has_histograms) histogram_column.resize(need);
  for (std::size_t i = rows() * steps; i < histogram_column.size(); ++i) histogram_column[i].reset();
}

void RowBatch::SetHistogram(std::size_t step, HistogramPtr h) {
  has_histograms = true;
  histogram_column.resize((rows() + 1) * steps);
  cells(rows())[step] = Cell::kHistogram;
  histogram_column[rows() * steps + step] = std::move(h);
}

Status ScanRows(Evaluator* ev, const RowSource& source, std::size_t steps, SampleLease* held,
                const std::function<Status(RowBatch& batch)>& take) {
  const std::size_t per_piece = SeriesPerPiece(steps);
  const std::size_t pieces = (source.size() + per_piece - 1) / per_piece;
  const std::size_t threads = ThreadsFor(ev->options(), source.size(), steps);
  std::vector<RowBatch> slots(std::min(OrderedSlots(threads), std::max<std::size_t>(pieces, 1)));
  slots.resize(threads <= 1 || pieces <= 1 ? 1 : OrderedSlots(threads));
  Status status;
  const auto compute = [&](std::size_t piece, std::size_t slot) {
    const std::size_t first = piece * per_piece;
    FillBatch(*ev, source, first, std::min(first + per_piece, source.size()), steps, &slots[slot]);
  };
  const auto account = [&](const RowBatch& batch) -> Status {
    ev->CountSamples(batch.skipped_read);
    CACHESCOPE_RETURN_IF_ERROR(ev->budget().Touch(batch.skipped_touched));
    for (const RowInfo& info : batch.infos) {
      ev->CountSamples(info.read);
      if (info.touched > 0) CACHESCOPE_RETURN_IF_ERROR(ev->budget().Touch(info.touched));
      if (info.held > 0) CACHESCOPE_RETURN_IF_ERROR(held->Add(&ev->budget(), info.held));
    }
    return {};
  };
  const auto apply = [&](std::size_t, std::size_t slot) {
    RowBatch& batch = slots[slot];
    ev->annotations().Merge(batch.notes);
    status = ev->CountSeries(batch.rows());
    if (status.ok()) status = account(batch);
    if (status.ok()) status = take(batch);
    if (status.ok()) status = batch.status;
    return status.ok();
  };
  RunOrdered(ev->options().pool, threads, pieces, compute, apply);
  return status;
}

Result<SeriesBlock> ScanBlock(Evaluator* ev, const RowSource& source, std::size_t steps,
                              std::vector<TimestampMs>* times) {
  SeriesBlock block(steps);
  SampleLease held;
  const std::shared_ptr<const void> owner = source.owner();
  if (owner != nullptr) block.KeepAlive(owner);
  const Status status = ScanRows(ev, source, steps, &held, [&](RowBatch& batch) -> Status {
    CACHESCOPE_RETURN_IF_ERROR(ev->budget().CheckCells(block.rows() + batch.rows(), steps));
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const std::size_t series = batch.infos[i].series;
      const bool drop = source.drop_name(series);
      const std::size_t row = owner != nullptr ? block.AddBorrowedRow(&source.labels(series), drop)
                                               : block.AddRow(source.labels(series), drop);
      std::copy_n(batch.cells(i), steps, block.cells(row));
      std::copy_n(batch.values(i), steps, block.values(row));
      if (times != nullptr) times->insert(times->end(), batch.times(i), batch.times(i) + steps);
      if (!batch.has_histograms) continue;
      for (std::size_t step = 0; step < steps; ++step) {
        if (batch.cells(i)[step] == Cell::kHistogram) block.SetHistogram(row, step, batch.histogram(i, step));
      }
    }
    return {};
  });
  if (!status.ok()) return status;
  return block;
}

}  // namespace cachescope::promql
