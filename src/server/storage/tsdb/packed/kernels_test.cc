// Both sets of kernels against plain definitions, on any bits.
#include "server/storage/tsdb/packed/kernels.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "server/storage/tsdb/packed/layout.h"
#include "server/storage/tsdb/packed/prefix_code.h"

namespace cachescope::tsdb::packed {
namespace {

using Words = std::vector<std::uint64_t>;

class KernelsTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (GetParam() == std::string("avx2")) kernels_ = Avx2Kernels();
    if (kernels_ == nullptr) GTEST_SKIP() << "this processor has no AVX2";
  }
  Words AnyWords(std::size_t count) {
    Words out(count + kWriteSlack);
    // Small, large and negative ones.
    for (auto& word : out) {
      word = random_() >> random_() % 64;
      if (random_() % 2 == 0) word = 0 - word;
    }
    return out;
  }
  std::vector<std::uint8_t> AnyBytes(std::size_t count) {
    std::vector<std::uint8_t> out(count);
    for (auto& byte : out) byte = static_cast<std::uint8_t>(random_());
    return out;
  }
  // Sizes around those of vectors, and greater ones.
  static std::vector<std::size_t> Sizes() { return {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 100, 1023}; }

  std::mt19937_64 random_{5};
  const Kernels* kernels_ = &ScalarKernels();
};

TEST_P(KernelsTest, UnpackTakesTheBitsOfEveryWidth) {
  for (unsigned width = 1; width <= 64; ++width) {
    for (const std::size_t count : Sizes()) {
      const auto bytes = AnyBytes((count * width + 7) / 8 + kReadSlack);
      Words out(count + kWriteSlack);
      kernels_->unpack(bytes.data(), width, count, out.data());
      for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t expected = 0;
        for (unsigned b = 0; b < width; ++b) {
          const std::size_t at = i * width + b;
          expected |= static_cast<std::uint64_t>(bytes[at / 8] >> at % 8 & 1) << b;
        }
        ASSERT_EQ(out[i], expected) << width << " bits, entry " << i << " of " << count;
      }
    }
  }
}

TEST_P(KernelsTest, ArithmeticWrapsAround) {
  for (const std::size_t count : Sizes()) {
    const Words in = AnyWords(count);
    const std::uint64_t a = random_();
    const std::uint64_t b = random_();
    Words sums = in;
    kernels_->accumulate(a, count, sums.data());
    Words lines = in;
    kernels_->add_line(a, b, count, lines.data());
    Words made(count);
    kernels_->make_line(a, b, count, made.data());
    std::uint64_t sum = in[0];
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) sum += in[i] + a;
      ASSERT_EQ(sums[i], sum) << i << " of " << count;
      ASSERT_EQ(lines[i], in[i] + a + i * b) << i << " of " << count;
      ASSERT_EQ(made[i], a + i * b) << i << " of " << count;
    }
    const auto symbols = AnyBytes(count + kWriteSlack);
    for (unsigned width = 0; width < 64; ++width) {
      Words joined = in;
      kernels_->join(symbols.data(), width, count, joined.data());
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(joined[i], in[i] + (std::uint64_t{symbols[i]} << width)) << width << " bits, entry " << i;
      }
    }
  }
}

TEST_P(KernelsTest, DoublesAreRoundedOnce) {
  for (int round = 0; round < 200; ++round) {
    for (const std::size_t count : Sizes()) {
      const Words in = AnyWords(count);
      std::vector<double> out(count);
      const double divisor = kPowersOfTen[random_() % kPowersOfTen.size()];
      kernels_->to_decimal(in.data(), count, divisor, out.data());
      for (std::size_t i = 0; i < count; ++i) {
        const double expected = static_cast<double>(static_cast<std::int64_t>(in[i])) / divisor;
        ASSERT_EQ(std::bit_cast<std::uint64_t>(out[i]), std::bit_cast<std::uint64_t>(expected)) << in[i];
      }
      kernels_->to_ordered(in.data(), count, out.data());
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(std::bit_cast<std::uint64_t>(out[i]), OrderedBits(in[i]));
        ASSERT_EQ(OrderedBits(OrderedBits(in[i])), in[i]);
      }
    }
  }
}

TEST_P(KernelsTest, OneStepBackIsSeenWhereverItIs) {
  for (const std::size_t count : Sizes()) {
    Words in(count);
    for (std::size_t i = 0; i < count; ++i) in[i] = i * 5 - 20;
    EXPECT_TRUE(kernels_->ascends(in.data(), count));
    for (std::size_t i = 1; i < count; ++i) {
      Words broken = in;
      broken[i] = in[i - 1];
      EXPECT_FALSE(kernels_->ascends(broken.data(), count)) << i << " of " << count;
    }
  }
}

