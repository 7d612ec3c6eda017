#include "cachescope/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <thread>
#include <vector>

#include "cachescope/cachescope.h"
#include "client/scrape_client_test.h"

namespace cachescope {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

std::string Unzip(std::string_view bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string text;
  int result = Z_OK;
  while (result == Z_OK) {
    char buffer[8192];
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    result = inflate(&stream, Z_NO_FLUSH);
    text.append(buffer, sizeof buffer - stream.avail_out);
  }
  EXPECT_EQ(result, Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U);
  inflateEnd(&stream);
  return text;
}

std::string Noise(std::size_t size) {
  std::string bytes;
  std::uint64_t state = 42;
  while (bytes.size() < size) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    bytes.push_back(static_cast<char>(state >> 56));
  }
  return bytes;
}

TEST(Gzip, ReadsBack) {
  for (const int level : {-1, 1, 6, 9, 100}) {
    const auto compress = Gzip(level);
    for (const std::string& page : {std::string(), std::string("a"), std::string(100000, 'x'), Noise(100000)}) {
      std::string out = "before";
      ASSERT_TRUE(compress(page, &out));
      ASSERT_EQ(out.substr(0, 6), "before");
      EXPECT_EQ(Unzip(std::string_view(out).substr(6)), page);
    }
  }
}

TEST(Gzip, MayBeSharedByThreads) {
  const auto compress = Gzip();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&compress, t] {
      const std::string page(10000, static_cast<char>('a' + t));
      std::string out;
      EXPECT_TRUE(compress(page, &out));
      EXPECT_EQ(Unzip(out), page);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Gzip, CompressesScrapes) {
  Registry registry({.self_metrics = false});
  const CounterFamily family = registry.Counter({.name = "a_total", .labels = {"x"}});
  for (int i = 0; i < 500; ++i) family.With({std::to_string(i)}).Increment(i);
  const ScrapeServer server = Serve(registry, ":0", {.compress = Gzip()});
  const auto ask = [&](const std::string& headers) {
    return client::Ask(server.port(), "GET /metrics HTTP/1.1\r\nConnection: close\r\n" + headers + "\r\n");
  };
  const std::string plain = ask("");
  EXPECT_THAT(plain, HasSubstr("\r\nVary: Accept, Accept-Encoding\r\n"));
  EXPECT_THAT(plain, Not(HasSubstr("Content-Encoding")));
  EXPECT_THAT(plain, EndsWith("\r\n\r\n" + Text(registry)));
  EXPECT_THAT(ask("Accept-Encoding: gzip;q=0, br\r\n"), Not(HasSubstr("Content-Encoding")));
  const std::string zipped = ask("Accept-Encoding: deflate\r\nAccept-Encoding: gzip\r\n");
  EXPECT_THAT(zipped, HasSubstr("\r\nContent-Encoding: gzip\r\n"));
  EXPECT_LT(zipped.size() * 3, plain.size());
  EXPECT_EQ(Unzip(std::string_view(zipped).substr(zipped.find("\r\n\r\n") + 4)), Text(registry));
  EXPECT_THAT(zipped, HasSubstr("\r\nContent-Length: " + std::to_string(zipped.size() - zipped.find("\r\n\r\n") - 4)));
}

TEST(Gzip, LeavesShortPages) {
  Registry registry({.self_metrics = false});
  registry.Counter({.name = "a_total"}).With({}).Increment();
  const ScrapeServer server = Serve(registry, ":0", {.compress = Gzip()});
  EXPECT_THAT(client::Ask(server.port(), "GET /metrics HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n"),
              EndsWith("\r\n\r\n" + Text(registry)));
}

}  // namespace
}  // namespace cachescope
