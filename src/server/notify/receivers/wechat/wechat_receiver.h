// Tells people through WeChat Work (WeCom). https://developer.work.weixin.qq.com/document/path/90236
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `wechat_configs`. The access token is kept for two hours, and asked for again when it is refused.
Result<std::unique_ptr<Integration>> MakeWechatIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
