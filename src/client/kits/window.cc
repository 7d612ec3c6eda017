#include "cachescope/kits/window.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <limits>
#include <utility>

namespace cachescope::kits {
namespace {

constexpr std::size_t kSamples = 64;

double Sum(const std::vector<Counter>& counters) noexcept {
  double sum = 0;
  for (const Counter& counter : counters) sum += counter.Value();
  return sum;
}

// A ring of samples of two sums that only grow.
class Window {
 public:
  struct Sample {
    double time = 0;
    PartAndWhole sums = {};
  };

  explicit Window(const KitOptions& options, PartAndWhole start)
      : length_(std::clamp(std::chrono::duration<double>(options.window).count(), 1.0, 86400.0)),
        now_(options.now != nullptr ? options.now : &SteadySeconds) {
    samples_[0] = {now_(), start};
  }

  // How much the sums and the time grew over the window.
  Sample Advance(PartAndWhole sums) noexcept {
    const double now = now_();
    while (size_ > 1 && now - At(1).time >= length_) {
      first_ = (first_ + 1) % kSamples;
      --size_;
    }
    const Sample base = At(0);
    if (now - At(size_ - 1).time >= length_ / static_cast<double>(kSamples - 2) && size_ < kSamples) {
      samples_[(first_ + size_) % kSamples] = {now, sums};
      ++size_;
    }
    return {now - base.time, {sums.part - base.sums.part, sums.whole - base.sums.whole}};
  }

 private:
  const Sample& At(std::size_t i) const noexcept { return samples_[(first_ + i) % kSamples]; }

  const double length_;
  double (*const now_)() noexcept;
  std::array<Sample, kSamples> samples_ = {};
  std::size_t first_ = 0;
  std::size_t size_ = 1;
};

double Divide(double part, double whole) noexcept {
  return whole > 0 ? part / whole : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

double SteadySeconds() noexcept {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::function<double()> RatioOver(Ratio ratio, const KitOptions& options) {
  Window window(options, {Sum(ratio.part), Sum(ratio.whole)});
  return [ratio = std::move(ratio), window]() mutable noexcept {
    // The part is read first: it never runs ahead of the whole.
    const double part = Sum(ratio.part);
    const Window::Sample grown = window.Advance({part, Sum(ratio.whole)});
    return Divide(grown.sums.part, grown.sums.whole) * ratio.scale;
  };
}

std::function<double()> RateOver(std::vector<Counter> counters, const KitOptions& options) {
  Window window(options, {0, Sum(counters)});
  return [counters = std::move(counters), window]() mutable noexcept {
    const Window::Sample grown = window.Advance({0, Sum(counters)});
    return grown.time > 0 ? grown.sums.whole / grown.time : 0.0;
  };
}

std::function<double()> RatioOver(std::function<PartAndWhole()> read, const KitOptions& options) {
  Window window(options, read());
  return [read = std::move(read), window]() mutable {
    const Window::Sample grown = window.Advance(read());
    return Divide(grown.sums.part, grown.sums.whole);
  };
}

}  // namespace cachescope::kits
