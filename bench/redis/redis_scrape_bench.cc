// Time and CPU of one scrape of a Redis with 100,000 keys: the adapter's Collect beside a GET of redis_exporter's page,
// by turns, on one private redis-server. Prints medians, and the CPU of the server that each scrape costs.
//
//   redis_scrape_bench [scrapes, default 300]
//
// Budget: 0.4 ms for the adapter, where the exporter takes 2.2 ms (two cores, November 2026).
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "server/collect/adapters/redis/redis_source.h"

namespace cachescope::collect::redis {
namespace {

constexpr int kKeys = 100000;
constexpr const char* kServer = "/usr/bin/redis-server";
constexpr const char* kExporter = "/usr/bin/prometheus-redis-exporter";

// Finds series by their text, as the scrape loop does.
class TableSink final : public SampleSink {
 public:
  void Family(std::string_view, MetricType, std::string_view, std::string_view) override { ++families; }
  Status Add(std::string_view name, const std::vector<LabelView>&, double value) override {
    values_[std::string(name)] = value;
    return {};
  }
  Status AddAt(std::string_view name, const std::vector<LabelView>& labels, double value, TimestampMs) override {
    return Add(name, labels, value);
  }
  bool AddCached(std::string_view series, double value, TimestampMs, bool) override {
    key_.assign(series);
    const auto it = values_.find(key_);
    if (it == values_.end()) return false;
    it->second = value;
    ++samples;
    return true;
  }
  Status AddParsed(std::string_view series, std::string_view, const std::vector<LabelView>&, double value, TimestampMs,
                   bool) override {
    values_.emplace(series, value);
    ++samples;
    return {};
  }
  int families = 0;
  int samples = 0;

 private:
  std::unordered_map<std::string, double> values_;
  std::string key_;
};

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "redis_scrape_bench: %s\n", what.c_str());
  std::exit(1);
}

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0) Fail("cannot find a free port");
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

int Connect(int port) {
  const sockaddr_in address = Loopback(port);
  for (int i = 0; i < 1000; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
    ::close(fd);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  Fail("cannot connect to port " + std::to_string(port));
}

pid_t Start(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

void Stop(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

// CPU of all threads of a process so far, in milliseconds, from the scheduler's own nanoseconds.
double CpuMs(pid_t pid) {
  double sum = 0;
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", ignored)) {
    double ns = 0;
    std::ifstream(task.path() / "schedstat") >> ns;
    sum += ns / 1e6;
  }
  return sum;
}

double ThreadCpuMs() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double WallMs() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void Fill(int port) {
  const int fd = Connect(port);
  std::string request;
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = "key:" + std::to_string(i);
    AppendCommand(&request, {"SET", key, "some value"});
  }
  for (int i = 0; i < 200; ++i) {  // commands of a usual application, for their statistics
    for (const char* command : {"GET", "TTL", "INCR", "STRLEN"}) AppendCommand(&request, {command, "counter"});
    AppendCommand(&request, {"HSET", "hash", "field", "value"});
    AppendCommand(&request, {"HGET", "hash", "field"});
    AppendCommand(&request, {"LPUSH", "list", "value"});
    AppendCommand(&request, {"LPOP", "list"});
    AppendCommand(&request, {"ZADD", "sorted", "1", "member"});
    AppendCommand(&request, {"EXPIRE", "hash", "1000"});
  }
  std::thread writer([&] {
    std::string_view rest = request;
    while (!rest.empty()) {
      const ssize_t n = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (n <= 0) Fail("cannot fill the server");
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
  });
  RespReader reader;
  for (std::size_t done = 0; done < kKeys + 2000;) {
    const std::span<char> room = reader.Prepare();
    const ssize_t n = ::read(fd, room.data(), room.size());
    if (n <= 0) Fail("cannot fill the server");
    reader.Commit(static_cast<std::size_t>(n));
    if (!reader.Parse().ok()) Fail("cannot fill the server");
    if (reader.has_rest()) continue;
    done += reader.complete();
    reader.Reset();
  }
  writer.join();
  ::close(fd);
}

// One GET over a kept connection; the page comes in chunks, the last of which is empty.
std::size_t FetchPage(int fd) {
  const std::string_view request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) <= 0) Fail("cannot ask the exporter");
  std::string page;
  char chunk[65536];
  while (!page.ends_with("\r\n0\r\n\r\n")) {
    const ssize_t n = ::read(fd, chunk, sizeof(chunk));
    if (n <= 0) Fail("cannot read the exporter's page");
    page.append(chunk, static_cast<std::size_t>(n));
  }
  return page.size();
}

