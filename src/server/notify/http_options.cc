#include "server/notify/http_options.h"

namespace cachescope::notify {

Status HttpOptions::Apply(http::ClientRequest* request) const {
  if (!unsupported.empty()) return InvalidArgument("\"" + unsupported + "\" of http_config is not supported");
  request->tls = settings.tls;
  request->proxy = settings.proxy;
  request->max_redirects = settings.follow_redirects ? 5 : 0;
  for (const http::ExtraHeader& header : settings.headers) {
    for (const http::Secret& value : header.values) {
      CACHESCOPE_ASSIGN_OR_RETURN(std::string text, value.Read());
      request->headers.emplace_back(header.name, std::move(text));
    }
    request->private_headers.push_back(header.name);
  }
  const http::Authentication& auth = settings.auth;
  if (auth.IsBasic()) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::string user, auth.username.Read());
    CACHESCOPE_ASSIGN_OR_RETURN(const std::string password, auth.password.Read());
    request->headers.emplace_back("Authorization", "Basic " + http::Base64(user + ":" + password));
  } else if (!auth.credentials.empty()) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::string credentials, auth.credentials.Read());
    request->headers.emplace_back("Authorization", auth.type + " " + credentials);
  }
  return {};
}

Result<HttpOptions> ParseHttpOptions(const ConfigNode& node) {
  HttpOptions out;
  CACHESCOPE_ASSIGN_OR_RETURN(out.settings, http::ParseSettings(node));
  for (const char* key : {"authorization", "bearer_token", "bearer_token_file"}) {
    const ConfigNode* found = node.Find(key);
    out.authorized = out.authorized || (found != nullptr && !found->IsNull());
  }
  if (out.settings.oauth2) out.unsupported = "oauth2";
  return out;
}

}  // namespace cachescope::notify
