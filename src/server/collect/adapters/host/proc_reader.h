// Readers of single files of /proc. Formats: proc(5) and the kernel's Documentation/admin-guide/iostats.rst.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/collect/adapters/host/host_source.h"

namespace cachescope::collect::host {

// Whole content, at most 4 MiB. kIoError "cannot read PATH: cause".
Result<std::string> ReadProcFile(const std::string& path);

// Takes the text up to `separator` (or all) off the front of `*rest`.
std::string_view TakeUntil(char separator, std::string_view* rest);
// The words of a line, separated by blanks and tabs.
std::vector<std::string_view> Words(std::string_view line);
// The number a word holds; 0 for anything else.
double Number(std::string_view word);

// Each adds its families; kIoError or kCorruption when the file is missing or nothing in it makes sense, or what the
// sink returns.
Status AddStat(const HostOptions& options, SampleSink& sink);
Status AddLoad(const HostOptions& options, SampleSink& sink);
Status AddMemory(const HostOptions& options, SampleSink& sink);
Status AddDisks(const HostOptions& options, SampleSink& sink);
Status AddNetwork(const HostOptions& options, SampleSink& sink);
Status AddFileDescriptors(const HostOptions& options, SampleSink& sink);
Status AddFilesystems(const HostOptions& options, SampleSink& sink);

}  // namespace cachescope::collect::host
