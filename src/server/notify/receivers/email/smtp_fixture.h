// A mail server in this process that answers as a test says.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "server/http/raw_server.h"
#include "server/notify/receivers/receiver_fixture.h"

namespace cachescope::notify {

struct Delivered {
  std::string from;
  std::vector<std::string> to;
  std::string text;  // with its dots still doubled
};

class ScriptedSmtp {
 public:
  ScriptedSmtp() : server_([this](http::RawPeer& peer) { Serve(peer); }) {}

  // The answer to lines that begin with `command`; "GREETING" for the first, "." for the end of a mail. Empty: the
  // connection is cut; "silence": nothing is said any more.
  void Answer(const std::string& command, const std::string& reply) {
    const std::lock_guard lock(mu_);
    answers_[command] = reply;
  }
  std::vector<std::string> Said() {
    const std::lock_guard lock(mu_);
    return said_;
  }
  std::vector<Delivered> mails() {
    const std::lock_guard lock(mu_);
    return mails_;
  }
  int port() const { return server_.port(); }

 private:
  std::string ReplyTo(const std::string& line, const std::string& otherwise) {
    const std::lock_guard lock(mu_);
    for (const auto& [command, reply] : answers_) {
      if (line.starts_with(command)) return reply;
    }
    return otherwise;
  }
  // False: the conversation is over.
  static bool Say(http::RawPeer& peer, const std::string& reply) {
    if (reply == "silence") peer.ReceiveAll();
    return !reply.empty() && reply != "silence" && peer.Send(reply + "\r\n");
  }
  static std::string Line(http::RawPeer& peer, std::string* buffer) {
    while (buffer->find("\r\n") == std::string::npos) {
      const std::string more = peer.Receive();
      if (more.empty()) return {};
      *buffer += more;
    }
    const auto end = buffer->find("\r\n");
    std::string line = buffer->substr(0, end);
    buffer->erase(0, end + 2);
    return line.empty() ? " " : line;
  }
  void Serve(http::RawPeer& peer) {
    if (!Say(peer, ReplyTo("GREETING", "220 here"))) return;
    std::string buffer;
    Delivered mail;
    for (std::string line = Line(peer, &buffer); !line.empty(); line = Line(peer, &buffer)) {
      {
        const std::lock_guard lock(mu_);
        said_.push_back(line);
      }
      const std::string reply = ReplyTo(line, line == "DATA"             ? "354 go on"
                                              : line == "QUIT"           ? "221 bye"
                                              : line.starts_with("EHLO") ? "250 here"
                                                                         : "250 ok");
      if (!Say(peer, reply) || line == "QUIT") return;
      if (line.starts_with("MAIL FROM:")) mail.from = line.substr(10);
      if (line.starts_with("RCPT TO:") && reply[0] == '2') mail.to.push_back(line.substr(8));
      if (line == "DATA" && reply[0] == '3' && !TakeText(peer, &buffer, &mail)) return;
    }
  }
  bool TakeText(http::RawPeer& peer, std::string* buffer, Delivered* mail) {
    for (std::string line = Line(peer, buffer); line != "."; line = Line(peer, buffer)) {
      if (line.empty()) return false;
      mail->text += (line == " " ? "" : line) + "\r\n";
    }
    const std::string reply = ReplyTo(".", "250 taken");
    if (reply.starts_with("250")) {
      const std::lock_guard lock(mu_);
      mails_.push_back(*mail);
    }
    *mail = {};
    return Say(peer, reply);
  }

  std::mutex mu_;
  std::map<std::string, std::string> answers_;  // guarded by mu_, like the next two
  std::vector<std::string> said_;
  std::vector<Delivered> mails_;
  http::RawServer server_;
};

}  // namespace cachescope::notify
