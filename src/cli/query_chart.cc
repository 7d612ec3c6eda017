#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <limits>

#include "cli/query_view.h"

namespace cachescope::cli {
namespace {

constexpr std::size_t kRows = 12;
constexpr std::size_t kMostSeries = 26;  // a letter each; more lines than that cannot be told apart
constexpr std::array<const char*, 6> kColors = {"\x1b[36m", "\x1b[33m", "\x1b[35m", "\x1b[32m", "\x1b[34m", "\x1b[31m"};
constexpr const char* kNoColor = "\x1b[0m";

struct Bounds {
  TimestampMs t0 = std::numeric_limits<TimestampMs>::max();
  TimestampMs t1 = std::numeric_limits<TimestampMs>::min();
  double low = INFINITY;
  double high = -INFINITY;
  bool empty() const { return !(low <= high); }
};

Bounds BoundsOf(const QueryAnswer& answer, std::size_t series) {
  Bounds out;
  for (std::size_t i = 0; i < series; ++i) {
    for (const Sample& sample : answer.series[i].samples) {
      if (!std::isfinite(sample.v)) continue;
      out.t0 = std::min(out.t0, sample.t);
      out.t1 = std::max(out.t1, sample.t);
      out.low = std::min(out.low, sample.v);
      out.high = std::max(out.high, sample.v);
    }
  }
  if (!out.empty() && out.low == out.high) {
    const double margin = out.low == 0 ? 1 : std::fabs(out.low) / 10;
    out.low -= margin;
    out.high += margin;
  }
  return out;
}

// A raster of cells, each 2 dots wide and 4 high, with the series that drew in it last.
class Raster {
 public:
  explicit Raster(std::size_t columns) : columns_(columns), dots_(columns * kRows), owners_(columns * kRows) {}

  std::size_t width() const { return columns_ * 2; }
  static constexpr std::size_t height() { return kRows * 4; }

