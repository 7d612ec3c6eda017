#include "server/notify/receivers/email/smtp.h"

#include <curl/curl.h>

#include <cstring>
#include <memory>
#include <mutex>
#include <string_view>

namespace cachescope::notify {
namespace {

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Addresses = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

// What was said: the reply to each recipient, and the last of the others. Commands of the login are not looked at.
class Transcript {
 public:
  void Said(std::string_view line) {
    const bool recipient = line.starts_with("RCPT TO:");
    recipient_ = recipient ? Between(line, '<', '>') : std::string();
    if (line.starts_with("STARTTLS")) tls_asked_ = true;
    if (line.starts_with("QUIT")) over_ = true;
  }
  void Heard(std::string_view line) {
    if (over_ || line.size() < 3 || line[0] < '2' || line[0] > '5') return;
    const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (code < 200 || code > 599) return;
    std::string text(line.substr(0, line.find_last_not_of("\r\n") + 1));
    if (recipient_.empty()) {
      last_code_ = code;
      last_text_ = std::move(text);
      return;
    }
    if (line.size() > 3 && line[3] == '-') return;  // more lines follow
    if (code / 100 == 2) {
      accepted_.push_back(recipient_);
    } else {
      refused_.push_back({recipient_, code, std::move(text)});
    }
    recipient_.clear();
  }
  // The refusal that counts when nobody was accepted: one that may pass, if there is one. Null: none.
  const SmtpRefusal* Refusal() const {
    const SmtpRefusal* out = nullptr;
    for (const SmtpRefusal& refusal : refused_) {
      if (out == nullptr || refusal.code < 500) out = &refusal;
    }
    return accepted_.empty() ? out : nullptr;
  }
  bool tls_asked() const { return tls_asked_; }
  int last_code() const { return last_code_; }
  const std::string& last_text() const { return last_text_; }
  std::vector<std::string>& accepted() { return accepted_; }
  std::vector<SmtpRefusal>& refused() { return refused_; }

 private:
  static std::string Between(std::string_view line, char open, char close) {
    const auto begin = line.find(open);
    const auto end = line.rfind(close);
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return {};
    return std::string(line.substr(begin + 1, end - begin - 1));
  }

  std::string recipient_;
  int last_code_ = 0;
  std::string last_text_;
  bool tls_asked_ = false;
  bool over_ = false;  // what follows is politeness
  std::vector<std::string> accepted_;
  std::vector<SmtpRefusal> refused_;
};

int OnTalk(CURL*, curl_infotype type, char* data, std::size_t size, void* user) {
  auto* transcript = static_cast<Transcript*>(user);
  if (type == CURLINFO_HEADER_OUT) transcript->Said({data, size});
  if (type == CURLINFO_HEADER_IN) transcript->Heard({data, size});
  return 0;
}

struct Upload {
  std::string_view rest;
};

std::size_t OnRead(char* room, std::size_t size, std::size_t count, void* user) {
  auto* upload = static_cast<Upload*>(user);
  const std::size_t bytes = std::min(size * count, upload->rest.size());
  std::memcpy(room, upload->rest.data(), bytes);
  upload->rest.remove_prefix(bytes);
  return bytes;
}

// Answers are read as the transcript; nothing goes to standard output.
std::size_t OnWrite(char*, std::size_t size, std::size_t count, void*) { return size * count; }

bool IsLoopback(std::string_view host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

std::string Bracketed(const std::string& host) {
  return host.find(':') == std::string::npos || host.starts_with('[') ? host : "[" + host + "]";
}

void SetText(CURL* curl, CURLoption option, const std::string& text) {
  if (!text.empty()) curl_easy_setopt(curl, option, text.c_str());
}

void SetBlob(CURL* curl, CURLoption option, const std::string& text) {
  if (text.empty()) return;
  curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
  curl_easy_setopt(curl, option, &blob);
}

long TlsVersions(const http::TlsOptions& tls) {
  const long lowest = tls.min_version >= 0x0304   ? CURL_SSLVERSION_TLSv1_3
                      : tls.min_version >= 0x0303 ? CURL_SSLVERSION_TLSv1_2
                      : tls.min_version >= 0x0302 ? CURL_SSLVERSION_TLSv1_1
                                                  : CURL_SSLVERSION_TLSv1_0;
  const long highest = tls.max_version == 0        ? CURL_SSLVERSION_MAX_DEFAULT
                       : tls.max_version >= 0x0304 ? CURL_SSLVERSION_MAX_TLSv1_3
                       : tls.max_version >= 0x0303 ? CURL_SSLVERSION_MAX_TLSv1_2
                       : tls.max_version >= 0x0302 ? CURL_SSLVERSION_MAX_TLSv1_1
                                                   : CURL_SSLVERSION_MAX_TLSv1_0;
  return lowest | highest;
}

void SetTls(CURL* curl, const SmtpServer& server) {
  const http::TlsOptions& tls = server.tls;
  curl_easy_setopt(curl, CURLOPT_USE_SSL,
                   static_cast<long>(server.implicit_tls || server.require_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, TlsVersions(tls));
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, tls.insecure_skip_verify ? 0L : 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, tls.insecure_skip_verify ? 0L : 2L);
  SetText(curl, CURLOPT_CAINFO, tls.ca_file);
  SetText(curl, CURLOPT_SSLCERT, tls.cert_file);
  SetText(curl, CURLOPT_SSLKEY, tls.key_file);
  SetBlob(curl, CURLOPT_CAINFO_BLOB, tls.ca);
  SetBlob(curl, CURLOPT_SSLCERT_BLOB, tls.cert);
  SetBlob(curl, CURLOPT_SSLKEY_BLOB, tls.key);
}

enum class Mechanism : unsigned char { kNone, kCramMd5, kPassword };

void SetLogin(CURL* curl, const SmtpServer& server, const SmtpLogin& login, Mechanism mechanism) {
  if (mechanism == Mechanism::kNone) return;
  const bool open = !server.implicit_tls && !server.require_tls && !IsLoopback(server.host);
  curl_easy_setopt(curl, CURLOPT_USERNAME, login.user.c_str());
  if (mechanism == Mechanism::kCramMd5) {
    curl_easy_setopt(curl, CURLOPT_PASSWORD, login.secret.c_str());
    curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, "AUTH=CRAM-MD5");
    return;
  }
  curl_easy_setopt(curl, CURLOPT_PASSWORD, login.password.c_str());
  curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, open ? "AUTH=LOGIN" : "AUTH=PLAIN;AUTH=LOGIN");
  SetText(curl, CURLOPT_SASL_AUTHZID, login.identity);
}

Addresses ListOf(const std::vector<std::string>& recipients) {
  curl_slist* list = nullptr;
  for (const std::string& recipient : recipients) list = curl_slist_append(list, recipient.c_str());
  return {list, curl_slist_free_all};
}

void SetTransfer(CURL* curl, std::chrono::milliseconds timeout, Transcript* transcript, Upload* upload,
                 std::size_t bytes) {
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // the environment's is for the web
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(1, timeout.count())));
  curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, OnTalk);
  curl_easy_setopt(curl, CURLOPT_DEBUGDATA, transcript);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, OnWrite);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, OnRead);
  curl_easy_setopt(curl, CURLOPT_READDATA, upload);
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(bytes));
}

