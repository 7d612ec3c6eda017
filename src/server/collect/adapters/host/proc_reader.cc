#include "server/collect/adapters/host/proc_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/number.h"

namespace cachescope::collect::host {
namespace {

constexpr std::size_t kMaxFileBytes = 4 << 20;
constexpr double kKilobyte = 1024;

void Gauge(SampleSink& sink, std::string_view name, std::string_view help) {
  sink.Family(name, MetricType::kGauge, help, {});
}
void Counter(SampleSink& sink, std::string_view name, std::string_view help) {
  sink.Family(name, MetricType::kCounter, help, {});
}

Status AddCpuLine(std::string_view cpu, const std::vector<std::string_view>& words, double ticks, SampleSink& sink) {
  constexpr std::string_view kModes[] = {"user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"};
  for (std::size_t i = 0; i < std::size(kModes) && i + 1 < words.size(); ++i) {
    CACHESCOPE_RETURN_IF_ERROR(
        sink.Add("node_cpu_seconds_total", {{"cpu", cpu}, {"mode", kModes[i]}}, Number(words[i + 1]) / ticks));
  }
  return {};
}

struct StatLine {
  std::string_view key;
  std::string_view metric;
  MetricType type;
  std::string_view help;
};
constexpr StatLine kStatLines[] = {
    {"intr", "node_intr_total", MetricType::kCounter, "Interrupts serviced."},
    {"ctxt", "node_context_switches_total", MetricType::kCounter, "Context switches."},
    {"btime", "node_boot_time_seconds", MetricType::kGauge, "Time of the last boot, Unix time."},
    {"processes", "node_forks_total", MetricType::kCounter, "Processes started."},
    {"procs_running", "node_procs_running", MetricType::kGauge, "Processes that can run."},
    {"procs_blocked", "node_procs_blocked", MetricType::kGauge, "Processes waiting for input or output."}};

// "Active(anon)" is spelled Active_anon in metric names.
std::string MemoryName(std::string_view key) {
  std::string out = "node_memory_";
  for (const char c : key) {
    if (c == '(') out.push_back('_');
    if (c != '(' && c != ')') out.push_back(c);
  }
  return out;
}

struct Column {
  std::size_t index;  // word of the line
  std::string_view metric;
  double factor;
  MetricType type;
  std::string_view help;
};

}  // namespace

Result<std::string> ReadProcFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return IoError("cannot read " + path + ": " + std::strerror(errno));
  std::string out;
  char buffer[16 << 10];
  ssize_t n = 0;
  while (out.size() < kMaxFileBytes && (n = ::read(fd, buffer, sizeof buffer)) != 0) {
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    out.append(buffer, static_cast<std::size_t>(n));
  }
  const int error = errno;
  ::close(fd);
  if (n < 0) return IoError("cannot read " + path + ": " + std::strerror(error));
  return out;
}

std::string_view TakeUntil(char separator, std::string_view* rest) {
  const std::size_t at = rest->find(separator);
  const std::string_view out = rest->substr(0, at);
  *rest = at == std::string_view::npos ? std::string_view() : rest->substr(at + 1);
  return out;
}

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> out;
  constexpr std::string_view kBlanks = " \t";
  for (std::size_t from = line.find_first_not_of(kBlanks); from != std::string_view::npos;) {
    const std::size_t to = std::min(line.find_first_of(kBlanks, from), line.size());
    out.push_back(line.substr(from, to - from));
    from = line.find_first_not_of(kBlanks, to);
  }
  return out;
}

double Number(std::string_view word) { return ParseFloat(word).value_or(0); }

Status AddStat(const HostOptions& options, SampleSink& sink) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, ReadProcFile(options.proc_root + "/stat"));
  const double ticks =
      options.ticks_per_second > 0 ? options.ticks_per_second : static_cast<double>(::sysconf(_SC_CLK_TCK));
  Counter(sink, "node_cpu_seconds_total", "Time a CPU spent in each mode.");
  for (const StatLine& line : kStatLines) sink.Family(line.metric, line.type, line.help, {});
  bool any = false;
  for (std::string_view rest = text; !rest.empty();) {
    const auto words = Words(TakeUntil('\n', &rest));
    if (words.size() < 2) continue;
    if (words[0].starts_with("cpu")) {
      any = true;
      if (words[0].size() > 3) CACHESCOPE_RETURN_IF_ERROR(AddCpuLine(words[0].substr(3), words, ticks, sink));
      continue;
    }
    for (const StatLine& line : kStatLines) {
      if (words[0] == line.key) CACHESCOPE_RETURN_IF_ERROR(sink.Add(line.metric, {}, Number(words[1])));
    }
  }
  return any ? Status() : Corruption("no cpu line in stat");
}

