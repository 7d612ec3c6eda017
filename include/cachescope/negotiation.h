// Negotiation: which exposition an HTTP client asks for. Serve() does this by itself; for programs that answer scrapes
// with a server of their own:
//
//   const cachescope::NegotiatedExposition wanted = cachescope::NegotiateExposition(request.header("Accept"));
//   cachescope::AppendExposition(registry, wanted.options, &body);
//   response.header("Content-Type", wanted.content_type).header("Vary", "Accept");
//
// https://prometheus.io/docs/instrumenting/content_negotiation/
#pragma once

#include <string>
#include <string_view>

#include "cachescope/exposition.h"

namespace cachescope {

struct NegotiatedExposition {
  ExpositionOptions options = {};
  /// What stands in Content-Type; names the escaping scheme if the client did.
  std::string content_type{kTextContentType};
};

/// The entry of the highest quality among those that can be served, the first among equals, ranges ("*/*") last; text
/// 0.0.4 if there is none, so that no scrape fails for its Accept header. Linear; unreadable entries are passed over.
NegotiatedExposition NegotiateExposition(std::string_view accept);

/// Whether an Accept-Encoding header admits gzip; "*" does, "gzip;q=0" does not.
bool AcceptsGzip(std::string_view accept_encoding) noexcept;

}  // namespace cachescope