TEST_P(KernelsTest, AddScaledRoundsToEvenAndEndsBeforeWhatIsTooLarge) {
  constexpr double kLimit = 2251799813685248.0;  // 2^51
  const double odd[] = {std::nan(""), HUGE_VAL, -HUGE_VAL, kLimit, -kLimit, 1e300};
  for (const double factor : {1.0, 10.0, 1000.0}) {
    for (const std::size_t count : Sizes()) {
      for (int round = 0; round < 20; ++round) {
        std::vector<double> values(count);
        for (double& v : values) {
          // Halves too, and the greatest ones that count.
          v = static_cast<double>(static_cast<std::int64_t>(random_()) >> (13 + random_() % 50)) / 2 / factor;
          if (random_() % 8 == 0) v = random_() % 2 == 0 ? -0.0 : std::nextafter(kLimit, 0) / factor / 2;
        }
        const std::size_t stop = round % 2 == 0 ? count : random_() % count;
        if (stop < count) values[stop] = odd[random_() % std::size(odd)];
        const Words before = AnyWords(count);
        Words n = before;
        const std::size_t done = kernels_->add_scaled(values.data(), count, factor, n.data());
        ASSERT_LE(done, stop);
        ASSERT_GE(done + 4, stop) << "a vector at most";
        ASSERT_TRUE(stop < count || done == count);
        for (std::size_t i = 0; i < n.size(); ++i) {
          const auto added = i < done ? static_cast<std::int64_t>(std::nearbyint(values[i] * factor)) : 0;
          ASSERT_EQ(n[i], before[i] + static_cast<std::uint64_t>(added)) << i << " of " << count;
        }
      }
    }
  }
}

TEST_P(KernelsTest, SymbolsComeBackFromFourLanes) {
  for (int round = 0; round < 100; ++round) {
    std::vector<std::uint32_t> counts(2 + random_() % (kMostSymbols - 1));
    for (auto& count : counts) count = static_cast<std::uint32_t>(1 + (random_() % 1000 >> random_() % 10));
    const CodeLengths all = ChooseLengths(counts);
    const auto lengths = std::span<const std::uint8_t>(all).first(counts.size());
    ASSERT_TRUE(IsComplete(lengths));
    const CodeWords words = MakeWords(lengths);
    PrefixTable table;
    MakeTable(lengths, &table);
    for (const std::size_t count : Sizes()) {
      std::vector<std::uint8_t> symbols(count);
      std::vector<std::vector<bool>> bits(kLanes);
      for (std::size_t i = 0; i < count; ++i) {
        symbols[i] = static_cast<std::uint8_t>(random_() % counts.size());
        for (unsigned b = 0; b < lengths[symbols[i]]; ++b) bits[i % kLanes].push_back(words[symbols[i]] >> b & 1);
      }
      std::vector<std::vector<std::uint8_t>> lanes(kLanes, std::vector<std::uint8_t>(count / 4 + 1 + kReadSlack));
      const std::uint8_t* begins[kLanes];
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        for (std::size_t i = 0; i < bits[lane].size(); ++i) {
          if (bits[lane][i]) lanes[lane][i / 8] = static_cast<std::uint8_t>(lanes[lane][i / 8] | 1 << i % 8);
        }
        begins[lane] = lanes[lane].data();
      }
      std::vector<std::uint8_t> out(count + kWriteSlack);
      std::uint64_t used[kLanes];
      kernels_->read_symbols(table.data(), begins, count, out.data(), used);
      out.resize(count);
      ASSERT_EQ(out, symbols);
      for (std::size_t lane = 0; lane < kLanes; ++lane) ASSERT_EQ(used[lane], bits[lane].size());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, KernelsTest, ::testing::Values("scalar", "avx2"),
                         [](const auto& param) { return std::string(param.param); });

TEST(PrefixCodeTest, LengthsAreThoseOfTheShortestCode) {
  const std::uint32_t counts[] = {1, 1, 2, 4, 8, 0};
  const CodeLengths lengths = ChooseLengths(counts);
  EXPECT_EQ(std::vector<int>(lengths.begin(), lengths.begin() + 6), (std::vector<int>{4, 4, 3, 2, 1, 0}));
}

TEST(PrefixCodeTest, NoCodeIsTooLongHoweverUnequalTheCounts) {
  std::vector<std::uint32_t> counts;
  for (std::uint32_t n = 1; counts.size() < 30; n += n / 2 + 1) counts.push_back(n);
  EXPECT_TRUE(IsComplete(std::span<const std::uint8_t>(ChooseLengths(counts)).first(counts.size())));
}

TEST(PrefixCodeTest, IncompleteAndOverfullCodesAreRefused) {
  using Lengths = std::vector<std::uint8_t>;
  EXPECT_TRUE(IsComplete(Lengths{1, 1}));
  EXPECT_TRUE(IsComplete(Lengths{1, 0, 2, 2}));
  EXPECT_FALSE(IsComplete(Lengths{1, 2}));
  EXPECT_FALSE(IsComplete(Lengths{1, 1, 1}));
  EXPECT_FALSE(IsComplete(Lengths{0, 0}));
  EXPECT_FALSE(IsComplete(Lengths{1, 9, 1}));
}

}  // namespace
}  // namespace cachescope::tsdb::packed
