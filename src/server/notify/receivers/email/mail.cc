#include "server/notify/receivers/email/mail.h"

#include <absl/time/time.h>

#include "server/notify/receivers/digest.h"
#include "server/notify/receivers/email/mail_text.h"

namespace cachescope::notify {
namespace {

// Headers whose values are lists of mailboxes.
bool IsAddressHeader(const std::string& name) {
  for (const char* known : {"From", "To", "Cc", "Bcc", "Reply-To", "Sender"}) {
    if (name == known) return true;
  }
  return false;
}

// A name that is none could be the end of the headers.
bool IsHeaderName(const std::string& name) {
  for (const char c : name) {
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) > 0x7e || c == ':') return false;
  }
  return !name.empty();
}

void AddHeader(const std::string& name, const std::string& value, std::string* out) {
  if (!IsHeaderName(name)) return;
  const std::size_t column = name.size() + 2;
  if (IsAddressHeader(name)) {
    if (const auto boxes = ParseMailboxes(value); boxes.ok()) {
      *out += name + ": " + EncodeMailboxes(*boxes, column) + "\r\n";
      return;
    }
  }
  *out += name + ": " + EncodeHeader(value, column) + "\r\n";
}

bool Has(const Mail& mail, const char* name) {
  for (const auto& [key, value] : mail.headers) {
    if (CanonicalHeaderName(key) == name) return true;
  }
  return false;
}

void AddPart(const std::string& boundary, const char* type, const std::string& text, std::string* out) {
  if (text.empty()) return;
  *out += "--" + boundary + "\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: " + type +
          "; charset=UTF-8\r\n\r\n" + QuotedPrintable(text) + "\r\n";
}

}  // namespace

std::string CanonicalHeaderName(std::string name) {
  bool first = true;
  for (char& c : name) {
    if (first && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!first && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    first = c == '-';
  }
  return name;
}

std::string FormatMail(const Mail& mail) {
  std::string out;
  for (const auto& [name, value] : mail.headers) AddHeader(CanonicalHeaderName(name), value, &out);
  if (!Has(mail, "Message-Id")) AddHeader("Message-Id", mail.message_id, &out);
  if (!mail.thread.empty()) {
    AddHeader("References", mail.thread, &out);
    AddHeader("In-Reply-To", mail.thread, &out);
  }
  const std::string date =
      absl::FormatTime("%a, %d %b %Y %H:%M:%S +0000", absl::FromUnixMillis(mail.date), absl::UTCTimeZone());
  // An underscore and an equals sign next to each other cannot stand in quoted-printable text.
  const std::string boundary = "=_" + HexOf(Sha256(mail.message_id + mail.text + mail.html)).substr(0, 40);
  out += "Date: " + date + "\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"" + boundary +
         "\"\r\n\r\n";
  AddPart(boundary, "text/plain", mail.text, &out);
  AddPart(boundary, "text/html", mail.html, &out);
  return out + "--" + boundary + "--\r\n";
}

}  // namespace cachescope::notify
