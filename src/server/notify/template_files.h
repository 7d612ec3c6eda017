// The files of `templates:`, parsed over Alertmanager's defaults.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/template/template_set.h"

namespace cachescope::notify {

// Files the globs match, in order of their names within a glob. kInvalidArgument names the file; kIoError when one
// cannot be read. A glob that matches nothing is no error, as upstream.
Result<std::shared_ptr<const templating::TemplateSet>> LoadTemplates(const std::vector<std::string>& globs);

}  // namespace cachescope::notify
