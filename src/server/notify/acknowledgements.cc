#include "server/notify/acknowledgements.h"

#include <nlohmann/json.hpp>

#include "server/notify/alert_json.h"

namespace cachescope::notify {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kKind = "ack";

Result<Acknowledgement> FromJson(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Corruption("it is not JSON");
  try {
    Acknowledgement out;
    CACHESCOPE_ASSIGN_OR_RETURN(out.alert, AlertFromJson(json.at("alert")));
    out.at = json.at("at").get<TimestampMs>();
    out.author = json.at("author").get<std::string>();
    out.comment = json.at("comment").get<std::string>();
    return out;
  } catch (const Json::exception& e) {
    return Corruption(e.what());
  }
}

}  // namespace

Status Acknowledgements::Load() {
  if (store_ == nullptr) return {};
  CACHESCOPE_ASSIGN_OR_RETURN(const auto rows, store_->All(kKind));
  Status first;
  const std::lock_guard lock(mu_);
  for (const storage::StateRow& row : rows) {
    auto ack = FromJson(row.value);
    if (ack.ok()) {
      acks_[FingerprintOf(ack->alert.labels)] = std::move(*ack);
    } else if (first.ok()) {
      first = ack.status().WithPrefix("cannot read the acknowledgement of " + row.key);
    }
  }
  return first;
}

Status Acknowledgements::Set(const std::vector<Acknowledgement>& acks) {
  std::vector<storage::StateRow> rows;
  for (const Acknowledgement& ack : acks) {
    const Json json = {
        {"alert", AlertToJson(ack.alert)}, {"at", ack.at}, {"author", ack.author}, {"comment", ack.comment}};
    rows.push_back({kKind, FingerprintText(FingerprintOf(ack.alert.labels)),
                    json.dump(-1, ' ', false, Json::error_handler_t::replace), ack.at, 0});
  }
  if (store_ != nullptr) CACHESCOPE_RETURN_IF_ERROR(store_->Put(rows));
  const std::lock_guard lock(mu_);
  for (const Acknowledgement& ack : acks) acks_[FingerprintOf(ack.alert.labels)] = ack;
  return {};
}

Result<bool> Acknowledgements::Clear(Fingerprint fingerprint) {
  {
    const std::lock_guard lock(mu_);
    if (acks_.erase(fingerprint) == 0) return false;
  }
  if (store_ != nullptr) CACHESCOPE_RETURN_IF_ERROR(store_->Erase(kKind, FingerprintText(fingerprint)));
  return true;
}

bool Acknowledgements::Has(Fingerprint fingerprint) const {
  const std::lock_guard lock(mu_);
  return acks_.count(fingerprint) != 0;
}

std::optional<Acknowledgement> Acknowledgements::Find(Fingerprint fingerprint) const {
  const std::lock_guard lock(mu_);
  const auto found = acks_.find(fingerprint);
  if (found == acks_.end()) return std::nullopt;
  return found->second;
}

std::vector<Acknowledgement> Acknowledgements::All() const {
  const std::lock_guard lock(mu_);
  std::vector<Acknowledgement> out;
  for (const auto& [fingerprint, ack] : acks_) out.push_back(ack);
  return out;
}

}  // namespace cachescope::notify
