// One mail: headers and a text in up to two forms. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace cachescope::notify {

struct Mail {
  std::vector<std::pair<std::string, std::string>> headers;  // as they stand in the configuration, expanded
  std::string message_id;                                    // "<…@…>", unless a header says otherwise
  std::string thread;                                        // of References and In-Reply-To; empty: none
  TimestampMs date = 0;
  std::string text;  // either may be empty
  std::string html;
};

// The whole mail with CRLF line ends and UTF-8 encoded for relays that know ASCII only: multipart/alternative, the HTML
// last, as the form a reader prefers. The boundary follows from the content: the same mail has the same bytes.
std::string FormatMail(const Mail& mail);

// "Subject", "Message-Id": as Go's canonical form, which the configuration's names are read in.
std::string CanonicalHeaderName(std::string name);

}  // namespace cachescope::notify
