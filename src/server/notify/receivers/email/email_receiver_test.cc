#include "server/notify/receivers/email/email_receiver.h"

#include "server/notify/receivers/email/smtp_fixture.h"

namespace cachescope::notify {
namespace {

class EmailTest : public testing::Test {
 protected:
  std::unique_ptr<Integration> Make(const std::string& fields = "", const std::string& to = "a@b.example") {
    return MakeReceiver("email", "{to: '" + to + "', from: 'scope@b.example', smarthost: '127.0.0.1:" +
                                     std::to_string(smtp_.port()) + "', require_tls: false" + fields + "}");
  }
  NotifyResult Tell(Integration* email, const Notification& notification = Sample(),
                    std::chrono::milliseconds timeout = std::chrono::seconds(5)) {
    NotifyContext context;
    context.timeout = timeout;
    if (chart_) context.chart = [](const Alert&) { return std::string("▁▂▇ 0.25"); };
    return email->Notify(notification, context);
  }
  // The value of a header of the last mail, unfolded.
  std::string Header(const std::string& name) {
    if (smtp_.mails().empty()) return "no mail";
    const std::string text = "\r\n" + smtp_.mails().back().text;
    auto begin = text.find("\r\n" + name + ": ");
    if (begin == std::string::npos) return "";
    begin += name.size() + 4;
    std::string out = text.substr(begin, text.find("\r\n", begin) - begin);
    return out;
  }
  bool WasSaid(const std::string& command) {
    for (const std::string& line : smtp_.Said()) {
      if (line.starts_with(command)) return true;
    }
    return false;
  }

