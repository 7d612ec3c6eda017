#include "server/notify/receivers/sns/sigv4.h"

#include <absl/time/time.h>

#include "server/notify/receivers/digest.h"

namespace cachescope::notify {

std::string AwsDate(TimestampMs at) {
  return absl::FormatTime("%Y%m%dT%H%M%SZ", absl::FromUnixMillis(at), absl::UTCTimeZone());
}

std::string AwsAuthorization(const AwsRequest& request, const std::string& access_key, const std::string& secret_key,
                             const std::string& content_type) {
  constexpr char kHeaders[] = "content-type;host;x-amz-date";
  const std::string time = AwsDate(request.at);
  const std::string day = time.substr(0, 8);
  const std::string canonical = "POST\n" + request.path + "\n\ncontent-type:" + content_type +
                                "\nhost:" + request.host + "\nx-amz-date:" + time + "\n\n" + kHeaders + "\n" +
                                HexOf(Sha256(request.body));
  const std::string scope = day + "/" + request.region + "/" + request.service + "/aws4_request";
  const std::string to_sign = "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + HexOf(Sha256(canonical));
  std::string key = HmacSha256("AWS4" + secret_key, day);
  for (const std::string& part : {request.region, request.service, std::string("aws4_request")})
    key = HmacSha256(key, part);
  return "AWS4-HMAC-SHA256 Credential=" + access_key + "/" + scope + ", SignedHeaders=" + kHeaders +
         ", Signature=" + HexOf(HmacSha256(key, to_sign));
}

}  // namespace cachescope::notify
