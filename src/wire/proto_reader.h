// What every reader of protobuf messages here names: fields are told apart by number and kind at once, so that a field
// of an unexpected kind is passed over like one that is not known.
#pragma once

#include <protozero/pbf_reader.hpp>
#include <string_view>

namespace cachescope::wire {

using protozero::pbf_reader;
using protozero::tag_and_type;

inline constexpr auto kWireBytes = protozero::pbf_wire_type::length_delimited;
inline constexpr auto kWireVarint = protozero::pbf_wire_type::varint;
inline constexpr auto kWireFixed64 = protozero::pbf_wire_type::fixed64;

inline std::string_view View(const protozero::data_view& bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace cachescope::wire
