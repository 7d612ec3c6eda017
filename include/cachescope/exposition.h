// Exposition in the Prometheus text format, version 0.0.4:
// https://github.com/prometheus/docs/blob/main/docs/instrumenting/exposition_formats.md
//
// Families come sorted by name, series sorted by their label values. Counters are exact integers up to 2^64 - 1; other
// numbers are the shortest text that reads back as the same double.
// About 30 ns per series (bench/client/README.md). Thread-safe; recording goes on meanwhile.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cachescope/registry.h"
#include "cachescope/snapshot.h"

namespace cachescope {

inline constexpr std::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

/// Appends the whole registry to `out`.
void AppendText(const Registry& registry, std::string* out);
std::string Text(const Registry& registry);

/// Appends families as given. Names are taken as they are; label values and help texts are escaped.
void AppendText(std::span<const FamilySnapshot> families, std::string* out);

}  // namespace cachescope
