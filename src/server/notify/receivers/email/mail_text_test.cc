#include "server/notify/receivers/email/mail_text.h"

#include <gtest/gtest.h>

#include "server/notify/receivers/email/mail.h"

namespace cachescope::notify {
namespace {

std::string Addresses(const std::string& text) {
  const auto boxes = ParseMailboxes(text);
  if (!boxes.ok()) return std::string(boxes.status().message());
  std::string out;
  for (const Mailbox& box : *boxes) out += "[" + box.name + "|" + box.address + "]";
  return out;
}

TEST(MailTextTest, Mailboxes) {
  EXPECT_EQ(Addresses("a@b"), "[|a@b]");
  EXPECT_EQ(Addresses(" a@b , Team X <c@d>,\"Doe, \\\"J\\\".\" <e@f>"), "[|a@b][Team X|c@d][Doe, \"J\".|e@f]");
  EXPECT_EQ(Addresses("Jürgen <j@b>,"), "[Jürgen|j@b]");
  EXPECT_EQ(Addresses(""), "there is no mail address");
  EXPECT_EQ(Addresses("a@b, nobody"), "\"nobody\" is not a mail address");
  EXPECT_EQ(Addresses("a@"), "\"a@\" is not a mail address");
  // What could begin another command of the conversation is no address.
  EXPECT_EQ(Addresses("<a@b>\r\nRCPT TO:<c@d>"), "\"<a@b> RCPT TO:<c@d>\" is not a mail address");
  EXPECT_EQ(Addresses("a\r\n@b"), "\"a @b\" is not a mail address");
}

TEST(MailTextTest, HeadersOfAnyLanguage) {
  EXPECT_EQ(EncodeHeader("[FIRING:2] x", 9), "[FIRING:2] x");
  EXPECT_EQ(EncodeHeader("Zähler = 5 €", 9), "=?utf-8?q?Z=C3=A4hler_=3D_5_=E2=82=AC?=");
  // A header is one line, whatever stands in a label.
  EXPECT_EQ(EncodeHeader("a\r\nBcc: x@y\n", 9), "a Bcc: x@y");
  // Text that would read as an encoded word is encoded.
  EXPECT_EQ(EncodeHeader("=?utf-8?q?x?=", 9), "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=");
  EXPECT_EQ(EncodeMailboxes({{"", "a@b"}, {"J. Doe", "c@d"}, {"Jürgen", "e@f"}}, 4),
            "a@b,\r\n \"J. Doe\" <c@d>,\r\n =?utf-8?q?J=C3=BCrgen?= <e@f>");
}

TEST(MailTextTest, LongHeadersAreFolded) {
  std::string words;
  for (int i = 0; i < 40; ++i) words += "word" + std::to_string(i) + " ";
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "ü";
  for (const std::string& folded : {EncodeHeader(words, 9), EncodeHeader(umlauts, 9)}) {
    std::size_t begin = 0;
    for (std::size_t end = folded.find("\r\n"); begin < folded.size(); end = folded.find("\r\n", begin)) {
      const std::size_t stop = end == std::string::npos ? folded.size() : end;
      EXPECT_LE(stop - begin, 76u) << folded;
      begin = end == std::string::npos ? folded.size() : end + 2;
      if (begin < folded.size()) {
        EXPECT_EQ(folded[begin], ' ');
      }
    }
  }
  // No character is split between words.
  EXPECT_EQ(EncodeHeader(umlauts, 9).find("=C3?="), std::string::npos);
}

TEST(MailTextTest, QuotedPrintable) {
  EXPECT_EQ(QuotedPrintable("a = ä\r\n.\nx \n"), "a =3D =C3=A4\r\n.\r\nx=20\r\n");
  EXPECT_EQ(QuotedPrintable("tab\t"), "tab=09");
  EXPECT_EQ(QuotedPrintable("lone\rcr"), "lone=0Dcr");
  EXPECT_EQ(QuotedPrintable(std::string(80, 'x')), std::string(75, 'x') + "=\r\n" + std::string(5, 'x'));
  EXPECT_EQ(QuotedPrintable(std::string(74, 'x') + "€"), std::string(74, 'x') + "=\r\n=E2=82=AC");
}

TEST(MailTest, Format) {
  Mail mail;
  mail.headers = {{"subject", "Hi €"}, {"To", "Jürgen <j@b>"}, {"X:bad", "lost"}};
  mail.message_id = "<id@b>";
  mail.thread = "<t@b>";
  mail.date = 1'767'225'600'000;
  mail.text = "text";
  mail.html = "<p>ä</p>";
  const std::string out = FormatMail(mail);
  const auto at = out.find("boundary=\"") + 10;
  const std::string boundary = out.substr(at, out.find('"', at) - at);
  EXPECT_EQ(out,
            "Subject: =?utf-8?q?Hi_=E2=82=AC?=\r\nTo: =?utf-8?q?J=C3=BCrgen?= <j@b>\r\nMessage-Id: <id@b>\r\n"
            "References: <t@b>\r\nIn-Reply-To: <t@b>\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/alternative; boundary=\"" +
                boundary + "\"\r\n\r\n--" + boundary +
                "\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; "
                "charset=UTF-8\r\n\r\ntext\r\n--" +
                boundary +
                "\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: text/html; charset=UTF-8\r\n\r\n"
                "<p>=C3=A4</p>\r\n--" +
                boundary + "--\r\n");
  EXPECT_EQ(FormatMail(mail), out);
}

}  // namespace
}  // namespace cachescope::notify
