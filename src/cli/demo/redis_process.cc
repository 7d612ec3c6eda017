#include "cli/demo/redis_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "cli/demo/redis_client.h"

namespace cachescope::cli {
namespace {

constexpr int kAttempts = 5;  // a port may be taken between choosing and using it
constexpr std::chrono::seconds kStartTimeout{5};

std::string FindProgram() {
  std::string path = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "";
  path += ":/usr/bin:/usr/local/bin:/usr/sbin:/opt/homebrew/bin";
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    for (const char* name : {"redis-server", "valkey-server"}) {
      const std::string candidate = path.substr(begin, end - begin) + "/" + name;
      if (end > begin && access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    begin = end + 1;
  }
  return {};
}

Result<std::uint16_t> FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool ok = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (fd >= 0) close(fd);
  if (!ok) return IoError("cannot find a free loopback port");
  return ntohs(address.sin_port);
}

pid_t Spawn(const std::string& program, std::uint16_t port, std::uint64_t maxmemory) {
  const std::string port_text = std::to_string(port);
  const std::string memory_text = std::to_string(maxmemory);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  // The child: only async-signal-safe calls until exec.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  setpgid(0, 0);  // Ctrl-C in the terminal reaches us alone; we end it in order
  const int null = open("/dev/null", O_RDWR);
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  execl(program.c_str(), program.c_str(), "--port", port_text.c_str(), "--bind", "127.0.0.1", "--save", "",
        "--appendonly", "no", "--daemonize", "no", "--maxmemory", memory_text.c_str(), "--maxmemory-policy",
        "allkeys-lru", "--dir", "/", "--latency-monitor-threshold", "50", static_cast<char*>(nullptr));
  _exit(127);
}

bool WaitForPong(pid_t pid, std::uint16_t port) {
  const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  while (std::chrono::steady_clock::now() < deadline) {
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) == pid) return false;
    RedisClient client;
    if (client.Connect(port).ok() && client.Ping().ok()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  return false;
}

}  // namespace

Result<std::unique_ptr<RedisProcess>> RedisProcess::Start(const std::string& wanted, std::uint64_t maxmemory_bytes) {
  const std::string program = wanted.empty() ? FindProgram() : wanted;
  if (program.empty() || access(program.c_str(), X_OK) != 0) {
    return NotFound(
        "cannot start the demo: no redis-server on this machine. Install it (Debian and Ubuntu: apt-get install "
        "redis-server; "
        "Fedora: dnf install valkey; macOS: brew install redis), or watch a Redis that runs elsewhere: cachescope up "
        "redis://HOST:PORT");
  }
  for (int i = 0; i < kAttempts; ++i) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::uint16_t port, FreePort());
    const pid_t pid = Spawn(program, port, maxmemory_bytes);
    if (pid < 0) return IoError("cannot start " + program);
    if (WaitForPong(pid, port)) return std::unique_ptr<RedisProcess>(new RedisProcess(pid, port));
  }
  return Unavailable("cannot start the demo: " + program + " did not answer within five seconds");
}

RedisProcess::~RedisProcess() {
  kill(pid_, SIGTERM);
  for (int i = 0; i < 100; ++i) {
    if (waitpid(pid_, nullptr, WNOHANG) != 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool RedisProcess::Alive() const { return kill(pid_, 0) == 0; }

}  // namespace cachescope::cli