  void Dot(std::size_t x, std::size_t y, std::size_t series) {
    constexpr unsigned char kBits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    const std::size_t cell = y / 4 * columns_ + x / 2;
    dots_[cell] = static_cast<unsigned char>(dots_[cell] | kBits[y % 4][x % 2]);
    owners_[cell] = series;
  }
  // Dots between two points, so that a line stays a line where it is steep.
  void Line(std::size_t x0, std::size_t y0, std::size_t x1, std::size_t y1, std::size_t series) {
    const auto far = [](std::size_t a, std::size_t b) { return a > b ? a - b : b - a; };
    const std::size_t steps = std::max<std::size_t>({far(x0, x1), far(y0, y1), 1});
    for (std::size_t i = 0; i <= steps; ++i) {
      const auto between = [&](std::size_t a, std::size_t b) {
        const double part = static_cast<double>(i) / static_cast<double>(steps);
        return static_cast<std::size_t>(
            std::lround(static_cast<double>(a) + (static_cast<double>(b) - static_cast<double>(a)) * part));
      };
      Dot(between(x0, x1), between(y0, y1), series);
    }
  }
  std::string Row(std::size_t row, bool colors) const {
    std::string out;
    for (std::size_t column = 0; column < columns_; ++column) {
      const std::size_t cell = row * columns_ + column;
      if (dots_[cell] == 0) {
        out.push_back(' ');
      } else if (!colors) {
        out.push_back(static_cast<char>('a' + owners_[cell]));
      } else {
        out += kColors[owners_[cell] % kColors.size()];
        // U+2800 and the dots, in UTF-8.
        out += {static_cast<char>(0xe2), static_cast<char>(0xa0 | dots_[cell] >> 6),
                static_cast<char>(0x80 | (dots_[cell] & 0x3f))};
        out += kNoColor;
      }
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
  }

 private:
  const std::size_t columns_;
  std::vector<unsigned char> dots_;
  std::vector<std::size_t> owners_;
};

std::size_t Scaled(double part, std::size_t size) {
  return std::min(size - 1, static_cast<std::size_t>(std::lround(part * static_cast<double>(size - 1))));
}

// Samples further apart than this are a gap: no line joins them.
TimestampMs GapOf(const AnswerSeries& series) {
  TimestampMs least = std::numeric_limits<TimestampMs>::max();
  for (std::size_t i = 1; i < series.samples.size(); ++i)
    least = std::min(least, series.samples[i].t - series.samples[i - 1].t);
  return least == std::numeric_limits<TimestampMs>::max() ? 0 : least + least / 2;
}

void Draw(const AnswerSeries& series, std::size_t index, const Bounds& bounds, Raster* raster) {
  const double span = std::max<double>(1, static_cast<double>(bounds.t1 - bounds.t0));
  const TimestampMs gap = GapOf(series);
  bool joined = false;
  std::size_t last_x = 0, last_y = 0;
  TimestampMs last_t = 0;
  for (const Sample& sample : series.samples) {
    if (!std::isfinite(sample.v)) {
      joined = false;
      continue;
    }
    const std::size_t x = Scaled(static_cast<double>(sample.t - bounds.t0) / span, raster->width());
    const double part = (sample.v - bounds.low) / (bounds.high - bounds.low);
    const std::size_t y = Raster::height() - 1 - Scaled(part, Raster::height());
    const bool line = joined && sample.t - last_t <= gap;
    raster->Line(line ? last_x : x, line ? last_y : y, x, y, index);
    joined = true;
    last_x = x;
    last_y = y;
    last_t = sample.t;
  }
}

std::string LocalTime(TimestampMs t, bool with_date) {
  const std::time_t seconds = t / 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[64];
  std::strftime(text, sizeof text, with_date ? "%Y-%m-%d %H:%M" : "%H:%M:%S", &local);
  return text;
}

std::string TimeAxis(const Bounds& bounds, std::size_t indent, std::size_t columns) {
  const bool dates = bounds.t1 - bounds.t0 >= 20LL * 3600 * 1000;
  const std::string left = LocalTime(bounds.t0, dates);
  const std::string right = LocalTime(bounds.t1, dates);
  const std::size_t used = left.size() + right.size();
  return std::string(indent, ' ') + left + std::string(columns > used ? columns - used : 1, ' ') + right + "\n";
}

std::string Legend(const QueryAnswer& answer, std::size_t shown, const Screen& screen) {
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) {
    const AnswerSeries& series = answer.series[i];
    const std::string mark = screen.colors ? std::string(kColors[i % kColors.size()]) + "━━" + kNoColor
                                           : std::string(1, static_cast<char>('a' + i));
    const std::string name = series.labels.empty() ? "" : "  " + LegendOf(answer, series.labels);
    out += "  " + mark + name + "  last " + series.last_text + "\n";
  }
  if (shown < answer.series.size())
    out += "  and " + std::to_string(answer.series.size() - shown) + " more series, not drawn\n";
  return out;
}

}  // namespace

std::string ChartOf(const QueryAnswer& answer, const Screen& screen) {
  const std::size_t shown = std::min(answer.series.size(), kMostSeries);
  const Bounds bounds = BoundsOf(answer, shown);
  if (bounds.empty()) return "no samples to draw\n";
  std::array<std::string, kRows> scale;
  std::size_t indent = 0;
  for (std::size_t row = 0; row < kRows; row += 1) {
    // A label at the top, the bottom, and between.
    if (row != 0 && row != kRows - 1 && row % 4 != 0) continue;
    const double part = 1 - (static_cast<double>(row) + 0.5) / static_cast<double>(kRows);
    const double value = row == 0           ? bounds.high
                         : row == kRows - 1 ? bounds.low
                                            : bounds.low + (bounds.high - bounds.low) * part;
    scale[row] = ShortNumber(value);
    indent = std::max(indent, scale[row].size());
  }
  const std::size_t columns = std::max<std::size_t>(20, screen.columns > indent + 3 ? screen.columns - indent - 3 : 0);
  Raster raster(columns);
  for (std::size_t i = 0; i < shown; ++i) Draw(answer.series[i], i, bounds, &raster);
  std::string out;
  for (std::size_t row = 0; row < kRows; ++row) {
    out += std::string(indent - scale[row].size(), ' ') + scale[row] + (scale[row].empty() ? " │" : " ┤") +
           raster.Row(row, screen.colors) + "\n";
  }
  return out + TimeAxis(bounds, indent + 2, columns) + Legend(answer, shown, screen);
}

}  // namespace cachescope::cli
