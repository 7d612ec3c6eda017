// Signature Version 4 of AWS for a POST of a form. Pure.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
#pragma once

#include <string>

#include "base/clock.h"

namespace cachescope::notify {

struct AwsRequest {
  std::string host;  // as in the header Host
  std::string path = "/";
  std::string body;
  std::string region;
  std::string service;
  TimestampMs at = 0;
};

inline constexpr char kAwsContentType[] = "application/x-www-form-urlencoded; charset=utf-8";

// "20260101T000000Z": the header X-Amz-Date.
std::string AwsDate(TimestampMs at);
// The header Authorization, over Content-Type, Host and X-Amz-Date.
std::string AwsAuthorization(const AwsRequest& request, const std::string& access_key, const std::string& secret_key,
                             const std::string& content_type = kAwsContentType);

}  // namespace cachescope::notify
