// A small blocking Redis client for the demo's load: pipelines of commands on one loopback connection. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cachescope::cli {

class RedisClient {
 public:
  RedisClient() = default;
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  Status Connect(std::uint16_t port);
  Status Ping();

  // Adds one command to the pipeline.
  void Queue(const std::vector<std::string_view>& command);
  // One reply of the pipeline: nil is what a miss looks like; errors carry their text.
  struct Reply {
    bool nil = false;
    bool error = false;
    std::string text;  // errors and simple strings; bulk values are skipped
  };
  // Sends what is queued and reads one reply per command. kIoError when the connection breaks.
  Result<std::vector<Reply>> Run();

 private:
  Status Fill();
  Result<std::string> Line();
  int fd_ = -1;
  std::string out_;
  std::size_t queued_ = 0;
  std::string in_;
  std::size_t at_ = 0;
};

}  // namespace cachescope::cli
