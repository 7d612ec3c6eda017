#include "server/api/api.h"

namespace cachescope::api {

void RegisterAll(http::Server& server, std::shared_ptr<const ApiContext> api) {
  RegisterQuery(server, api);
  RegisterSeries(server, api);
  RegisterTargets(server, api);
  RegisterRules(server, api);
  RegisterStatus(server, api);
  RegisterPage(server, api);
}

}  // namespace cachescope::api
