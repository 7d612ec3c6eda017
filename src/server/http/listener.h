// Opens the server's listening socket.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string_view>

#include "base/result.h"

namespace cachescope::http {

// Binds and listens on `address` as ServerOptions::listen_address describes it. Resolves host names, which may block.
// kInvalidArgument: malformed address or unknown host; kUnavailable: in use, not permitted or not of this machine.
Result<boost::asio::ip::tcp::acceptor> Listen(std::string_view address, boost::asio::io_context* context);

}  // namespace cachescope::http
