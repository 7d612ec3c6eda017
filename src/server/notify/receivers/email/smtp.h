// Handing one mail to a mail server (RFC 5321), with STARTTLS or TLS from the start and a login. Everything of libcurl
// is in smtp.cc. Blocking; thread-safe.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/http/client.h"

namespace cachescope::notify {

struct SmtpServer {
  std::string host;
  std::string port = "25";
  std::string hello = "localhost";  // our name
  bool implicit_tls = false;        // from the first byte, as on port 465
  bool require_tls = true;          // STARTTLS or nothing is sent; false: no TLS
  http::TlsOptions tls;
};

// Without a user, or with a server that offers no login, the mail is sent without one. CRAM-MD5 needs `secret`, PLAIN
// and LOGIN the password; PLAIN is not used on an open connection to another machine.
struct SmtpLogin {
  std::string user;
  std::string password;
  std::string secret;
  std::string identity;
};

struct SmtpRefusal {
  std::string address;
  int code = 0;  // 550
  std::string text;
};

struct SmtpOutcome {
  // Ok only after the 250 that follows the mail's text, for at least one recipient. Otherwise kUnavailable (not
  // reached, 4xx), kDeadlineExceeded, or kIoError (5xx). Never shows the login.
  Status status;
  int code = 0;                       // of the reply that decided; 0: none came
  std::vector<std::string> accepted;  // of the recipients; told only when status is ok
  std::vector<SmtpRefusal> refused;
};

// `mail` has CRLF line ends; dots are escaped here. REQUIRES: recipients are not empty, addresses have no line breaks.
SmtpOutcome SendMail(const SmtpServer& server, const SmtpLogin& login, const std::string& from,
                     const std::vector<std::string>& recipients, const std::string& mail,
                     std::chrono::milliseconds timeout);

}  // namespace cachescope::notify
