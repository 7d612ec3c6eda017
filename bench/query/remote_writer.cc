#include "remote_writer.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>

namespace cachescope::bench {
namespace {

constexpr std::size_t kMostBytes = 4 << 20;

void AppendVarint(std::string* out, std::uint64_t n) {
  for (; n > 127; n >>= 7) out->push_back(static_cast<char>((n & 127) | 128));
  out->push_back(static_cast<char>(n));
}

void AppendField(std::string* out, unsigned field, std::string_view bytes) {
  AppendVarint(out, field * 8 + 2);
  AppendVarint(out, bytes.size());
  out->append(bytes);
}

// A snappy block of literals only: valid, and nobody's decoder is slowed down by it.
std::string SnappyLiterals(std::string_view message) {
  std::string out;
  AppendVarint(&out, message.size());
  while (!message.empty()) {
    const std::string_view piece = message.substr(0, 65536);
    out.push_back(static_cast<char>(61 << 2));
    out.push_back(static_cast<char>((piece.size() - 1) & 255));
    out.push_back(static_cast<char>((piece.size() - 1) >> 8));
    out.append(piece);
    message.remove_prefix(piece.size());
  }
  return out;
}

}  // namespace

RemoteWriter::~RemoteWriter() {
  if (fd_ >= 0) close(fd_);
}

Status RemoteWriter::Add(const Labels& labels, const std::vector<Sample>& samples) {
  std::string series;
  std::string part;
  for (const LabelView& label : labels) {
    part.clear();
    AppendField(&part, 1, label.name);
    AppendField(&part, 2, label.value);
    AppendField(&series, 1, part);
  }
  for (const Sample& sample : samples) {
    part.assign(1, static_cast<char>(1 * 8 + 1));
    const auto bits = std::bit_cast<std::uint64_t>(sample.v);
    for (unsigned i = 0; i < 64; i += 8) part.push_back(static_cast<char>(bits >> i & 255));
    part.push_back(static_cast<char>(2 * 8 + 0));
    AppendVarint(&part, static_cast<std::uint64_t>(sample.t));
    AppendField(&series, 2, part);
  }
  AppendField(&message_, 1, series);
  return message_.size() < kMostBytes ? Status() : Flush();
}

Status RemoteWriter::Flush() {
  if (message_.empty()) return {};
  const std::string body = SnappyLiterals(message_);
  const auto from = std::chrono::steady_clock::now();
  const Status status = Post(body);
  request_ms_.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - from).count());
  message_.clear();
  return status;
}

Status RemoteWriter::Connect() {
  if (fd_ >= 0) return {};
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd_ < 0 || connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Unavailable(fmt::format("cannot connect to port {}", port_));
  }
  return {};
}

Status RemoteWriter::Post(const std::string& body) {
  CACHESCOPE_RETURN_IF_ERROR(Connect());
  std::string request = fmt::format(
      "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Encoding: snappy\r\nContent-Type: application/x-protobuf\r\n"
      "X-Prometheus-Remote-Write-Version: 0.1.0\r\nContent-Length: {}\r\n\r\n",
      path_, body.size());
  request += body;
  for (std::size_t sent = 0; sent < request.size();) {
    const ssize_t n = send(fd_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return Unavailable("cannot send write request: connection lost");
    sent += static_cast<std::size_t>(n);
  }
  return ReadAnswer();
}

Status RemoteWriter::ReadAnswer() {
  std::string answer;
  std::size_t whole = std::string::npos;
  while (answer.size() < whole) {
    char buffer[4096];
    const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    if (n <= 0) return Unavailable("cannot read answer: connection lost");
    answer.append(buffer, static_cast<std::size_t>(n));
    const std::size_t head = answer.find("\r\n\r\n");
    if (head == std::string::npos || whole != std::string::npos) continue;
    whole = head + 4;
    std::string lower = answer.substr(0, head);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::size_t length = lower.find("content-length: ");
    if (length != std::string::npos) whole += std::stoul(lower.substr(length + 16));
  }
  if (answer.compare(9, 1, "2") != 0) return Unavailable("cannot write samples: " + answer.substr(0, 400));
  return {};
}

}  // namespace cachescope::bench
