#include "client/proto_writer.h"

namespace cachescope::client {
namespace {

constexpr std::uint32_t kVarintType = 0;
constexpr std::uint32_t kFixed64Type = 1;
constexpr std::uint32_t kBytesType = 2;

}  // namespace

void ProtoWriter::Varint(std::uint64_t value) {
  if (value < 0x80) {
    out_->push_back(static_cast<char>(value));
    return;
  }
  char bytes[kMaxVarint];
  out_->append(bytes, WriteVarint(bytes, value));
}

void ProtoWriter::Uint(std::uint32_t field, std::uint64_t value) {
  Key(field, kVarintType);
  Varint(value);
}

void ProtoWriter::Fixed64(std::uint32_t field, std::uint64_t value) {
  Key(field, kFixed64Type);
  char bytes[sizeof value];
  out_->append(bytes, WriteFixed64(bytes, value));
}

void ProtoWriter::Bytes(std::uint32_t field, std::string_view value) {
  Key(field, kBytesType);
  Varint(value.size());
  out_->append(value);
}

void ProtoWriter::PackedUints(std::uint32_t field, std::span<const std::uint64_t> values) {
  if (values.empty()) return;
  const Open packed = Begin(field);
  for (const std::uint64_t value : values) Varint(value);
  End(packed);
}

void ProtoWriter::PackedFixed64(std::uint32_t field, std::span<const std::uint64_t> values) {
  if (values.empty()) return;
  Key(field, kBytesType);
  Varint(values.size() * sizeof(std::uint64_t));
  for (const std::uint64_t value : values) {
    char bytes[sizeof value];
    out_->append(bytes, WriteFixed64(bytes, value));
  }
}

void ProtoWriter::PackedDoubles(std::uint32_t field, std::span<const double> values) {
  if (values.empty()) return;
  Key(field, kBytesType);
  Varint(values.size() * sizeof(double));
  for (const double value : values) {
    char bytes[sizeof value];
    out_->append(bytes, WriteFixed64(bytes, std::bit_cast<std::uint64_t>(value)));
  }
}

ProtoWriter::Open ProtoWriter::Begin(std::uint32_t field) {
  Key(field, kBytesType);
  return BeginDelimited();
}

ProtoWriter::Open ProtoWriter::BeginDelimited() {
  out_->push_back(0);
  return {out_->size()};
}

void ProtoWriter::End(Open open) {
  const std::size_t size = out_->size() - open.start;
  if (size < 0x80) [[likely]] {
    (*out_)[open.start - 1] = static_cast<char>(size);
    return;
  }
  char bytes[kMaxVarint];
  const std::size_t length = static_cast<std::size_t>(WriteVarint(bytes, size) - bytes);
  out_->replace(open.start - 1, 1, bytes, length);
}

}  // namespace cachescope::client
