#include "server/notify/receivers/email/email_receiver.h"

#include <absl/time/time.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "base/log.h"
#include "server/notify/receivers/digest.h"
#include "server/notify/receivers/email/mail.h"
#include "server/notify/receivers/email/mail_templates.h"
#include "server/notify/receivers/email/mail_text.h"
#include "server/notify/receivers/email/smtp.h"
#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"
#include "server/notify/receivers/text_limits.h"

namespace cachescope::notify {
namespace {

constexpr std::size_t kMaxHalfTold = 1000;  // notifications of which some recipients are told
// RFC 5322, 2.1.1 allows longer lines when folded; mail programs show far less.
constexpr std::size_t kMaxSubjectCharacters = 900;

std::string DomainOf(const std::string& address) { return address.substr(address.rfind('@') + 1); }

class EmailIntegration final : public Integration {
 public:
  explicit EmailIntegration(Settings settings) : settings_(std::move(settings)) {}
  std::string_view name() const override { return "email"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    Rendering r(notification, context);
    const auto from = ParseMailboxes(r.Address(settings_.Text("from")));
    const auto to = ParseMailboxes(r.Address(settings_.Text("to")));
    if (!r.status().ok()) return CannotSend("by mail", r.status(), FailureReason::kTemplate);
    if (!from.ok()) return CannotSend("by mail", from.status().WithPrefix("from"));
    if (!to.ok()) return CannotSend("by mail", to.status().WithPrefix("to"));
    if (from->size() != 1) return CannotSend("by mail", InvalidArgument("from must be exactly one address"));
    SmtpLogin login;
    if (Status status = ReadLogin(&login); !status.ok()) return CannotSend("by mail", status);
    const std::vector<std::string> recipients = Waiting(notification.id, *to);
    const std::string mail = FormatMail(MailOf(notification, from->front(), &r));
    const SmtpOutcome outcome = SendMail(Server(), login, from->front().address, recipients, mail, context.timeout);
    return ResultOf(notification, outcome);
  }

 private:
  SmtpServer Server() const {
    SmtpServer out;
    const std::string& smarthost = settings_.Text("smarthost");
    const std::size_t colon = smarthost.rfind(':');
    out.host = smarthost.substr(0, colon);
    if (out.host.size() > 2 && out.host.front() == '[') out.host = out.host.substr(1, out.host.size() - 2);
    out.port = smarthost.substr(colon + 1);
    if (settings_.Has("hello")) out.hello = settings_.Text("hello");
    out.implicit_tls = settings_.Has("force_implicit_tls") ? settings_.Bool("force_implicit_tls") : out.port == "465";
    out.require_tls = settings_.Bool("require_tls");
    out.tls = settings_.tls();
    return out;
  }

  Status ReadLogin(SmtpLogin* out) const {
    out->user = settings_.Text("auth_username");
    out->identity = settings_.Text("auth_identity");
    if (out->user.empty()) return {};
    CACHESCOPE_ASSIGN_OR_RETURN(out->password, settings_.Value("auth_password"));
    CACHESCOPE_ASSIGN_OR_RETURN(out->secret, settings_.Value("auth_secret"));
    if (out->password.empty() && out->secret.empty())
      return InvalidArgument("auth_username needs auth_password or auth_secret");
    return {};
  }

  Mail MailOf(const Notification& notification, const Mailbox& from, Rendering* r) const {
    Mail out;
    std::set<std::string> stated;
    for (const auto& [name, text] : settings_.Map("headers")) {
      const std::string canonical = CanonicalHeaderName(name);
      stated.insert(canonical);
      std::string value = r->Text(text);
      if (canonical == "Subject") value = CutToCharacters(value, kMaxSubjectCharacters);
      out.headers.emplace_back(canonical, std::move(value));
    }
    if (stated.count("Subject") == 0)
      out.headers.emplace_back("Subject", CutToCharacters(r->Text(kMailSubject), kMaxSubjectCharacters));
    if (stated.count("To") == 0) out.headers.emplace_back("To", r->Address(settings_.Text("to")));
    if (stated.count("From") == 0) out.headers.emplace_back("From", r->Address(settings_.Text("from")));
    out.date = notification.at;
    // Of the news and who hears it: the same for every attempt.
    const std::string key = notification.id.empty() ? notification.group_key + std::to_string(notification.at)
                                                    : notification.id + notification.group_key;
    out.message_id = "<" + HexOf(Sha256(key + settings_.Text("to"))).substr(0, 32) + "@" + DomainOf(from.address) + ">";
    out.thread = ThreadOf(notification);
    const bool own_text = !settings_.Stated("text");
    out.text = r->Text(own_text ? kMailText : settings_.Text("text"));
    const std::string& html = settings_.Text("html");
    if (!html.empty()) out.html = r->Html(settings_.Stated("html") ? html : kMailAlertHtml + html);
    if (out.text.empty() && out.html.empty()) out.text = r->Text(kMailText);
    return out;
  }

