// Any bytes as an HTTP/1 request and as a response: fed at once and in pieces, the parsers agree on everything.
#include <algorithm>

#include "server/http/message_parser.h"
#include "target.h"

namespace {

using namespace cachescope;
using namespace cachescope::http;
using fuzz::Require;

struct Outcome {
  bool failed = false;
  bool done = false;
  std::size_t consumed = 0;
  std::string head;
  std::string body;
  bool operator==(const Outcome&) const = default;
};

std::string Head(const Headers& headers) {
  std::string out;
  for (const auto& [name, value] : headers) out += name + ":" + value + "\n";
  return out;
}

// Gives the parser `piece` more bytes at a time, what it left always in front.
template <typename Parser>
Outcome Feed(Parser& parser, std::string_view bytes, std::size_t piece) {
  Outcome out;
  std::size_t given = 0;
  while (!parser.done() && !out.failed) {
    const auto took = parser.Put(bytes.substr(out.consumed, given - out.consumed));
    if (!took.ok()) {
      out.failed = true;
      break;
    }
    Require(*took <= given - out.consumed);
    out.consumed += *took;
    if (*took != 0) continue;
    if (given == bytes.size()) break;
    given = std::min(bytes.size(), given + piece);
  }
  out.done = !out.failed && parser.done();
  return out;
}

Outcome ReadRequest(std::string_view bytes, std::size_t piece) {
  RequestParser parser({.header_bytes = 512, .body_bytes = 256});
  Outcome out = Feed(parser, bytes, piece);
  if (out.failed) {
    const int status = parser.error_status();
    Require(status == 400 || status == 413 || status == 431 || status == 501);
    out.consumed = 0;  // how far it came depends on the pieces
    return out;
  }
  if (!parser.header_done()) return out;
  out.head = parser.request().method + " " + parser.request().path + "\n" + Head(parser.request().headers);
  if (out.done) out.body = parser.request().body;
  Require(out.body.size() <= 256);
  return out;
}

Outcome ReadResponse(std::string_view bytes, std::size_t piece) {
  std::string body;
  ResponseParser parser({.header_bytes = 512, .body_bytes = 256}, false, [&](std::string_view part) {
    body += part;
    return Status();
  });
  Outcome out = Feed(parser, bytes, piece);
  Require(body.size() <= 256);
  if (out.failed) {
    out.consumed = 0;
    return out;
  }
  if (!parser.header_done()) return out;
  out.head = std::to_string(parser.response().status) + "\n" + Head(parser.response().headers);
  if (out.done) out.body = body;
  (void)parser.PutEnd();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 2048) return 0;
  const std::string_view bytes = fuzz::Text(data + 1, size - 1);
  const std::size_t piece = data[0] % 32 + 1;
  const Outcome request = ReadRequest(bytes, bytes.size() + 1);
  const Outcome request_again = ReadRequest(bytes, piece);
  Require(request.done == request_again.done);
  if (request.done) Require(request == request_again);
  const Outcome response = ReadResponse(bytes, bytes.size() + 1);
  const Outcome response_again = ReadResponse(bytes, piece);
  Require(response.done == response_again.done);
  if (response.done) Require(response == response_again);
  (void)RawPath(bytes);
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  for (const char* text :
       {"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        "POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.0\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=1\r\nok\r\n0\r\nT: r\r\n\r\n",
        "HTTP/1.0 204 No Content\r\nConnection: keep-alive\r\n\r\n"}) {
    out->push_back(std::string(1, '\4') + text);
  }
}
