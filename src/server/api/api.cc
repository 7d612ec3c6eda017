#include "server/api/api.h"

namespace cachescope::api {

void RegisterAll(http::Server& server, std::shared_ptr<const ApiContext> api) {
  RegisterQuery(server, api);
  RegisterSeries(server, api);
  RegisterTargets(server, api);
  RegisterRules(server, api);
  RegisterWrite(server, api);
  RegisterRead(server, api);
  RegisterFederate(server, api);
  RegisterExemplars(server, api);
  RegisterParse(server, api);
  RegisterAdmin(server, api);
  RegisterAlertsV2(server, api);
  RegisterSilencesV2(server, api);
  RegisterAlerting(server, api);
  RegisterAlertingHistory(server, api);
  RegisterAlertingExplain(server, api);
  RegisterAlertingThresholds(server, api);
  RegisterStatus(server, api);
  RegisterPage(server, api);
  // What a browser asks before it sends a request from another origin; the CORS middleware adds the answer.
  server.Handle("OPTIONS", "/api/v1/*rest", [](const auto&, auto& response) { response.SetStatus(204); });
}

}  // namespace cachescope::api
