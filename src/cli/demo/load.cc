#include "cli/demo/load.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

#include "cli/demo/redis_client.h"

namespace cachescope::cli {
namespace {

constexpr int kBatchesPerSecond = 50;
constexpr std::size_t kMinValueBytes = 100;
constexpr std::size_t kMaxValueBytes = 700;
constexpr std::size_t kPrefillBatch = 500;
// One key in twenty stays when the set moves: some things are wanted always.
constexpr std::uint64_t kStays = 20;

std::string_view Value(std::uint64_t random) {
  static const std::string filler(kMaxValueBytes, 'v');
  return std::string_view(filler).substr(0, kMinValueBytes + random % (kMaxValueBytes - kMinValueBytes));
}

}  // namespace

Load::Load(LoadOptions options) : options_(options) {
  double sum = 0;
  cumulative_.reserve(options_.working_set_keys);
  for (std::uint32_t rank = 1; rank <= options_.working_set_keys; ++rank) {
    sum += 1 / std::pow(static_cast<double>(rank), options_.zipf_exponent);
    cumulative_.push_back(sum);
  }
  for (double& c : cumulative_) c /= sum;
}

Load::~Load() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Load::Start() {
  thread_ = std::thread([this] { Run(); });
}

LoadCounts Load::counts() const { return {lookups_, hits_, fills_, errors_, shifts_}; }

std::string Load::Key(std::uint64_t epoch, std::uint64_t rank) const {
  return (rank % kStays == kStays - 1 ? "product:" : "campaign:" + std::to_string(epoch) + ":") + std::to_string(rank);
}

Status Load::Prefill(RedisClient& client) {
  for (std::uint64_t rank = 0; rank < options_.working_set_keys && !stopping_; ++rank) {
    client.Queue({"SET", Key(0, rank), Value(rank * 7919), "EX", "600"});
    if (rank % kPrefillBatch == kPrefillBatch - 1) CACHESCOPE_RETURN_IF_ERROR(client.Run().status());
  }
  return client.Run().status();
}

void Load::Run() {
  std::mt19937_64 random(options_.seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  RedisClient client;
  bool connected = client.Connect(options_.port).ok() && Prefill(client).ok();
  std::uint64_t epoch = 0;
  const auto start = std::chrono::steady_clock::now();
  auto next_shift =
      start + std::chrono::seconds(options_.warm_seconds > 0 ? options_.warm_seconds : options_.shift_seconds);
  auto next_batch = start;
  double owed = 0;
  std::vector<std::string> keys;
  while (!stopping_) {
    next_batch += std::chrono::milliseconds(1000 / kBatchesPerSecond);
    std::this_thread::sleep_until(next_batch);
    if (!connected) {
      connected = client.Connect(options_.port).ok();
      if (!connected) {
        ++errors_;
        next_batch = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
        continue;
      }
    }
    if (next_batch >= next_shift) {
      ++epoch;
      ++shifts_;
      next_shift += std::chrono::seconds(options_.shift_seconds);
    }
    // A gentle wave over five minutes, so that traffic looks like traffic.
    const double seconds = std::chrono::duration<double>(next_batch - start).count();
    owed += options_.lookups_per_second / kBatchesPerSecond * (1 + 0.25 * std::sin(seconds / 300 * 2 * M_PI));
    keys.clear();
    for (; owed >= 1; owed -= 1) {
      const auto rank = std::lower_bound(cumulative_.begin(), cumulative_.end(), uniform(random)) - cumulative_.begin();
      keys.push_back(Key(epoch, static_cast<std::uint64_t>(rank)));
      client.Queue({"GET", keys.back()});
    }
    auto replies = client.Run();
    if (!replies.ok()) {
      ++errors_;
      connected = false;
      continue;
    }
    // Cache-aside: what was missed is computed and stored with a time to live.
    for (std::size_t i = 0; i < replies->size(); ++i) {
      ++lookups_;
      if ((*replies)[i].error) ++errors_;
      if (!(*replies)[i].nil) {
        ++hits_;
        continue;
      }
      client.Queue({"SET", keys[i], Value(random()), "EX", "600"});
      ++fills_;
    }
    // A little of what else an application does.
    if (random() % 4 == 0) client.Queue({"INCR", "visits"});
    if (random() % 10 == 0) client.Queue({"HSET", "session:" + std::to_string(random() % 500), "seen", "1"});
    connected = client.Run().ok();
  }
}

}  // namespace cachescope::cli