Status AddLoad(const HostOptions& options, SampleSink& sink) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, ReadProcFile(options.proc_root + "/loadavg"));
  const auto words = Words(text);
  if (words.size() < 3) return Corruption("loadavg is too short");
  constexpr std::string_view kNames[] = {"node_load1", "node_load5", "node_load15"};
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    Gauge(sink, kNames[i], "Load average over 1, 5 or 15 minutes.");
    CACHESCOPE_RETURN_IF_ERROR(sink.Add(kNames[i], {}, Number(words[i])));
  }
  return {};
}

Status AddMemory(const HostOptions& options, SampleSink& sink) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, ReadProcFile(options.proc_root + "/meminfo"));
  bool any = false;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view line = TakeUntil('\n', &rest);
    const std::string_view key = TakeUntil(':', &line);
    const auto words = Words(line);
    if (key.empty() || words.empty()) continue;
    any = true;
    const bool kilobytes = words.size() > 1 && words[1] == "kB";
    const std::string name = MemoryName(key) + (kilobytes ? "_bytes" : "");
    Gauge(sink, name, "Memory information field " + std::string(key) + ".");
    CACHESCOPE_RETURN_IF_ERROR(sink.Add(name, {}, Number(words[0]) * (kilobytes ? kKilobyte : 1)));
  }
  return any ? Status() : Corruption("meminfo is empty");
}

Status AddFileDescriptors(const HostOptions& options, SampleSink& sink) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, ReadProcFile(options.proc_root + "/sys/fs/file-nr"));
  const auto words = Words(text);
  if (words.size() < 3) return Corruption("file-nr is too short");
  Gauge(sink, "node_filefd_allocated", "File descriptors in use.");
  CACHESCOPE_RETURN_IF_ERROR(sink.Add("node_filefd_allocated", {}, Number(words[0])));
  Gauge(sink, "node_filefd_maximum", "File descriptors the kernel allows.");
  std::string_view maximum = words[2];
  return sink.Add("node_filefd_maximum", {}, Number(TakeUntil('\n', &maximum)));
}

Status AddNetwork(const HostOptions& options, SampleSink& sink) {
  // After "name:": receive bytes packets errs drop …, eight columns, then the same for transmit.
  constexpr Column kColumns[] = {
      {0, "node_network_receive_bytes_total", 1, MetricType::kCounter, "Bytes received."},
      {1, "node_network_receive_packets_total", 1, MetricType::kCounter, "Packets received."},
      {2, "node_network_receive_errs_total", 1, MetricType::kCounter, "Receive errors."},
      {3, "node_network_receive_drop_total", 1, MetricType::kCounter, "Received packets dropped."},
      {8, "node_network_transmit_bytes_total", 1, MetricType::kCounter, "Bytes sent."},
      {9, "node_network_transmit_packets_total", 1, MetricType::kCounter, "Packets sent."},
      {10, "node_network_transmit_errs_total", 1, MetricType::kCounter, "Send errors."},
      {11, "node_network_transmit_drop_total", 1, MetricType::kCounter, "Packets to send dropped."}};
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, ReadProcFile(options.proc_root + "/net/dev"));
  for (const Column& column : kColumns) sink.Family(column.metric, column.type, column.help, {});
  std::size_t devices = 0;
  for (std::string_view rest = text; !rest.empty() && devices < options.max_devices;) {
    std::string_view line = TakeUntil('\n', &rest);
    if (line.find(':') == std::string_view::npos) continue;
    const auto name = Words(TakeUntil(':', &line));
    const auto words = Words(line);
    if (name.size() != 1 || words.size() < 12) continue;
    ++devices;
    for (const Column& column : kColumns) {
      CACHESCOPE_RETURN_IF_ERROR(
          sink.Add(column.metric, {{"device", name[0]}}, Number(words[column.index]) * column.factor));
    }
  }
  return devices > 0 ? Status() : Corruption("no device in net/dev");
}

}  // namespace cachescope::collect::host
