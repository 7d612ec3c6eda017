#include "server/notify/receivers/sns/sns_receiver.h"

#include "server/http/url.h"
#include "server/notify/receivers/digest.h"
#include "server/notify/receivers/http_send.h"
#include "server/notify/receivers/rendering.h"
#include "server/notify/receivers/sns/sigv4.h"
#include "server/notify/receivers/text_limits.h"

namespace cachescope::notify {
namespace {

constexpr std::size_t kMaxMessageBytes = 256 << 10;
constexpr std::size_t kMaxPhoneBytes = 1600;
constexpr std::size_t kMaxSubjectCharacters = 100;

class Form {
 public:
  void Add(const std::string& key, const std::string& value) {
    text_ += (text_.empty() ? "" : "&") + http::UrlEncode(key) + "=" + http::UrlEncode(value);
  }
  void AddAttribute(const std::string& name, const std::string& value) {
    const std::string prefix = "MessageAttributes.entry." + std::to_string(++attributes_) + ".";
    Add(prefix + "Name", name);
    Add(prefix + "Value.DataType", "String");
    Add(prefix + "Value.StringValue", value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  int attributes_ = 0;
};

// "arn:aws:sns:eu-west-1:123:topic" → "eu-west-1".
std::string RegionIn(const std::string& arn) {
  std::size_t at = 0;
  for (int i = 0; i < 3; ++i) {
    at = arn.find(':', at);
    if (at == std::string::npos) return {};
    ++at;
  }
  return arn.substr(at, arn.find(':', at) - at);
}

class SnsIntegration final : public Integration {
 public:
  explicit SnsIntegration(Settings settings) : settings_(std::move(settings)) {}
  std::string_view name() const override { return "sns"; }

  NotifyResult Notify(const Notification& notification, const NotifyContext& context) override {
    HttpSender sender("SNS", settings_, notification, context);
    Rendering r(notification, context);
    const ConfigNode* sigv4 = settings_.Tree("sigv4");
    const std::string access = sigv4 == nullptr ? "" : TextIn(*sigv4, "access_key");
    const std::string secret = sigv4 == nullptr ? "" : TextIn(*sigv4, "secret_key");
    if (access.empty() || secret.empty() || !TextIn(*sigv4, "role_arn").empty()) {
      return CannotSend(
          "SNS", InvalidArgument("only sigv4 with access_key and secret_key, and without role_arn, is supported"),
          FailureReason::kUnsupported);
    }
    sender.Hide(secret);
    Form form;
    Fill(notification, &r, &form);
    AwsRequest request;
    HttpMessage message;
    Status status = Address(TextIn(*sigv4, "region"), &r, &request, &message.url);
    if (!r.status().ok()) return CannotSend("SNS", r.status(), FailureReason::kTemplate);
    if (!status.ok()) return CannotSend("SNS", status);
    request.service = "sns";
    request.at = notification.at;
    request.body = form.text();
    message.content_type = kAwsContentType;
    message.headers = {{"X-Amz-Date", AwsDate(request.at)},
                       {"Authorization", AwsAuthorization(request, access, secret)}};
    message.body = std::move(request.body);
    return sender.Send(std::move(message));
  }

 private:
  // Region and endpoint: of the configuration, else of the ARN.
  Status Address(const std::string& region, Rendering* r, AwsRequest* request, std::string* url) const {
    const std::string& arn = settings_.Text(settings_.Has("topic_arn") ? "topic_arn" : "target_arn");
    request->region = region.empty() ? RegionIn(r->Address(arn)) : region;
    if (request->region.empty()) return InvalidArgument("sigv4.region is missing");
    *url = r->Address(settings_.Text("api_url"));
    if (url->empty()) *url = "https://sns." + request->region + ".amazonaws.com/";
    const auto parsed = http::ParseUrl(*url);
    if (!parsed.ok()) return InvalidArgument("its URL is not one");
    request->host = http::Authority(*parsed);
    request->path = parsed->path.empty() ? "/" : parsed->path;
    return {};
  }

  void Fill(const Notification& notification, Rendering* r, Form* form) const {
    form->Add("Action", "Publish");
    form->Add("Version", "2010-03-31");
    if (settings_.Has("topic_arn")) {
      const std::string topic = r->Address(settings_.Text("topic_arn"));
      form->Add("TopicArn", topic);
      if (topic.ends_with(".fifo")) {
        // One order per group; what was said already is known by the news, or its end would count as said.
        form->Add("MessageGroupId", GroupKeyHash(notification.group_key));
        form->Add("MessageDeduplicationId", HexOf(Sha256(notification.group_key + notification.id)));
      }
    }
    if (settings_.Has("phone_number")) form->Add("PhoneNumber", r->Address(settings_.Text("phone_number")));
    if (settings_.Has("target_arn")) form->Add("TargetArn", r->Address(settings_.Text("target_arn")));
    const std::string text = r->Text(settings_.Text("message"));
    const std::string cut = CutToBytes(text, settings_.Has("phone_number") ? kMaxPhoneBytes : kMaxMessageBytes);
    form->Add("Message", cut);
    if (settings_.Has("subject"))
      form->Add("Subject", CutToCharacters(r->Text(settings_.Text("subject")), kMaxSubjectCharacters));
    for (const auto& [name, value] : settings_.Map("attributes")) form->AddAttribute(r->Word(name), r->Text(value));
    if (cut.size() != text.size()) form->AddAttribute("truncated", "true");
  }

  const Settings settings_;
};

}  // namespace

Result<std::unique_ptr<Integration>> MakeSnsIntegration(const Settings& settings, const ConfigNode&) {
  return std::unique_ptr<Integration>(std::make_unique<SnsIntegration>(settings));
}

}  // namespace cachescope::notify
