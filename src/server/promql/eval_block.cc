#include "server/promql/eval_block.h"

#include <algorithm>

namespace cachescope::promql {
namespace {

const HistogramPtr kNoHistogram;

}  // namespace

std::size_t HistogramSampleSize(const FloatHistogram& h) noexcept {
  constexpr std::size_t kFixedBytes = 168;  // upstream's size of the struct, so that limits mean the same
  const std::size_t bytes =
      kFixedBytes + 8 * (h.positive_spans.size() + h.negative_spans.size() + h.positive_buckets.size() +
                         h.negative_buckets.size() + h.custom_values.size());
  return (bytes + 8) / 16;
}

void SeriesBlock::Reserve(std::size_t rows) {
  labels_.reserve(rows);
  drop_name_.reserve(rows);
  cells_.reserve(rows * steps_);
  values_.reserve(rows * steps_);
}

std::size_t SeriesBlock::AddRow(Labels labels, bool drop_name) {
  return AddBorrowedRow(&own_labels_.emplace_back(std::move(labels)), drop_name);
}

std::size_t SeriesBlock::AddBorrowedRow(const Labels* labels, bool drop_name) {
  labels_.push_back(labels);
  drop_name_.push_back(drop_name ? 1 : 0);
  cells_.resize(cells_.size() + steps_, Cell::kNone);
  values_.resize(values_.size() + steps_, 0.0);
  if (!histograms_.empty()) histograms_.resize(cells_.size());
  return labels_.size() - 1;
}

std::size_t SeriesBlock::CopyRow(const SeriesBlock& other, std::size_t row) {
  const std::size_t to = AddRow(other.labels(row), other.drop_name(row));
  std::copy_n(other.cells(row), steps_, cells(to));
  std::copy_n(other.values(row), steps_, values(to));
  if (other.has_histograms()) {
    for (std::size_t step = 0; step < steps_; ++step) {
      if (other.cells(row)[step] == Cell::kHistogram) SetHistogram(to, step, other.histogram(row, step));
    }
  }
  return to;
}

void SeriesBlock::PopRow() {
  labels_.pop_back();
  drop_name_.pop_back();
  cells_.resize(cells_.size() - steps_);
  values_.resize(values_.size() - steps_);
  if (!histograms_.empty()) histograms_.resize(cells_.size());
}

const HistogramPtr& SeriesBlock::histogram(std::size_t row, std::size_t step) const {
  return histograms_.empty() ? kNoHistogram : histograms_[row * steps_ + step];
}

void SeriesBlock::SetFloat(std::size_t row, std::size_t step, double v) {
  const std::size_t at = row * steps_ + step;
  cells_[at] = Cell::kFloat;
  values_[at] = v;
  if (!histograms_.empty()) histograms_[at].reset();
}

void SeriesBlock::SetHistogram(std::size_t row, std::size_t step, HistogramPtr h) {
  if (histograms_.empty()) histograms_.resize(cells_.size());
  const std::size_t at = row * steps_ + step;
  cells_[at] = Cell::kHistogram;
  histograms_[at] = std::move(h);
}

void SeriesBlock::Clear(std::size_t row, std::size_t step) {
  const std::size_t at = row * steps_ + step;
  cells_[at] = Cell::kNone;
  if (!histograms_.empty()) histograms_[at].reset();
}

void SeriesBlock::SetCell(std::size_t row, std::size_t step, const SeriesBlock& other, std::size_t other_row,
                          std::size_t other_step) {
  switch (other.cells(other_row)[other_step]) {
    case Cell::kNone:
      Clear(row, step);
      break;
    case Cell::kFloat:
      SetFloat(row, step, other.values(other_row)[other_step]);
      break;
    case Cell::kHistogram:
      SetHistogram(row, step, other.histogram(other_row, other_step));
      break;
  }
}

bool SeriesBlock::RowEmpty(std::size_t row) const {
  const Cell* c = cells(row);
  return std::all_of(c, c + steps_, [](Cell cell) { return cell == Cell::kNone; });
}

void SeriesBlock::RemoveEmptyRows() {
  std::vector<std::size_t> keep;
  keep.reserve(rows());
  for (std::size_t row = 0; row < rows(); ++row) {
    if (!RowEmpty(row)) keep.push_back(row);
  }
  if (keep.size() != rows()) Select(keep);
}

void SeriesBlock::Select(const std::vector<std::size_t>& order) {
  SeriesBlock out(steps_);
  out.Reserve(order.size());
  for (std::size_t row : order) {
    const std::size_t to = out.AddBorrowedRow(labels_[row], drop_name(row));
    std::copy_n(cells(row), steps_, out.cells(to));
    std::copy_n(values(row), steps_, out.values(to));
    if (histograms_.empty()) continue;
    for (std::size_t step = 0; step < steps_; ++step) {
      if (cells(row)[step] == Cell::kHistogram) out.SetHistogram(to, step, std::move(histograms_[row * steps_ + step]));
    }
  }
  out.own_labels_ = std::move(own_labels_);
  out.owners_ = std::move(owners_);
  out.lease_ = std::move(lease_);
  *this = std::move(out);
}

SeriesBlock SeriesBlock::Broadcast(std::size_t steps) const {
  SeriesBlock out(steps);
  out.Reserve(rows());
  for (std::size_t row = 0; row < rows(); ++row) {
    out.AddRow(labels(row), drop_name(row));
    if (cells(row)[0] == Cell::kFloat) {
      std::fill_n(out.cells(row), steps, Cell::kFloat);
      std::fill_n(out.values(row), steps, values(row)[0]);
    } else if (cells(row)[0] == Cell::kHistogram) {
      for (std::size_t step = 0; step < steps; ++step) out.SetHistogram(row, step, histogram(row, 0));
    }
  }
  return out;
}

std::size_t SeriesBlock::SampleCount() const {
  std::size_t n = 0;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (cells_[i] == Cell::kFloat) ++n;
    if (cells_[i] == Cell::kHistogram) n += HistogramSampleSize(*histograms_[i]);
  }
  return n;
}

std::size_t SeriesBlock::MemoryBytes() const {
  std::size_t bytes = cells_.size() * (sizeof(Cell) + sizeof(double)) + histograms_.size() * sizeof(HistogramPtr) +
                      labels_.size() * (sizeof(Labels*) + 1);
  for (const Labels& labels : own_labels_) bytes += labels.MemoryBytes();
  return bytes;
}

Status SeriesBlock::Charge(SampleBudget* budget) {
  lease_.Reset();
  return lease_.Add(budget, SampleCount(), MemoryBytes());
}

}  // namespace cachescope::promql
