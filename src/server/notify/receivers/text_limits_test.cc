#include "server/notify/receivers/text_limits.h"

#include <gtest/gtest.h>

#include "server/notify/receivers/digest.h"

namespace cachescope::notify {
namespace {

TEST(TextLimitsTest, CharactersAreCutWithAnEllipsis) {
  EXPECT_EQ(CutToCharacters("abcde", 5), "abcde");
  EXPECT_EQ(CutToCharacters("abcdef", 5), "abcd…");
  EXPECT_EQ(CutToCharacters("äöüßé€", 5), "äöüß…");
  EXPECT_EQ(CutToCharacters("äöüßé€", 6), "äöüßé€");
  EXPECT_EQ(CutToCharacters("abcdef", 3), "abc");
  EXPECT_EQ(CutToCharacters("abcdef", 0), "");
  EXPECT_EQ(CutToCharacters("", 5), "");
  EXPECT_EQ(CountCharacters("a€😀"), 3u);
  // Broken UTF-8 counts byte by byte.
  EXPECT_EQ(CountCharacters("\xff\xc3"), 2u);
}

TEST(TextLimitsTest, BytesAreCutBetweenCharacters) {
  EXPECT_EQ(CutToBytes("abcdefgh", 8), "abcdefgh");
  EXPECT_EQ(CutToBytes("abcdefghi", 8), "abcde…");
  EXPECT_EQ(CutToBytes("€€€€", 8), "€…");
  EXPECT_EQ(CutToBytes("€€€€", 9), "€€…");
  EXPECT_EQ(CutToBytes("€€", 3), "€");
  EXPECT_EQ(CutToBytes("€€", 2), "");
}

// https://www.rfc-editor.org/rfc/rfc4231, test case 2.
TEST(DigestTest, KnownValues) {
  EXPECT_EQ(HexOf(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HexOf(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

}  // namespace
}  // namespace cachescope::notify
