#include "server/notify/receivers/sns/sns_receiver.h"

#include "server/notify/receivers/receiver_fixture.h"
#include "server/notify/receivers/sns/sigv4.h"

namespace cachescope::notify {
namespace {

// "post-x-www-form-urlencoded" of AWS' own test suite.
TEST(SigV4Test, KnownSignature) {
  AwsRequest request;
  request.host = "example.amazonaws.com";
  request.body = "Param1=value1";
  request.region = "us-east-1";
  request.service = "service";
  request.at = 1'440'938'160'000;  // 2015-08-30T12:36:00Z
  EXPECT_EQ(AwsAuthorization(request, "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                             "application/x-www-form-urlencoded"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

class SnsTest : public ReceiverTest {};

TEST_F(SnsTest, Topics) {
  const auto sns =
      MakeReceiver("sns",
                   "{topic_arn: 'arn:aws:sns:eu-west-1:1:t.fifo', message: m, attributes: {k: '{{ .Status }}'}, "
                   "sigv4: {access_key: A, secret_key: SECRET}}");
  EXPECT_TRUE(Tell(sns.get()).status.ok());
  EXPECT_EQ(requests_.back().url, "https://sns.eu-west-1.amazonaws.com/");
  const auto params = http::Params::Parse(requests_.back().body);
  EXPECT_EQ(params.Get("Action"), "Publish");
  EXPECT_EQ(params.Get("TopicArn"), "arn:aws:sns:eu-west-1:1:t.fifo");
  EXPECT_EQ(params.Get("MessageGroupId"), kSampleKeyHash);
  EXPECT_EQ(params.Get("Subject"), "[FIRING:2] HitRatioLow (page)");
  EXPECT_EQ(params.Get("MessageAttributes.entry.1.Name"), "k");
  EXPECT_EQ(params.Get("MessageAttributes.entry.1.Value.StringValue"), "firing");
  EXPECT_TRUE(Header("Authorization").starts_with("AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/sns/aws4_request"));
  const std::string first(params.Get("MessageDeduplicationId"));
  Notification next = Sample(true);
  next.id = "news-2";
  EXPECT_TRUE(Tell(sns.get(), next).status.ok());
  EXPECT_NE(http::Params::Parse(requests_.back().body).Get("MessageDeduplicationId"), first);
}

TEST_F(SnsTest, PhonesTakeLess) {
  const auto sns =
      MakeReceiver("sns", "{phone_number: '+1', api_url: 'http://h/x', message: '" + std::string(2000, 'x') +
                              "', sigv4: {region: r, access_key: A, secret_key: SECRET}}");
  EXPECT_TRUE(Tell(sns.get()).status.ok());
  const auto params = http::Params::Parse(requests_.back().body);
  EXPECT_EQ(params.Get("Message").size(), 1600u);
  EXPECT_EQ(params.Get("MessageAttributes.entry.1.Name"), "truncated");
  EXPECT_EQ(requests_.back().url, "http://h/x");
}

TEST_F(SnsTest, OtherCredentialsAreNotSupported) {
  for (const char* sigv4 : {"{region: r}", "{region: r, access_key: A, secret_key: S, role_arn: x}"}) {
    const auto sns = MakeReceiver("sns", std::string("{topic_arn: 'arn:aws:sns:eu-west-1:1:t', sigv4: ") + sigv4 + "}");
    const NotifyResult result = Tell(sns.get());
    EXPECT_EQ(result.reason, FailureReason::kUnsupported);
    EXPECT_FALSE(result.retry);
  }
}

}  // namespace
}  // namespace cachescope::notify
