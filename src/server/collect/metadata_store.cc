#include "server/collect/metadata_store.h"

namespace cachescope::collect {
namespace {

std::string_view CutAtCharacter(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && (static_cast<unsigned char>(text[max_bytes]) & 0xc0) == 0x80) --max_bytes;
  return text.substr(0, max_bytes);
}

}  // namespace

void MetadataStore::BeginRound() {
  ++round_;
  seen_ = 0;
}

bool MetadataStore::Set(std::string_view family, MetricType type, std::string_view help, std::string_view unit) {
  help = CutAtCharacter(help, kMaxHelpBytes);
  auto found = items_.find(family);
  if (found == items_.end()) {
    if (items_.size() >= kMaxFamilies) return false;
    const std::lock_guard lock(mutex_);
    found = items_.emplace(std::string(family), Item()).first;
  }
  Item& item = found->second;
  const bool again = item.round == round_;
  if (!again) ++seen_;
  item.round = round_;
  MetricMetadata next{type, std::string(help), std::string(unit)};
  if (again) {
    if (type == MetricType::kUnknown) next.type = item.metadata.type;
    if (help.empty()) next.help = item.metadata.help;
    if (unit.empty()) next.unit = item.metadata.unit;
  }
  if (next != item.metadata) {
    const std::lock_guard lock(mutex_);
    item.metadata = std::move(next);
  }
  return true;
}

void MetadataStore::EndRound() {
  if (seen_ == items_.size()) return;
  const std::lock_guard lock(mutex_);
  std::erase_if(items_, [this](const auto& entry) { return entry.second.round != round_; });
}

std::vector<std::pair<std::string, MetricMetadata>> MetadataStore::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, MetricMetadata>> out;
  out.reserve(items_.size());
  for (const auto& [name, item] : items_) out.emplace_back(name, item.metadata);
  return out;
}

bool MetadataStore::Get(std::string_view family, MetricMetadata* out) const {
  const std::lock_guard lock(mutex_);
  const auto found = items_.find(family);
  if (found == items_.end()) return false;
  *out = found->second.metadata;
  return true;
}

}  // namespace cachescope::collect
