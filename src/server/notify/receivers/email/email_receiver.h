// Tells by mail, through a mail server (smarthost).
#pragma once

#include "server/notify/config.h"

namespace cachescope::notify {

// `email_configs`. Told means that the server took the whole mail for at least one recipient: 4xx and a server that
// cannot be reached are tried again, also after the text; 5xx is given up. A recipient that is refused with 5xx is
// logged and costs the others nothing; one that is refused with 4xx is tried again alone. The Message-ID stays the same
// while the same news is tried again. With `threading` the mails of a group (and day) refer to one thread.
//
// Unless the configuration has texts of its own, the mail shows of every alert what it is about, its value and last
// hour, and where it is written what to do.
Result<std::unique_ptr<Integration>> MakeEmailIntegration(const Settings& settings, const ConfigNode& node);

}  // namespace cachescope::notify
