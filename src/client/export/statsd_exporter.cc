// StatsD and DogStatsD: from deltas to lines to datagrams.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "cachescope/export/statsd.h"
#include "client/export/datagram_socket.h"
#include "client/export/delta_walk.h"
#include "client/export/packet.h"
#include "client/export/statsd_text.h"

namespace cachescope {
namespace client {
namespace {

constexpr std::size_t kMinPacketBytes = 64;
constexpr std::size_t kMaxPacketBytes = 65000;
constexpr std::size_t kMostValues = 10000;

double EpochSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

StatsdHistogram HistogramKind(const StatsdOptions& options) {
  if (options.histograms != StatsdHistogram::kAutomatic) return options.histograms;
  return options.dialect == StatsdDialect::kDogStatsd ? StatsdHistogram::kHistogram : StatsdHistogram::kTiming;
}

std::string_view HistogramSign(StatsdHistogram kind) {
  if (kind == StatsdHistogram::kHistogram) return "|h";
  return kind == StatsdHistogram::kDistribution ? "|d" : "|ms";
}

class StatsdExporter final : public Exporter, private DeltaVisitor {
 public:
  explicit StatsdExporter(const StatsdOptions& options);

  std::string_view name() const noexcept override { return dog_ ? "dogstatsd" : "statsd"; }
  std::string problem() const override { return problem_; }
  void Export(const ExportRound& round, ExportTally* tally) override;
  void Remember(const ExportRound& round) override { RememberAll(round, &baselines_); }

 private:
  static DatagramAddress Address(const StatsdOptions& options, std::string* problem);
  std::size_t PacketBytes() const;
  bool Send(std::string_view packet);
  void Frame(const SeriesName& name);
  void AddLine(const SeriesName& name, std::span<const Delivery> deliveries);
  void Skip(const SeriesName& name, std::string_view cause);
  std::uint64_t LinesFor(std::uint64_t count, std::uint64_t total, std::size_t used_cells) const;
  void AppendValue(double value, bool seconds);

  void OnIncrement(const SeriesName& name, double delta, const Delivery& delivery) override;
  void OnGauge(const SeriesName& name, double value) override;
  void OnValues(const SeriesName& name, std::span<const ValueGroup> groups, Baseline* baseline) override;
  void OnPlainValues(const SeriesName& name, std::span<const ValueGroup> groups, Baseline* baseline);
  void OnTaggedValues(const SeriesName& name, std::span<const ValueGroup> groups, Baseline* baseline);

  // Constant after construction.
  const StatsdOptions options_;
  const bool dog_;
  const StatsdHistogram kind_;
  std::string problem_;
  const DatagramAddress address_;

