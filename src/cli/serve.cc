#include <iostream>

#include "base/log.h"
#include "cli/daemon.h"

namespace cachescope::cli {

int RunServe(const Arguments& arguments) {
  if (!ConfigureLogging(arguments)) return kUsage;
  BlockSignals();
  return RunDaemon(arguments, arguments.server, [](const app::Server& server) {
    LogInfo("cachescope is ready",
            {{"address", "http://" + server.address()}, {"caches", std::to_string(server.caches().size())}});
  });
}

int RunUp(const Arguments& arguments) {
  if (!ConfigureLogging(arguments)) return kUsage;
  BlockSignals();
  app::ServerOptions options = arguments.server;
  if (options.cache_urls.empty()) {
    options.cache_urls = app::DiscoverLocalCaches();
    if (options.cache_urls.empty()) {
      std::cerr << "cachescope: no Redis answers on 127.0.0.1:6379 or on the usual Unix sockets.\n"
                   "Say where yours is:   cachescope up redis://HOST:PORT\nOr see it work first: cachescope demo\n";
      return kFailed;
    }
  }
  options.discover_local = false;
  return RunDaemon(arguments, options, [](const app::Server& server) {
    std::cout << "watching";
    for (const std::string& name : server.caches()) std::cout << " " << name;
    std::cout << "\nopen http://" << server.address() << "   (Ctrl-C stops)\n" << std::flush;
  });
}

}  // namespace cachescope::cli
