// The daemon as a library: Server::Start wires collect, storage, promql, rules, notify and the HTTP API together. The
// binary is a thin main around it; a program may hold one inside itself. Thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/app/config.h"

namespace cachescope::app {

struct ServerOptions {
  std::string config_file;                         // empty: none
  std::string storage_path;                        // created and locked; empty: nothing on disk
  bool read_only = false;                          // answers from `storage_path`, collects nothing, changes nothing
  std::string listen_address = "127.0.0.1:22243";  // the digits spell CACHE
  bool insecure_listen = false;                    // an address others reach is refused otherwise
  std::string external_url;                        // empty: http:// and the listen address
  std::vector<std::string> cache_urls;             // watched besides those of the file
  bool discover_local = true;                      // with neither file nor URLs: look at this host's usual places
  DurationMs retention = 0;                        // history kept; 0: 15 days on disk, 24 hours in memory
  std::uint64_t retention_bytes = 0;               // on disk; 0: no limit
  DurationMs cache_interval = 0;                   // overrides the interval of caches given by URL; 0: 15 s
  DurationMs evaluation_interval = 0;              // overrides the file's; 0: no
  std::size_t max_series = 2'000'000;
  DurationMs query_timeout = 120'000;
  std::size_t query_max_samples = 50'000'000;
  int query_concurrency = 4;
  bool lifecycle = true;           // POST /-/reload
  bool remote_write = true;        // POST /api/v1/write
  bool admin_api = false;          // /api/v1/admin/*
  std::string cors_origin = ".*";  // origins whose pages may read the API: a regular expression, matched whole
  std::size_t max_exemplars = 100'000;
  // Names of upstream's --enable-feature that concern queries and start times; names not known here are warned about.
  std::vector<std::string> features;
};

// What a start failed at, for programs that tell it by their exit code.
enum class StartFailure {
  kOther,
  kLocked,     // another process has the data directory
  kDirectory,  // the data directory cannot be used as it is
  kExposed,    // the address can be reached by others, and nothing says that this is meant
};

class Server {
 public:
  virtual ~Server() = default;  // stops

  // Everything runs when this returns. Errors: kInvalidArgument (configuration: file, line, column), kUnavailable
  // (address in use, directory locked by another process), kIoError (directory not usable). `failure`, when given, is
  // set with every error.
  static Result<std::unique_ptr<Server>> Start(ServerOptions options, StartFailure* failure = nullptr);

  // "127.0.0.1:22243", with the real port.
  virtual std::string address() const = 0;
  // The caches being watched, by name, for a greeting.
  virtual std::vector<std::string> caches() const = 0;
  // Reads the configuration again. On error everything stays as it was; the error also shows in the log and in
  // cachescope_config_last_reload_successful.
  virtual Status Reload() = 0;
  // Ends requests, scrapes and notifications within `grace`. Idempotent.
  virtual void Stop(std::chrono::milliseconds grace) = 0;
};

// URLs of Redis servers that answer on this host: loopback 6379 and the usual Unix sockets. Takes at most a second.
std::vector<std::string> DiscoverLocalCaches();

struct Version {
  std::string version;
  std::string revision;  // empty when not built from a checkout
  std::string build_date;
};
Version ProgramVersion();

}  // namespace cachescope::app