  Baselines baselines_;
  DatagramSocket socket_;
  Packet packet_;
  // During a round.
  ExportTally* tally_ = nullptr;
  DatagramSocket::Time wait_until_{};
  bool gone_ = false;
  StatsdFrame frame_;
  std::string line_;
};

DatagramAddress StatsdExporter::Address(const StatsdOptions& options, std::string* problem) {
  DatagramAddress address;
  std::string cause = ParseDatagramAddress(options.address, &address);
  const bool tagged_kind =
      options.histograms == StatsdHistogram::kHistogram || options.histograms == StatsdHistogram::kDistribution;
  if (cause.empty() && options.dialect == StatsdDialect::kPlain && tagged_kind) {
    cause = "plain StatsD has neither |h nor |d";
  }
  if (cause.empty() && options.max_packet_bytes != 0 &&
      (options.max_packet_bytes < kMinPacketBytes || options.max_packet_bytes > kMaxPacketBytes)) {
    cause = "want packets of 64 to 65000 bytes";
  }
  if (cause.empty() && !(options.sample_rate >= 0 && options.sample_rate <= 1)) cause = "want a sample rate of 0 to 1";
  if (!cause.empty()) *problem = "cannot send StatsD to " + options.address + ": " + cause;
  return address;
}

StatsdExporter::StatsdExporter(const StatsdOptions& options)
    : options_(options),
      dog_(options.dialect == StatsdDialect::kDogStatsd),
      kind_(HistogramKind(options)),
      address_(Address(options, &problem_)),
      baselines_(EpochSeconds()),
      socket_(address_),
      packet_(PacketBytes(), [this](std::string_view packet) { return Send(packet); }) {}

std::size_t StatsdExporter::PacketBytes() const {
  if (options_.max_packet_bytes != 0) return options_.max_packet_bytes;
  return address_.is_unix ? kStatsdUnixPacketBytes : kStatsdUdpPacketBytes;
}

void StatsdExporter::Export(const ExportRound& round, ExportTally* tally) {
  if (!problem_.empty()) return tally->Fail(problem_);
  tally_ = tally;
  const auto now = std::chrono::steady_clock::now();
  wait_until_ = std::min(now + options_.timeout, round.deadline->at());
  const std::string error = socket_.Open(now);
  gone_ = !error.empty();
  if (gone_) tally->Fail(error);
  if (!WalkDeltas(round, &baselines_, this)) tally->Fail("cannot send to " + address_.text + ": out of time");
  packet_.Flush();
  baselines_.EndRound();
}

bool StatsdExporter::Send(std::string_view packet) {
  std::string error;
  if (!gone_) {
    DatagramSocket::Sent sent = socket_.Send(packet, wait_until_, &error);
    if (sent == DatagramSocket::Sent::kGone && !socket_.is_open() &&
        socket_.Open(std::chrono::steady_clock::now()).empty()) {
      sent = socket_.Send(packet, wait_until_, &error);  // the receiver was started anew
    }
    if (sent == DatagramSocket::Sent::kYes) {
      ++tally_->packets;
      tally_->bytes += packet.size();
      return true;
    }
    // The rest of the round would meet the same.
    gone_ = sent == DatagramSocket::Sent::kGone;
    tally_->Fail(std::move(error));
  }
  ++tally_->dropped;
  return false;
}

void StatsdExporter::Frame(const SeriesName& name) {
  MakeStatsdFrame(options_, name, &frame_);
  line_.assign(frame_.name);
}

void StatsdExporter::AddLine(const SeriesName& name, std::span<const Delivery> deliveries) {
  if (packet_.Add(line_, deliveries)) return;
  ++tally_->dropped;
  Skip(name, "the line is longer than a packet");
}

void StatsdExporter::Skip(const SeriesName& name, std::string_view cause) {
  tally_->Fail("cannot send " + std::string(name.family) + ": " + std::string(cause));
}

void StatsdExporter::OnIncrement(const SeriesName& name, double delta, const Delivery& delivery) {
  Frame(name);
  line_.push_back(':');
  AppendStatsdNumber(delta, &line_);
  line_.append("|c").append(frame_.tags);
  AddLine(name, {&delivery, 1});
}

void StatsdExporter::OnGauge(const SeriesName& name, double value) {
  if (std::isnan(value)) return;  // no value, as of a quantile of nothing
  if (std::isinf(value)) return Skip(name, "the value is infinite");
  Frame(name);
  if (value < 0 && !dog_) line_.append(":0|g\n").append(frame_.name);
  line_.push_back(':');
  AppendStatsdNumber(value, &line_);
  line_.append("|g").append(frame_.tags);
  AddLine(name, {});
}

void StatsdExporter::AppendValue(double value, bool seconds) {
  AppendStatsdNumber(seconds && kind_ == StatsdHistogram::kTiming ? value * 1000 : value, &line_);
}

void StatsdExporter::OnValues(const SeriesName& name, std::span<const ValueGroup> groups, Baseline* baseline) {
  if (dog_) {
    OnTaggedValues(name, groups, baseline);
  } else {
    OnPlainValues(name, groups, baseline);
  }
}

Delivery DeliveryOf(const ValueGroup& group, std::uint64_t count, Baseline* baseline) {
  const double sum = group.value * static_cast<double>(count);
  return {Delivery::Kind::kCell, baseline, sum, group.key, count};
}

// How many lines stand for `count` of a series' `total` new observations.
std::uint64_t StatsdExporter::LinesFor(std::uint64_t count, std::uint64_t total, std::size_t used_cells) const {
  const std::size_t most = std::clamp<std::size_t>(options_.max_values, 1, kMostValues);
  const double spare = most > used_cells ? static_cast<double>(most - used_cells) : 0;
  const double share = std::min(options_.sample_rate, spare / static_cast<double>(total));
  const auto lines = static_cast<std::uint64_t>(static_cast<double>(count) * share);
  if (options_.sample_rate >= 1 && total <= most) return count;
  return std::clamp<std::uint64_t>(lines, 1, count);
}

// Lines of their own: the servers ignore the rate when they compute percentiles.
void StatsdExporter::OnPlainValues(const SeriesName& name, std::span<const ValueGroup> groups, Baseline* baseline) {
  std::uint64_t total = 0;
  for (const ValueGroup& group : groups) total += group.count;
  MakeStatsdFrame(options_, name, &frame_);
  bool negative = false;
  for (const ValueGroup& group : groups) {
    if (!std::isfinite(group.value) || group.value < 0) {
      negative = true;
      continue;
    }
    const std::uint64_t lines = LinesFor(group.count, total, groups.size());
    std::uint64_t left = group.count;
    line_.assign(frame_.name).push_back(':');
    AppendValue(group.value, name.seconds);
    line_.append("|ms");
    if (lines < group.count) AppendStatsdRate(StatsdRate(lines, group.count), &line_.append("|@"));
    for (std::uint64_t i = lines; i > 0; --i) {
      const std::uint64_t part = left / i;
      left -= part;
      const Delivery delivery = DeliveryOf(group, part, baseline);
      AddLine(name, {&delivery, 1});
    }
  }
  if (negative) Skip(name, "plain StatsD has no negative timings");
}

// The servers weigh values by the rate: one value for each bucket, those of the same count in one line.
void StatsdExporter::OnTaggedValues(const SeriesName& name, std::span<const ValueGroup> groups, Baseline* baseline) {
  std::vector<ValueGroup> sorted(groups.begin(), groups.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.count < b.count; });
  Frame(name);
  std::vector<Delivery> deliveries;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const ValueGroup& group = sorted[i];
    line_.push_back(':');
    AppendValue(group.value, name.seconds);
    deliveries.push_back(DeliveryOf(group, group.count, baseline));
    // 64 bytes are enough for a number, the rate and the separators.
    const bool full = line_.size() + frame_.tags.size() + 2 * kMinPacketBytes > PacketBytes();
    const bool more = i + 1 < sorted.size() && sorted[i + 1].count == group.count;
    if (more && options_.pack_values && !full) continue;
    line_.append(HistogramSign(kind_));
    if (group.count > 1) AppendStatsdRate(StatsdRate(1, group.count), &line_.append("|@"));
    line_.append(frame_.tags);
    AddLine(name, deliveries);
    deliveries.clear();
    line_.assign(frame_.name);
  }
}

}  // namespace
}  // namespace client

std::unique_ptr<Exporter> MakeStatsdExporter(const StatsdOptions& options) {
  return std::make_unique<client::StatsdExporter>(options);
}

}  // namespace cachescope
