// Packet: packs lines into datagrams of a bounded size and notes in baselines what was delivered. Not thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/export/delta_walk.h"

namespace cachescope::client {

class Packet {
 public:
  /// `send` returns whether the datagram was taken.
  Packet(std::size_t max_bytes, std::function<bool(std::string_view)> send)
      : max_bytes_(max_bytes), send_(std::move(send)) {}

  /// Adds lines (separated by '\n') that stay in one datagram. False if they are too long for one.
  bool Add(std::string_view lines, std::span<const Delivery> deliveries);
  bool Add(std::string_view lines, const Delivery& delivery) { return Add(lines, std::span(&delivery, 1)); }
  /// Sends what is there.
  void Flush();

 private:
  const std::size_t max_bytes_;
  const std::function<bool(std::string_view)> send_;
  std::string text_;
  std::vector<Delivery> deliveries_;
};

}  // namespace cachescope::client