  // The thread's root is a mail that was never sent: readers group by it all the same.
  std::string ThreadOf(const Notification& notification) const {
    const ConfigNode* threading = settings_.Tree("threading");
    if (threading == nullptr || TextIn(*threading, "enabled") != "true") return {};
    std::string day;
    if (TextIn(*threading, "thread_by_date") == "daily")
      day = absl::FormatTime("%Y-%m-%d", absl::FromUnixMillis(notification.at), absl::UTCTimeZone());
    return "<alert-" + GroupKeyHash(notification.group_key).substr(0, 16) + "-" + day + "@alertmanager>";
  }

  // Whom nobody has told yet.
  std::vector<std::string> Waiting(const std::string& id, const std::vector<Mailbox>& to) {
    const std::lock_guard lock(mu_);
    const auto told = half_told_.find(id);
    std::vector<std::string> out;
    for (const Mailbox& box : to) {
      if (told == half_told_.end() || told->second.count(box.address) == 0) out.push_back(box.address);
    }
    // All were told, and the answer got lost on our side: better twice than never.
    if (out.empty()) {
      for (const Mailbox& box : to) out.push_back(box.address);
    }
    return out;
  }

  // REQUIRES: mu_ is held.
  void Remember(const std::string& id, const SmtpOutcome& outcome) {
    if (half_told_.size() >= kMaxHalfTold) half_told_.clear();
    auto& told = half_told_[id];
    told.insert(outcome.accepted.begin(), outcome.accepted.end());
    // Nobody will take it later either.
    for (const SmtpRefusal& refusal : outcome.refused) {
      if (refusal.code >= 500) told.insert(refusal.address);
    }
  }

  NotifyResult ResultOf(const Notification& notification, const SmtpOutcome& outcome) {
    if (!outcome.status.ok()) {
      if (outcome.status.code() == Code::kDeadlineExceeded) return outcome.status;
      const bool answered = outcome.code >= 400 || !outcome.refused.empty();
      const FailureReason reason = outcome.status.code() == Code::kIoError ? FailureReason::kClientError
                                   : answered                              ? FailureReason::kServerError
                                                                           : FailureReason::kConnection;
      return NotifyResult::Failed(outcome.status, reason, outcome.status.code() == Code::kUnavailable);
    }
    const SmtpRefusal* later = nullptr;
    for (const SmtpRefusal& refusal : outcome.refused) {
      if (refusal.code < 500) {
        later = &refusal;
        continue;
      }
      LogWarn("a mail address is refused, the others are told",
              {{"receiver", notification.receiver}, {"address", refusal.address}, {"answer", refusal.text}});
    }
    const std::lock_guard lock(mu_);
    if (later == nullptr) {
      half_told_.erase(notification.id);
      return {};
    }
    if (!notification.id.empty()) Remember(notification.id, outcome);
    return NotifyResult::Failed(
        Unavailable("cannot send mail to " + later->address + ": the server answered " + later->text),
        FailureReason::kServerError, true);
  }

  const Settings settings_;
  std::mutex mu_;
  // By notification: who has the mail, or never will. Guarded by mu_.
  std::map<std::string, std::set<std::string>> half_told_;
};

}  // namespace

Result<std::unique_ptr<Integration>> MakeEmailIntegration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<EmailIntegration>(settings));
}

}  // namespace cachescope::notify
