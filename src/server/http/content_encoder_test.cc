#include "server/http/content_encoder.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "server/http/content_coding.h"

namespace cachescope::http {
namespace {

// What decodes to itself, in pieces of odd sizes.
std::string Encoded(ContentEncoder& encoder, const std::string& text) {
  std::string out;
  for (std::size_t at = 0, size = 1; at < text.size(); at += size, size = size * 3 + 1)
    encoder.Write(std::string_view(text).substr(at, size), &out);
  encoder.Finish(&out);
  return out;
}

std::string Sample() {
  std::string out;
  for (int i = 0; i < 50'000; ++i) out += std::to_string(i * 7919 % 1000) + ",";
  return out;
}

TEST(ContentEncoderTest, ChoosesByAcceptEncoding) {
  const std::pair<const char*, const char*> cases[] = {{"gzip", "gzip"},
                                                       {"zstd", "zstd"},
                                                       {"gzip, deflate, br, zstd", "zstd"},
                                                       {"zstd;q=0, gzip", "gzip"},
                                                       {"*", "gzip"}};
  for (const auto& [accept, coding] : cases) {
    const auto encoder = ContentEncoder::For(accept);
    ASSERT_NE(encoder, nullptr) << accept;
    EXPECT_EQ(encoder->coding(), coding) << accept;
  }
  for (const char* accept : {"", "br", "identity", "gzip;q=0", "zstd;q=0"})
    EXPECT_EQ(ContentEncoder::For(accept), nullptr) << accept;
}

TEST(ContentEncoderTest, ZstdRoundTrip) {
  for (const std::string& text : {std::string(), std::string("x"), Sample()}) {
    const auto encoder = ContentEncoder::For("zstd");
    const std::string encoded = Encoded(*encoder, text);
    std::string decoded(text.size() + 1, '\0');
    std::string stream;
    ZSTD_DStream* const decoder = ZSTD_createDStream();
    ZSTD_inBuffer in{encoded.data(), encoded.size(), 0};
    ZSTD_outBuffer out{decoded.data(), decoded.size(), 0};
    while (in.pos < in.size) ASSERT_EQ(ZSTD_isError(ZSTD_decompressStream(decoder, &out, &in)), 0U);
    ZSTD_freeDStream(decoder);
    decoded.resize(out.pos);
    EXPECT_EQ(decoded, text);
    EXPECT_LT(encoded.size(), text.size() / 2 + 20);
  }
}

TEST(ContentEncoderTest, GzipRoundTrip) {
  const std::string text = Sample();
  const auto encoder = ContentEncoder::For("gzip");
  auto decoder = BodyDecoder::New("gzip", 1 << 20);
  ASSERT_TRUE(decoder.ok());
  std::string decoded;
  ASSERT_TRUE((*decoder)->Write(Encoded(*encoder, text), &decoded).ok());
  EXPECT_EQ(decoded, text);
}

}  // namespace
}  // namespace cachescope::http
