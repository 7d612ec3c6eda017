// Host names to addresses without blocking an I/O thread and without making a caller wait for a name server that hangs.
//
// getaddrinfo cannot be interrupted, so it runs on a few threads of the process; who waits may leave at any time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/http/call.h"

namespace cachescope::http {

// Literals are answered at once. kUnavailable: no such host, or too many lookups hang; kDeadlineExceeded; kCancelled.
boost::asio::awaitable<Result<std::vector<boost::asio::ip::tcp::endpoint>>> LookupName(Call* call, std::string host,
                                                                                       int port);

}  // namespace cachescope::http
