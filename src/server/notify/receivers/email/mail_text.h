// Mail texts: addresses (RFC 5322), headers of any language (RFC 2047) and bodies that survive every relay (RFC 2045,
// quoted-printable). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cachescope::notify {

struct Mailbox {
  std::string name;     // decoded, may be empty
  std::string address;  // "user@host"
};

// "a@b, Name <c@d>, \"Doe, J.\" <e@f>"; no groups and no comments. kInvalidArgument: names the text that is no address.
Result<std::vector<Mailbox>> ParseMailboxes(std::string_view text);

// The value of a header: line breaks become blanks, and what is not plain ASCII becomes encoded words of at most 75
// characters, folded. `column` is where the value begins in its line.
std::string EncodeHeader(std::string_view value, std::size_t column);
// The same for a list of mailboxes, whose addresses must stay as they are.
std::string EncodeMailboxes(const std::vector<Mailbox>& mailboxes, std::size_t column);

// Lines of at most 76 characters that end in CRLF.
std::string QuotedPrintable(std::string_view text);

}  // namespace cachescope::notify
