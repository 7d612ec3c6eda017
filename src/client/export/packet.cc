#include "client/export/packet.h"

namespace cachescope::client {

bool Packet::Add(std::string_view lines, std::span<const Delivery> deliveries) {
  if (lines.size() > max_bytes_) return false;
  if (!text_.empty() && text_.size() + 1 + lines.size() > max_bytes_) Flush();
  if (!text_.empty()) text_.push_back('\n');
  text_.append(lines);
  deliveries_.insert(deliveries_.end(), deliveries.begin(), deliveries.end());
  return true;
}

void Packet::Flush() {
  if (!text_.empty() && send_(text_)) {
    for (const Delivery& delivery : deliveries_) delivery.Apply();
  }
  text_.clear();
  deliveries_.clear();
}

}  // namespace cachescope::client
