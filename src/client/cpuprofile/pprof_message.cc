// Field numbers: https://github.com/google/pprof/blob/main/proto/profile.proto
#include <zlib.h>

#include <map>
#include <string_view>

#include "client/cpuprofile/cpu_profile_data.h"

namespace cachescope::client {
namespace {

constexpr std::uint64_t kNanosecondsPerMicrosecond = 1000;

// A protocol buffer message being written.
class Message {
 public:
  void Number(std::uint32_t field, std::uint64_t value) {
    if (value == 0) return;  // the default
    Varint(field << 3U);
    Varint(value);
  }
  void Bytes(std::uint32_t field, std::string_view bytes) {
    Varint(field << 3U | 2U);
    Varint(bytes.size());
    bytes_.append(bytes);
  }
  void Nested(std::uint32_t field, const Message& message) { Bytes(field, message.bytes_); }
  void Varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) bytes_.push_back(static_cast<char>(value | 0x80U));
    bytes_.push_back(static_cast<char>(value));
  }
  const std::string& bytes() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

class Strings {
 public:
  Strings() { Index(""); }
  std::uint64_t Index(const std::string& text) {
    const auto [found, is_new] = indexes_.try_emplace(text, texts_.size());
    if (is_new) texts_.push_back(&found->first);
    return found->second;
  }
  void Write(Message* out) const {
    for (const std::string* text : texts_) out->Bytes(6, *text);
  }

 private:
  std::map<std::string, std::uint64_t> indexes_;
  std::vector<const std::string*> texts_;
};

Message ValueType(const char* type, const char* unit, Strings* strings) {
  Message message;
  message.Number(1, strings->Index(type));
  message.Number(2, strings->Index(unit));
  return message;
}

Message Sample(const LocatedSample& sample, std::uint64_t period_nanoseconds) {
  Message locations;
  for (const std::size_t location : sample.locations) locations.Varint(location + 1);
  Message values;
  values.Varint(sample.count);
  values.Varint(sample.count * period_nanoseconds);
  Message message;
  message.Nested(1, locations);
  message.Nested(2, values);
  return message;
}

// Viewers look for names themselves where a mapping does not say that it has them all.
bool HasAllFunctions(const CpuProfileData& data, std::size_t mapping) {
  for (const Location& location : data.locations) {
    if (location.mapping == mapping && data.functions[location.function].linker_name.empty()) return false;
  }
  return true;
}

Message MappingMessage(std::size_t id, const NamedMapping& named, bool has_functions, Strings* strings) {
  Message message;
  message.Number(1, id);
  message.Number(2, named.mapping.start);
  message.Number(3, named.mapping.limit);
  message.Number(4, named.mapping.offset);
  message.Number(5, strings->Index(named.mapping.file));
  message.Number(6, strings->Index(named.build_id));
  message.Number(7, has_functions ? 1 : 0);
  return message;
}

Message LocationMessage(std::size_t id, const Location& location) {
  Message line;
  line.Number(1, location.function + 1);
  Message message;
  message.Number(1, id);
  message.Number(2, location.mapping);
  message.Number(3, location.address);
  message.Nested(4, line);
  return message;
}

Message FunctionMessage(std::size_t id, const Function& function, Strings* strings) {
  Message message;
  message.Number(1, id);
  message.Number(2, strings->Index(function.name));
  message.Number(3, strings->Index(function.linker_name.empty() ? function.name : function.linker_name));
  return message;
}

}  // namespace

std::string PprofMessage(const CpuProfileData& data) {
  const std::uint64_t period = data.period_microseconds * kNanosecondsPerMicrosecond;
  Strings strings;
  Message profile;
  profile.Nested(1, ValueType("samples", "count", &strings));
  profile.Nested(1, ValueType("cpu", "nanoseconds", &strings));
  for (const LocatedSample& sample : data.stacks) profile.Nested(2, Sample(sample, period));
  for (std::size_t i = 0; i < data.mappings.size(); ++i) {
    profile.Nested(3, MappingMessage(i + 1, data.mappings[i], HasAllFunctions(data, i + 1), &strings));
  }
  for (std::size_t i = 0; i < data.locations.size(); ++i) profile.Nested(4, LocationMessage(i + 1, data.locations[i]));
  for (std::size_t i = 0; i < data.functions.size(); ++i) {
    profile.Nested(5, FunctionMessage(i + 1, data.functions[i], &strings));
  }
  profile.Number(9, static_cast<std::uint64_t>(data.start_nanoseconds));
  profile.Number(10, static_cast<std::uint64_t>(data.duration_nanoseconds));
  profile.Nested(11, ValueType("cpu", "nanoseconds", &strings));
  profile.Number(12, period);
  profile.Number(14, strings.Index("cpu"));
  strings.Write(&profile);
  return profile.bytes();
}

std::string Gzip(const std::string& bytes) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  // A profile is far below the 4 GiB that zlib takes at once.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(done ? stream.total_out : 0);
  deflateEnd(&stream);
  return out;
}

}  // namespace cachescope::client