struct Figures {
  std::vector<double> wall;
  std::vector<double> cpu;
  std::vector<double> server_cpu;
};

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

void Print(const char* name, const Figures& figures) {
  std::printf("%-16s %8.3f ms wall %8.3f ms CPU %8.3f ms CPU of the server\n", name, Median(figures.wall),
              Median(figures.cpu), Median(figures.server_cpu));
}

int Run(int scrapes) {
  if (::access(kServer, X_OK) != 0 || ::access(kExporter, X_OK) != 0) Fail("redis-server or redis_exporter is missing");
  const int port = FreePort();
  const pid_t server =
      Start({kServer, "--port", std::to_string(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"});
  Fill(port);
  const int page_port = FreePort();
  const std::string url = "redis://127.0.0.1:" + std::to_string(port);
  const pid_t exporter =
      Start({kExporter, "-redis.addr", url, "-web.listen-address", "127.0.0.1:" + std::to_string(page_port)});
  const int page = Connect(page_port);

  RedisOptions options;
  options.address = *ParseRedisUrl(url);
  boost::asio::io_context context;
  const std::shared_ptr<Source> source = NewRedisSource(options);
  TableSink sink;
  const auto collect = [&] {
    Status result = Internal("cannot collect: the coroutine did not end");
    boost::asio::co_spawn(context, source->Collect(std::chrono::seconds(10), sink),
                          [&](const std::exception_ptr&, Status status) { result = std::move(status); });
    context.restart();
    context.run();
    if (!result.ok()) Fail(result.ToString());
  };

  Figures ours;
  Figures theirs;
  std::size_t page_bytes = 0;
  for (int i = -20; i < scrapes; ++i) {  // the first ones warm up
    sink.samples = sink.families = 0;
    double server_cpu = CpuMs(server);
    double wall = WallMs();
    double cpu = ThreadCpuMs();
    collect();
    cpu = ThreadCpuMs() - cpu;
    wall = WallMs() - wall;
    if (i >= 0) {
      ours.wall.push_back(wall);
      ours.cpu.push_back(cpu);
      ours.server_cpu.push_back(CpuMs(server) - server_cpu);
    }
    server_cpu = CpuMs(server);
    cpu = CpuMs(exporter);
    wall = WallMs();
    page_bytes = FetchPage(page);
    wall = WallMs() - wall;
    std::this_thread::sleep_for(
        std::chrono::milliseconds(2));  // lets its threads park, so that their CPU is all counted
    if (i < 0) continue;
    theirs.wall.push_back(wall);
    theirs.cpu.push_back(CpuMs(exporter) - cpu);
    theirs.server_cpu.push_back(CpuMs(server) - server_cpu);
  }
  std::printf("%d scrapes of %d keys; ours %d series of %d families, the exporter's page %zu bytes; medians\n", scrapes,
              kKeys, sink.samples, sink.families, page_bytes);
  Print("cachescope", ours);
  Print("redis_exporter", theirs);
  ::close(page);
  Stop(exporter);
  Stop(server);
  return 0;
}

}  // namespace
}  // namespace cachescope::collect::redis

int main(int argc, char** argv) {
  return cachescope::collect::redis::Run(argc > 1 ? std::max(1, std::atoi(argv[1])) : 300);
}
