#include "server/notify/receivers/email/mail_text.h"

#include <algorithm>

namespace cachescope::notify {
namespace {

constexpr std::size_t kMaxLine = 76;
constexpr std::size_t kMaxEncodedWord = 75;
constexpr std::string_view kWordBegin = "=?utf-8?q?";
constexpr std::string_view kWordEnd = "?=";
constexpr std::string_view kBlanks = " \t\r\n";

std::string_view Trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool IsPlain(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) return false;
  }
  return true;
}

void AppendHex(std::string* out, char c) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  out->push_back('=');
  out->push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
  out->push_back(kDigits[static_cast<unsigned char>(c) & 15]);
}

bool IsLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// One character of an encoded word (RFC 2047, 4.2 and 5 (3): the set that is safe everywhere).
std::string Encoded(std::string_view character) {
  std::string out;
  for (const char c : character) {
    if (c == ' ') {
      out.push_back('_');
    } else if (IsLetterOrDigit(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/') {
      out.push_back(c);
    } else {
      AppendHex(&out, c);
    }
  }
  return out;
}

// A line break in a header would begin a header of somebody else's.
std::string OneLine(std::string_view text) {
  std::string out;
  for (const char c : Trimmed(text)) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (!control) out.push_back(c);
    if (control && !out.empty() && out.back() != ' ') out.push_back(' ');
  }
  return out;
}

std::size_t CharacterBytes(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return end - at;
}

std::string EncodedWords(std::string_view text, std::size_t column) {
  std::string out(kWordBegin);
  std::size_t used = column + kWordBegin.size();
  std::size_t word = kWordBegin.size();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = CharacterBytes(text, at);
    const std::string next = Encoded(text.substr(at, bytes));
    at += bytes;
    // A character is never split between words.
    if (word + next.size() + kWordEnd.size() > kMaxEncodedWord || used + next.size() + kWordEnd.size() > kMaxLine) {
      out += std::string(kWordEnd) + "\r\n " + std::string(kWordBegin);
      word = kWordBegin.size();
      used = word + 1;
    }
    out += next;
    used += next.size();
    word += next.size();
  }
  return out + std::string(kWordEnd);
}

// Folds plain text at blanks.
std::string Folded(std::string_view text, std::size_t column) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at + 1), text.size());
    const std::string_view part = text.substr(at, end - at);
    if (column + part.size() > kMaxLine && part.front() == ' ' && part.size() > 1) {
      out += "\r\n";
      column = 0;
    }
    out += part;
    column += part.size();
    at = end;
  }
  return out;
}

std::string QuotedName(std::string_view name) {
  bool atoms = true;
  for (const char c : name) atoms = atoms && (IsLetterOrDigit(c) || c == ' ' || c == '-' || c == '_');
  if (atoms) return std::string(name);
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

bool IsAddress(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size()) return false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '<' || c == '>' || c == ',' || c == ';')
      return false;
  }
  return true;
}

// The commas outside of quotes and brackets separate.
std::vector<std::string_view> SplitList(std::string_view text) {
  std::vector<std::string_view> out;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && quoted && text[i] == '\\') {
      ++i;
      continue;
    }
    if (i < text.size() && text[i] == '"') quoted = !quoted;
    if (i < text.size() && (quoted || text[i] != ',')) continue;
    if (const auto part = Trimmed(text.substr(begin, std::min(i, text.size()) - begin)); !part.empty())
      out.push_back(part);
    begin = i + 1;
  }
  return out;
}

std::string Unquoted(std::string_view name) {
  if (name.size() < 2 || name.front() != '"' || name.back() != '"') return std::string(name);
  std::string out;
  for (std::size_t i = 1; i + 1 < name.size(); ++i) {
    if (name[i] == '\\' && i + 2 < name.size()) ++i;
    out.push_back(name[i]);
  }
  return out;
}

}  // namespace

Result<std::vector<Mailbox>> ParseMailboxes(std::string_view text) {
  std::vector<Mailbox> out;
  for (const std::string_view part : SplitList(text)) {
    Mailbox box;
    const auto open = part.rfind('<');
    if (open != std::string_view::npos && part.back() == '>') {
      box.name = Unquoted(Trimmed(part.substr(0, open)));
      box.address = std::string(Trimmed(part.substr(open + 1, part.size() - open - 2)));
    } else {
      box.address = std::string(part);
    }
    const bool clean = box.name.find_first_of("<>\r\n") == std::string::npos;
    if (!clean || !IsAddress(box.address)) return InvalidArgument("\"" + OneLine(part) + "\" is not a mail address");
    out.push_back(std::move(box));
  }
  if (out.empty()) return InvalidArgument("there is no mail address");
  return out;
}

std::string EncodeHeader(std::string_view value, std::size_t column) {
  const std::string line = OneLine(value);
  return IsPlain(line) && line.find("=?") == std::string::npos ? Folded(line, column) : EncodedWords(line, column);
}

std::string EncodeMailboxes(const std::vector<Mailbox>& mailboxes, std::size_t column) {
  std::string out;
  for (const Mailbox& box : mailboxes) {
    if (!out.empty()) {
      out += ",\r\n ";
      column = 1;
    }
    if (box.name.empty()) {
      out += box.address;
      continue;
    }
    const std::string name = OneLine(box.name);
    out += IsPlain(name) ? QuotedName(name) : EncodedWords(name, column);
    out += (column + out.size() > kMaxLine ? "\r\n <" : " <") + box.address + ">";
  }
  return out;
}

std::string QuotedPrintable(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  const auto put = [&](std::string_view piece) {
    if (column + piece.size() > kMaxLine - 1) {
      out += "=\r\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool line_end = c == '\n' || (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n');
    if (line_end) {
      if (c == '\r') ++i;
      out += "\r\n";
      column = 0;
      continue;
    }
    const char next = i + 1 < text.size() ? text[i + 1] : '\n';
    const bool blank_at_end = (c == ' ' || c == '\t') && (next == '\n' || next == '\r');
    const bool plain = (c >= 0x20 && c <= 0x7e && c != '=') || c == '\t';
    std::string piece;
    if (plain && !blank_at_end) {
      piece.push_back(c);
    } else {
      AppendHex(&piece, c);
    }
    put(piece);
  }
  return out;
}

}  // namespace cachescope::notify
