#include "server/collect/adapters/redis/resp.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

#include "base/result.h"

namespace cachescope::collect::redis {
namespace {

constexpr std::size_t kReadBytes = 16 << 10;
constexpr std::size_t kKeptBytes = 1 << 20;  // a larger buffer is given back by Reset
constexpr std::string_view kTypes = "+-:$*_,#(!=%~>|";

std::optional<std::int64_t> ParseInteger(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> ParseDouble(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Status Broken(std::string_view what) { return Corruption("cannot read a reply: " + std::string(what)); }

}  // namespace

void AppendCommand(std::string* out, std::span<const std::string_view> words) {
  *out += '*' + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    *out += '$' + std::to_string(word.size()) + "\r\n";
    out->append(word).append("\r\n");
  }
}

void AppendCommand(std::string* out, std::initializer_list<std::string_view> words) {
  AppendCommand(out, std::span(words.begin(), words.size()));
}

RespKind RespValue::kind() const { return reader_->nodes_[at_].kind; }
bool RespValue::is_aggregate() const { return kind() >= RespKind::kArray; }
std::int64_t RespValue::integer() const { return reader_->nodes_[at_].integer; }
std::size_t RespValue::size() const { return reader_->nodes_[at_].count; }

std::string_view RespValue::text() const {
  const RespReader::Node& node = reader_->nodes_[at_];
  return std::string_view(reader_->buffer_).substr(node.begin, node.length);
}

double RespValue::number() const {
  const RespReader::Node& node = reader_->nodes_[at_];
  if (node.kind == RespKind::kInteger || node.kind == RespKind::kBoolean) return static_cast<double>(node.integer);
  if (node.kind == RespKind::kDouble) return node.number;
  if (node.kind == RespKind::kString) return ParseDouble(text()).value_or(std::numeric_limits<double>::quiet_NaN());
  return std::numeric_limits<double>::quiet_NaN();
}

RespValue::Iterator RespValue::begin() const {
  return is_aggregate() ? Iterator(reader_, at_ + 1, reader_->nodes_[at_].end) : end();
}

RespValue::Iterator RespValue::end() const {
  const std::uint32_t end = is_aggregate() ? reader_->nodes_[at_].end : at_;
  return {reader_, end, end};
}

RespValue::Iterator& RespValue::Iterator::operator++() {
  at_ = reader_->nodes_[at_].end;
  SkipAttributes();
  return *this;
}

void RespValue::Iterator::SkipAttributes() {
  while (at_ < end_ && reader_->nodes_[at_].kind == RespKind::kAttribute) at_ = reader_->nodes_[at_].end;
}

std::span<char> RespReader::Prepare() {
  if (buffer_.size() - size_ < kReadBytes) buffer_.resize(std::max(buffer_.size() * 2, size_ + kReadBytes));
  return {buffer_.data() + size_, buffer_.size() - size_};
}

void RespReader::Reset() {
  if (buffer_.size() > kKeptBytes) std::string().swap(buffer_);
  size_ = at_ = scanned_ = 0;
  nodes_.clear();
  open_.clear();
  replies_.clear();
}

Status RespReader::Parse() {
  bool more = false;
  while (!more) CACHESCOPE_RETURN_IF_ERROR(ParseValue(&more));
  if (size_ > kMaxRespBytes) return Broken("the replies are larger than 16 MiB");
  return {};
}

Status RespReader::ParseValue(bool* more) {
  if (at_ == size_) {
    *more = true;
    return {};
  }
  const char type = buffer_[at_];
  if (kTypes.find(type) == std::string_view::npos) return Broken("its first byte is no type of the Redis protocol");
  scanned_ = std::max(scanned_, at_ + 1);
  const void* feed = std::memchr(buffer_.data() + scanned_, '\n', size_ - scanned_);
  if (feed == nullptr) {
    scanned_ = size_;
    *more = true;
    return size_ - at_ > kMaxRespLineBytes ? Broken("a line is longer than 64 KiB") : Status();
  }
  const std::size_t end = static_cast<std::size_t>(static_cast<const char*>(feed) - buffer_.data());
  if (buffer_[end - 1] != '\r' || end == at_ + 1) return Broken("a line does not end in CR LF");
  if (end - at_ > kMaxRespLineBytes) return Broken("a line is longer than 64 KiB");
  return ParseHeader(type, std::string_view(buffer_).substr(at_ + 1, end - at_ - 2), end + 1, more);
}

Status RespReader::ParseHeader(char type, std::string_view line, std::size_t after, bool* more) {
  switch (type) {
    case '$':
    case '!':
    case '=':
      return ParseBulk(type, line, after, more);
    case '*':
    case '%':
    case '~':
    case '>':
    case '|':
      CACHESCOPE_RETURN_IF_ERROR(ParseAggregate(type, line));
      break;
    default:
      CACHESCOPE_RETURN_IF_ERROR(ParseScalar(type, line));
  }
  at_ = scanned_ = after;
  // A header that opens an aggregate is completed by its last value.
  if (open_.empty() || open_.back().node != nodes_.size() - 1) Complete(static_cast<std::uint32_t>(nodes_.size() - 1));
  return {};
}

Status RespReader::ParseBulk(char type, std::string_view line, std::size_t after, bool* more) {
  const std::optional<std::int64_t> length = ParseInteger(line);
  if (!length || *length < -1 || (*length == -1 && type != '$')) return Broken("the length of a string is no number");
  Node node{.kind = type == '!' ? RespKind::kError : RespKind::kString};
  std::size_t next = after;
  if (*length < 0) {
    node.kind = RespKind::kNull;
  } else {
    const std::size_t bytes = static_cast<std::size_t>(*length);
    if (bytes > kMaxRespBulkBytes) return Broken("a string is larger than 4 MiB");
    next = after + bytes + 2;
    if (size_ < next) {
      scanned_ = at_;  // the header is short and read again when the string has come
      *more = true;
      return {};
    }
    if (buffer_[next - 2] != '\r' || buffer_[next - 1] != '\n') return Broken("a string does not end in CR LF");
    node.begin = static_cast<std::uint32_t>(after);
    node.length = static_cast<std::uint32_t>(bytes);
    if (type == '=') {  // verbatim: three letters of format and a colon stand before the text
      if (bytes < 4 || buffer_[after + 3] != ':') return Broken("a verbatim string has no format");
      node.begin += 4;
      node.length -= 4;
    }
  }
  if (nodes_.size() >= kMaxRespNodes) return Broken("there are too many values");
  nodes_.push_back(node);
  at_ = scanned_ = next;
  Complete(static_cast<std::uint32_t>(nodes_.size() - 1));
  return {};
}

Status RespReader::ParseAggregate(char type, std::string_view line) {
  const std::optional<std::int64_t> length = ParseInteger(line);
  if (!length || *length < -1 || (*length == -1 && type != '*')) return Broken("the length of an array is no number");
  Node node{.kind = RespKind::kNull};
  if (*length >= 0) {
    const bool pairs = type == '%' || type == '|';
    const std::size_t count =
        static_cast<std::size_t>(std::min<std::int64_t>(*length, kMaxRespNodes)) * (pairs ? 2 : 1);
    if (nodes_.size() + count >= kMaxRespNodes) return Broken("there are too many values");
    if (type == '>' && !open_.empty()) return Broken("a push stands inside another value");
    if (open_.size() >= kMaxRespDepth) return Broken("arrays are nested too deeply");
    node.count = static_cast<std::uint32_t>(count);
    node.kind = type == '%'   ? RespKind::kMap
                : type == '~' ? RespKind::kSet
                : type == '>' ? RespKind::kPush
                : type == '|' ? RespKind::kAttribute
                              : RespKind::kArray;
  }
  nodes_.push_back(node);
  if (node.count > 0) open_.push_back({static_cast<std::uint32_t>(nodes_.size() - 1), node.count});
  return {};
}

Status RespReader::ParseScalar(char type, std::string_view line) {
  if (nodes_.size() >= kMaxRespNodes) return Broken("there are too many values");
  Node node{.kind = RespKind::kString};
  node.begin = static_cast<std::uint32_t>(line.data() - buffer_.data());
  node.length = static_cast<std::uint32_t>(line.size());
  if (type == '-') {
    node.kind = RespKind::kError;
  } else if (type == ':') {
    const std::optional<std::int64_t> value = ParseInteger(line);
    if (!value) return Broken("an integer is no number");
    node.kind = RespKind::kInteger;
    node.integer = *value;
  } else if (type == ',') {
    const std::optional<double> value = ParseDouble(line);
    if (!value) return Broken("a double is no number");
    node.kind = RespKind::kDouble;
    node.number = *value;
  } else if (type == '#') {
    if (line != "t" && line != "f") return Broken("a boolean is neither t nor f");
    node.kind = RespKind::kBoolean;
    node.integer = line == "t" ? 1 : 0;
  } else if (type == '_') {
    if (!line.empty()) return Broken("a null has a value");
    node.kind = RespKind::kNull;
  }
  nodes_.push_back(node);
  return {};
}

void RespReader::Complete(std::uint32_t node) {
  for (;;) {
    nodes_[node].end = static_cast<std::uint32_t>(nodes_.size());
    const RespKind kind = nodes_[node].kind;
    if (open_.empty()) {
      if (kind != RespKind::kPush && kind != RespKind::kAttribute) replies_.push_back(node);
      return;
    }
    if (kind == RespKind::kAttribute) return;  // belongs to the value that follows
    if (--open_.back().remaining > 0) return;
    node = open_.back().node;
    open_.pop_back();
  }
}

}  // namespace cachescope::collect::redis