// What the failure means for the next attempt.
Status Explain(CURLcode code, const char* details, const SmtpServer& server, const Transcript& transcript) {
  const std::string prefix = "cannot send mail through " + Bracketed(server.host) + ":" + server.port + ": ";
  if (code == CURLE_OPERATION_TIMEDOUT) return DeadlineExceeded(prefix + "the time ran out");
  if (code == CURLE_USE_SSL_FAILED && !transcript.tls_asked()) {
    return Unavailable(prefix + "require_tls is true (the default), and the server does not offer STARTTLS");
  }
  const SmtpRefusal* refusal = transcript.Refusal();
  const int reply = refusal != nullptr ? refusal->code : transcript.last_code();
  const std::string& text = refusal != nullptr ? refusal->text : transcript.last_text();
  if (reply >= 500) return IoError(prefix + "the server answered " + text);
  if (reply >= 400) return Unavailable(prefix + "the server answered " + text);
  return Unavailable(prefix + (details[0] != '\0' ? details : curl_easy_strerror(code)));
}

struct Attempt {
  CURLcode code = CURLE_FAILED_INIT;
  SmtpOutcome outcome;
};

Attempt TryToSend(const SmtpServer& server, const SmtpLogin& login, Mechanism mechanism, const std::string& from,
                  const std::vector<std::string>& recipients, const std::string& mail,
                  std::chrono::milliseconds timeout) {
  Attempt out;
  Transcript transcript;
  Upload upload{mail};
  char details[CURL_ERROR_SIZE] = "";
  // The name in the URL is the one the certificate must have.
  const std::string host = Bracketed(server.host);
  const std::string name = server.tls.server_name.empty() ? host : Bracketed(server.tls.server_name);
  const std::string url =
      (server.implicit_tls ? "smtps://" : "smtp://") + name + ":" + server.port + "/" + http::UrlEncode(server.hello);
  const std::string route = name + ":" + server.port + ":" + host + ":" + server.port;
  const Addresses connect_to(curl_slist_append(nullptr, route.c_str()), curl_slist_free_all);
  const Addresses list = ListOf(recipients);
  // Last, so that it goes first: it says goodbye through all of the above.
  const Handle handle(curl_easy_init(), curl_easy_cleanup);
  CURL* const curl = handle.get();
  if (curl == nullptr) {
    out.outcome.status = Unavailable("cannot send mail: out of memory");
    return out;
  }
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  if (name != host) curl_easy_setopt(curl, CURLOPT_CONNECT_TO, connect_to.get());
  SetTransfer(curl, timeout, &transcript, &upload, mail.size());
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, details);
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, list.get());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
  SetTls(curl, server);
  SetLogin(curl, server, login, mechanism);
  out.code = curl_easy_perform(curl);
  if (out.code != CURLE_OK) out.outcome.status = Explain(out.code, details, server, transcript);
  out.outcome.code = transcript.last_code();
  out.outcome.accepted = std::move(transcript.accepted());
  out.outcome.refused = std::move(transcript.refused());
  return out;
}

}  // namespace

SmtpOutcome SendMail(const SmtpServer& server, const SmtpLogin& login, const std::string& from,
                     const std::vector<std::string>& recipients, const std::string& mail,
                     std::chrono::milliseconds timeout) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  std::vector<Mechanism> mechanisms;
  if (!login.user.empty() && !login.secret.empty()) mechanisms.push_back(Mechanism::kCramMd5);
  if (!login.user.empty() && !login.password.empty()) mechanisms.push_back(Mechanism::kPassword);
  if (mechanisms.empty()) mechanisms.push_back(Mechanism::kNone);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  Attempt attempt;
  for (const Mechanism mechanism : mechanisms) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    attempt = TryToSend(server, login, mechanism, from, recipients, mail, left);
    // A server may know only the other one.
    if (attempt.code != CURLE_LOGIN_DENIED) break;
  }
  return std::move(attempt.outcome);
}

}  // namespace cachescope::notify
