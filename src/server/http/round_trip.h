// One request and its response over one connection.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <string>

#include "base/result.h"
#include "server/http/call.h"
#include "server/http/client.h"
#include "server/http/connection_pool.h"
#include "server/http/url.h"

namespace cachescope::http {

// The request as bytes, without its body; `proxy` (may be null) is asked for a plain URL by its whole text.
// kInvalidArgument: a method or header that could forge a second request.
Result<std::string> FormatRequestHead(const ClientRequest& request, const Url& url, const Url* proxy);

// Sends `request` to `url` over an idle connection or a new one and reads the answer. An idle connection that turns out
// to be dead is replaced once, unless the request might have been acted upon and must not be repeated. Causes only,
// without the URL.
boost::asio::awaitable<Result<Response>> RoundTrip(Call* call, ConnectionPool* pool, const ClientRequest* request,
                                                   const Url* url);

}  // namespace cachescope::http
