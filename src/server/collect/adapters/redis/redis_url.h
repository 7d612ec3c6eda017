// RedisAddress says where a Redis or Valkey server listens and who asks; it is written as a URL in configuration and on
// the command line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cachescope::collect::redis {

struct RedisAddress {
  std::string host;  // name or IP address, without brackets; empty when unix_path is set
  std::uint16_t port = 6379;
  std::string unix_path;  // path of a Unix socket
  bool tls = false;
  std::string username;  // empty: the default user
  std::string password;  // empty: none
  int database = 0;

  // The address as a URL without user and password, for messages: "redis://127.0.0.1:6379", "unix:///run/redis.sock".
  std::string ToString() const;
};

// Reads, with percent-encoding in user, password and path:
//   redis://[[user]:password@]host[:port][/db]   rediss://…   (also valkey:// and valkeys://)
//   unix://[[user]:password@]/path[?db=n]
//   host, host:port, [v6]:port, /path/of/a/socket
// kInvalidArgument otherwise; the message never holds the URL's user part.
Result<RedisAddress> ParseRedisUrl(std::string_view text);

}  // namespace cachescope::collect::redis
