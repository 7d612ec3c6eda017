// The identity of a label set as Alertmanager computes and shows it: 64-bit FNV-1a over name, 0xff, value, 0xff of
// every label in order of names. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/labels.h"

namespace cachescope::notify {

using Fingerprint = std::uint64_t;

Fingerprint FingerprintOf(const Labels& labels) noexcept;
std::string FingerprintText(Fingerprint fingerprint);                         // 16 hexadecimal digits
std::optional<Fingerprint> ParseFingerprint(std::string_view text) noexcept;  // exactly that

}  // namespace cachescope::notify
