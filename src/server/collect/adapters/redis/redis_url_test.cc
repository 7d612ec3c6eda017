#include "server/collect/adapters/redis/redis_url.h"

#include <gtest/gtest.h>

namespace cachescope::collect::redis {
namespace {

// "<address> user=<user> password=<password>", or the error.
std::string Read(std::string_view text) {
  const Result<RedisAddress> address = ParseRedisUrl(text);
  if (!address.ok()) return std::string(address.status().message());
  std::string out = address->ToString();
  if (!address->username.empty()) out += " user=" + address->username;
  if (!address->password.empty()) out += " password=" + address->password;
  return out;
}

TEST(RedisUrl, Reads) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"redis://localhost", "redis://localhost:6379"},
      {"redis://localhost/", "redis://localhost:6379"},
      {"redis://10.0.0.1:7000/3", "redis://10.0.0.1:7000/3"},
      {"redis://host?db=2", "redis://host:6379/2"},
      {"rediss://cache.example:6380", "rediss://cache.example:6380"},
      {"valkey://h", "redis://h:6379"},
      {"valkeys://h", "rediss://h:6379"},
      {"redis://:secret@h", "redis://h:6379 password=secret"},
      {"redis://secret@h", "redis://h:6379 password=secret"},
      {"redis://me:s%40:x@h:1", "redis://h:1 user=me password=s@:x"},
      {"redis://me:a@b@h:1", "redis://h:1 user=me password=a@b"},
      {"redis://[::1]:6400", "redis://[::1]:6400"},
      {"redis://[fe80::1]", "redis://[fe80::1]:6379"},
      {"host", "redis://host:6379"},
      {"host:6390", "redis://host:6390"},
      {"[::1]:6390", "redis://[::1]:6390"},
      {"unix:///run/redis.sock", "unix:///run/redis.sock"},
      {"unix:///run/redis.sock?db=4", "unix:///run/redis.sock?db=4"},
      {"unix://me:pw@/run/redis.sock", "unix:///run/redis.sock user=me password=pw"},
      {"unix:///a%20b", "unix:///a b"},
      {"/run/redis.sock", "unix:///run/redis.sock"},
  };
  for (const auto& [text, want] : kCases) EXPECT_EQ(Read(text), want) << text;
}

TEST(RedisUrl, RefusesWithoutShowingThePassword) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"", "it is empty"},
      {"redis://", "it has no host"},
      {"redis://:6379", "it has no host"},
      {"redis://me:hidden@", "it has no host"},
      {"redis://h:", "its port is not a number between 1 and 65535"},
      {"redis://h:0", "its port is not a number between 1 and 65535"},
      {"redis://me:hidden@h:65536", "its port is not a number between 1 and 65535"},
      {"redis://h/x", "its database is not a number"},
      {"redis://h/-1", "its database is not a number"},
      {"redis://h?x=1", "its only parameter is db"},
      {"http://h", "its scheme is none of redis, rediss and unix"},
      {"me:hidden@h", "user and password need the form redis://user:password@host"},
      {"redis://hidden%4@h", "a percent sign in its user part is not followed by two hexadecimal digits"},
      {"redis://[::1", "the bracket of its IPv6 address is not closed"},
      {"redis://[::1]6379", "there is text between its IPv6 address and the port"},
      {"redis://::1", "an IPv6 address needs brackets, as in [::1]:6379"},
      {"unix://run/redis.sock", "the path of its socket does not start with a slash"},
      {"unix:///a%00b", "the path of its socket holds a zero byte"},
      {"redis://a b", "it holds a blank or a control character"},
  };
  for (const auto& [text, want] : kCases) {
    const std::string got = Read(text);
    EXPECT_TRUE(got.ends_with(want)) << text << ": " << got;
    EXPECT_EQ(got.find("hidden"), std::string::npos) << got;
  }
  EXPECT_TRUE(Read("unix:///" + std::string(200, 'a')).ends_with("the path of its socket is longer than 107 bytes"));
  EXPECT_TRUE(Read("redis://" + std::string(5000, 'a')).ends_with("it is longer than 4096 bytes"));
}

}  // namespace
}  // namespace cachescope::collect::redis
