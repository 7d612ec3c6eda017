#include "cli/daemon.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <thread>

#include "base/log.h"

namespace cachescope::cli {
namespace {

constexpr std::chrono::milliseconds kGrace{10'000};

sigset_t HandledSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) sigaddset(&set, signal);
  return set;
}

int ExitCodeOf(const Status& status, app::StartFailure failure) {
  if (failure == app::StartFailure::kLocked) return kLocked;
  if (failure != app::StartFailure::kOther) return kUnusable;
  return status.code() == Code::kInvalidArgument || status.code() == Code::kNotFound ? kUsage : kFailed;
}

}  // namespace

void BlockSignals() {
  const sigset_t set = HandledSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

bool ConfigureLogging(const Arguments& arguments) {
  const auto level = ParseLogLevel(arguments.log_level);
  const auto format = ParseLogFormat(arguments.log_format);
  for (const Status& status : {level.status(), format.status()}) {
    if (!status.ok()) std::cerr << "cachescope: " << status.message() << "\n";
  }
  if (!level.ok() || !format.ok()) return false;
  ConfigureLog(*level, *format);
  return true;
}

int RunDaemon(const Arguments& arguments, app::ServerOptions options,
              const std::function<void(const app::Server&)>& greet) {
  static_cast<void>(arguments);
  app::StartFailure failure = app::StartFailure::kOther;
  auto server = app::Server::Start(std::move(options), &failure);
  if (!server.ok()) {
    std::cerr << "cachescope: " << server.status().message() << "\n";
    return ExitCodeOf(server.status(), failure);
  }
  greet(**server);
  const sigset_t set = HandledSignals();
  int signal = 0;
  while (sigwait(&set, &signal) == 0 && signal == SIGHUP) static_cast<void>((*server)->Reload());
  LogInfo("stopping", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
  // A second signal ends the process without waiting for anything.
  std::thread([set] {
    int again = 0;
    while (sigwait(&set, &again) == 0) {
      if (again != SIGHUP) _exit(kFailed);
    }
  }).detach();
  (*server)->Stop(kGrace);
  return kOk;
}

}  // namespace cachescope::cli