  ScriptedSmtp smtp_;
  bool chart_ = false;
};

TEST_F(EmailTest, TheDefaultMail) {
  chart_ = true;
  const auto email = Make(", hello: scope.example");
  const NotifyResult result = Tell(email.get());
  ASSERT_TRUE(result.status.ok()) << result.status.ToString();
  ASSERT_EQ(smtp_.mails().size(), 1u);
  const Delivered mail = smtp_.mails()[0];
  EXPECT_TRUE(mail.from.starts_with("<scope@b.example>")) << mail.from;
  EXPECT_EQ(mail.to, std::vector<std::string>{"<a@b.example>"});
  EXPECT_TRUE(WasSaid("EHLO scope.example"));
  EXPECT_EQ(Header("Subject"), "[FIRING:2] HitRatioLow (page)");
  EXPECT_EQ(Header("To"), "a@b.example");
  EXPECT_EQ(Header("From"), "scope@b.example");
  EXPECT_EQ(Header("Date"), "Thu, 01 Jan 2026 00:00:30 +0000");
  EXPECT_TRUE(Header("Message-Id").ends_with("@b.example>")) << Header("Message-Id");
  EXPECT_EQ(Header("References"), "");
  // What it is about, its last hour and what to do, in both forms.
  for (const char* text :
       {"Hit ratio of redis-1 is low", "=E2=96=81=E2=96=82=E2=96=87 0.25", "what to do: http://scope/advice/redis#low",
        "<a href=3D\"http://scope/advice/redis#low\""}) {
    EXPECT_NE(mail.text.find(text), std::string::npos) << text << "\n" << mail.text;
  }
}

TEST_F(EmailTest, HeadersAndTextsOfOnesOwn) {
  const auto email = Make(
      ", headers: {subject: '{{ .Status }} ä', x-team: '{{ .Receiver }}', To: 'All <all@b.example>'}, text: '.dot\n{{ "
      "len "
      ".Alerts }}', html: '<i>{{ \"<\" }}</i>', threading: {enabled: true, thread_by_date: daily}");
  ASSERT_TRUE(Tell(email.get()).status.ok());
  EXPECT_EQ(Header("Subject"), "=?utf-8?q?firing_=C3=A4?=");
  EXPECT_EQ(Header("X-Team"), "team-x");
  EXPECT_EQ(Header("To"), "All <all@b.example>");
  EXPECT_EQ(smtp_.mails()[0].to, std::vector<std::string>{"<a@b.example>"});
  EXPECT_EQ(Header("References"), "<alert-" + std::string(kSampleKeyHash).substr(0, 16) + "-2026-01-01@alertmanager>");
  EXPECT_EQ(Header("In-Reply-To"), Header("References"));
  EXPECT_NE(smtp_.mails()[0].text.find("\r\n..dot 2\r\n"), std::string::npos) << smtp_.mails()[0].text;
  EXPECT_NE(smtp_.mails()[0].text.find("<i>&lt;</i>"), std::string::npos);
}

// A message counts as sent only after the 250 that follows its text.
TEST_F(EmailTest, ARefusalAfterTheTextIsTriedAgain) {
  const auto email = Make();
  for (const char* reply : {"450 later", "421 closing", "452 full"}) {
    smtp_.Answer(".", reply);
    const NotifyResult result = Tell(email.get());
    EXPECT_FALSE(result.status.ok());
    EXPECT_TRUE(result.retry) << reply;
    EXPECT_EQ(result.reason, FailureReason::kServerError) << reply;
    EXPECT_NE(std::string(result.status.message()).find(reply), std::string::npos) << result.status.ToString();
  }
  smtp_.Answer(".", "554 spam");
  const NotifyResult result = Tell(email.get());
  EXPECT_FALSE(result.retry);
  EXPECT_EQ(result.reason, FailureReason::kClientError);
  EXPECT_TRUE(smtp_.mails().empty());
}

TEST_F(EmailTest, ACutAfterTheTextIsTriedAgainWithTheSameId) {
  const auto email = Make();
  smtp_.Answer(".", "");
  const NotifyResult cut = Tell(email.get());
  EXPECT_TRUE(cut.retry);
  EXPECT_EQ(cut.reason, FailureReason::kConnection);
  smtp_.Answer(".", "250 taken");
  Notification later = Sample();
  later.at += 60'000;
  ASSERT_TRUE(Tell(email.get()).status.ok());
  const std::string id = Header("Message-Id");
  ASSERT_TRUE(Tell(email.get(), later).status.ok());
  EXPECT_EQ(Header("Message-Id"), id);
  later.id = "news-2";
  ASSERT_TRUE(Tell(email.get(), later).status.ok());
  EXPECT_NE(Header("Message-Id"), id);
}

TEST_F(EmailTest, OneRefusedRecipientCostsTheOthersNothing) {
  const auto email = Make("", "a@b.example, gone@b.example, c@b.example");
  smtp_.Answer("RCPT TO:<gone@", "550 no such user");
  ASSERT_TRUE(Tell(email.get()).status.ok());
  ASSERT_EQ(smtp_.mails().size(), 1u);
  EXPECT_EQ(smtp_.mails()[0].to, (std::vector<std::string>{"<a@b.example>", "<c@b.example>"}));
  smtp_.Answer("RCPT TO:", "550 nobody");
  const NotifyResult result = Tell(email.get());
  EXPECT_FALSE(result.retry);
  EXPECT_EQ(result.reason, FailureReason::kClientError);
  EXPECT_NE(std::string(result.status.message()).find("550 no"), std::string::npos) << result.status.ToString();
}

TEST_F(EmailTest, ARecipientThatIsBusyIsTriedAgainAlone) {
  const auto email = Make("", "a@b.example, busy@b.example, gone@b.example");
  smtp_.Answer("RCPT TO:<busy@", "451 greylisted");
  smtp_.Answer("RCPT TO:<gone@", "550 no such user");
  const NotifyResult first = Tell(email.get());
  EXPECT_TRUE(first.retry);
  EXPECT_EQ(first.reason, FailureReason::kServerError);
  smtp_.Answer("RCPT TO:<busy@", "250 ok");
  ASSERT_TRUE(Tell(email.get()).status.ok());
  ASSERT_EQ(smtp_.mails().size(), 2u);
  EXPECT_EQ(smtp_.mails()[0].to, std::vector<std::string>{"<a@b.example>"});
  EXPECT_EQ(smtp_.mails()[1].to, std::vector<std::string>{"<busy@b.example>"});
}

TEST_F(EmailTest, FailuresBeforeTheText) {
  const auto email = Make();
  struct Case {
    const char* command;
    const char* reply;
    bool retry;
    FailureReason reason;
  };
  constexpr Case kCases[] = {{"GREETING", "421 too busy", true, FailureReason::kServerError},
                             {"GREETING", "554 go away", false, FailureReason::kClientError},
                             {"GREETING", "", true, FailureReason::kConnection},
                             {"MAIL FROM:", "451 later", true, FailureReason::kServerError},
                             {"MAIL FROM:", "553 not you", false, FailureReason::kClientError},
                             {"RCPT TO:", "450 later", true, FailureReason::kServerError},
                             {"DATA", "451 later", true, FailureReason::kServerError},
                             {"DATA", "554 no", false, FailureReason::kClientError}};
  for (const Case& c : kCases) {
    smtp_.Answer(c.command, c.reply);
    const NotifyResult result = Tell(email.get());
    EXPECT_FALSE(result.status.ok()) << c.command << c.reply;
    EXPECT_EQ(result.retry, c.retry) << c.command << c.reply << result.status.ToString();
    EXPECT_EQ(FailureReasonName(result.reason), FailureReasonName(c.reason))
        << c.command << c.reply << result.status.ToString();
    smtp_.Answer(c.command, std::string_view(c.command) == "GREETING" ? "220 here"
                            : std::string_view(c.command) == "DATA"   ? "354 go"
                                                                      : "250 ok");
  }
  EXPECT_TRUE(smtp_.mails().empty());
  EXPECT_TRUE(Tell(email.get()).status.ok());
}

TEST_F(EmailTest, SilenceEndsAtTheDeadline) {
  smtp_.Answer("MAIL FROM:", "silence");
  const auto email = Make();
  const NotifyResult result = Tell(email.get(), Sample(), std::chrono::milliseconds(400));
  EXPECT_TRUE(result.retry);
  EXPECT_EQ(result.reason, FailureReason::kTimeout);
}

TEST_F(EmailTest, NothingIsSentWithoutTheTlsThatIsRequired) {
  const auto email = MakeReceiver(
      "email", "{to: a@b.example, from: c@b.example, smarthost: '127.0.0.1:" + std::to_string(smtp_.port()) +
                   "', auth_username: u, auth_password: SECRET}");
  const NotifyResult result = Tell(email.get());
  EXPECT_NE(std::string(result.status.message()).find("does not offer STARTTLS"), std::string::npos)
      << result.status.ToString();
  EXPECT_TRUE(result.retry);
  EXPECT_FALSE(WasSaid("AUTH"));
  EXPECT_FALSE(WasSaid("MAIL"));
}

TEST_F(EmailTest, ARefusedLoginIsGivenUpAndNotShown) {
  smtp_.Answer("EHLO", "250-here\r\n250 AUTH PLAIN");
  smtp_.Answer("AUTH", "535 5.7.8 wrong");
  const auto email = Make(", auth_username: u, auth_password: SECRET");
  NotifyResult result = Tell(email.get());
  EXPECT_FALSE(result.retry);
  EXPECT_EQ(result.reason, FailureReason::kClientError);
  EXPECT_EQ(std::string(result.status.message()).find("SECRET"), std::string::npos);
  smtp_.Answer("AUTH", "454 4.7.0 later");
  result = Tell(email.get());
  EXPECT_TRUE(result.retry) << result.status.ToString();
  EXPECT_TRUE(smtp_.mails().empty());
}

TEST_F(EmailTest, AddressesThatAreNone) {
  auto email = Make("", "nobody");
  EXPECT_EQ(Tell(email.get()).status.message(), "cannot notify by mail: to: \"nobody\" is not a mail address");
  email = Make("", "{{ gone }}");
  EXPECT_EQ(Tell(email.get()).reason, FailureReason::kTemplate);
  EXPECT_TRUE(smtp_.Said().empty());
}

TEST_F(EmailTest, NobodyListens) {
  const auto email = MakeReceiver("email", "{to: a@b.example, from: c@b.example, smarthost: '127.0.0.1:1'}");
  const NotifyResult result = Tell(email.get());
  EXPECT_TRUE(result.retry);
  EXPECT_EQ(result.reason, FailureReason::kConnection);
}

}  // namespace
}  // namespace cachescope::notify
