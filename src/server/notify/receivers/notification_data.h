// A notification as templates see it: the data of Alertmanager and, of each alert, `.Value` (the number of the rule's
// expression), `.Chart` (its last hour as text bars, empty when nobody can tell) and `.Runbook` (the annotation
// runbook_url as an address that works in a mail). Pure.
#pragma once

#include "server/notify/integration.h"
#include "server/template/value.h"

namespace cachescope::notify {

// `toJson` of the result is that of Alertmanager: it shows none of these three.
templating::Value TemplateDataOf(const Notification& notification, const NotifyContext& context);

}  // namespace cachescope::notify
