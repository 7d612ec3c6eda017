// OtlpText: strings, attributes and exemplars of OTLP messages, and the answer's text. May throw std::bad_alloc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cachescope/labels.h"
#include "cachescope/snapshot.h"
#include "client/proto_writer.h"

namespace cachescope::client {

/// The text with U+FFFD for bytes that are not UTF-8: one bad byte makes a receiver refuse the whole message.
std::string ValidUtf8(std::string_view text);

/// A KeyValue with a string value.
void AddOtlpAttribute(std::uint32_t field, const LabelPair& label, ProtoWriter* writer);
/// Labels trace_id and span_id become the message's own fields if they are 32 and 16 hexadecimal digits.
void AddOtlpExemplar(std::uint32_t field, const ExemplarSnapshot& exemplar, std::uint64_t nanoseconds,
                     ProtoWriter* writer);

/// ExportMetricsServiceResponse.partial_success.
struct OtlpPartialSuccess {
  std::uint64_t rejected = 0;
  std::string message = {};
};
/// What can be read of it; any bytes are accepted.
OtlpPartialSuccess ReadPartialSuccess(std::string_view body);

/// The first printable characters of an answer, for a message.
std::string Printable(std::string_view body);

}  // namespace cachescope::client
