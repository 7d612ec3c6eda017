#include "client/cpuprofile/symbolizer.h"

#include <limits.h>
#include <unistd.h>

#include "client/cpuprofile/readable_name.h"
#include "client/profile/json_text.h"

namespace cachescope::client {
namespace {

constexpr std::string_view kDeleted = " (deleted)";
// Instances of templates can have names of many kilobytes.
constexpr std::size_t kMaxLinkerNameBytes = 16384;

std::string ExecutablePath() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string();
}

std::string_view BaseName(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// Where distributions install the symbols that they strip from a file; empty if the file has no build id.
std::string DebugPath(const std::string& build_id) {
  if (build_id.size() < 3) return {};
  return "/usr/lib/debug/.build-id/" + build_id.substr(0, 2) + "/" + build_id.substr(2) + ".debug";
}

}  // namespace

// The segments of a debug file have the addresses of the file it belongs to, but no bytes: those come from there.
Symbolizer::Module::Module(const std::string& path)
    : file(path.c_str()),
      symbols(file.bytes()),
      debug_file(DebugPath(symbols.build_id()).c_str()),
      debug_symbols(debug_file.bytes(), symbols) {}

Symbolizer::Module& Symbolizer::Open(const Mapping& mapping) {
  std::unique_ptr<Module>& module = modules_[mapping.file];
  if (module == nullptr) {
    // A program that was replaced while it runs can still be read under this name.
    const bool is_gone = mapping.file.ends_with(kDeleted) && ExecutablePath() == mapping.file;
    const bool is_file = mapping.file.starts_with('/');
    module = std::make_unique<Module>(is_gone ? "/proc/self/exe" : is_file ? mapping.file : std::string());
  }
  return *module;
}

Function Symbolizer::At(std::uint64_t address) {
  const Mapping* mapping = FindMapping(mappings_, address);
  if (mapping == nullptr) return {"[unknown]", {}};
  if (mapping->file.empty()) return {"[anonymous memory]", {}};
  if (mapping->file.front() == '[') return {ValidText(mapping->file), {}};
  const std::uint64_t offset = address - mapping->start + mapping->offset;
  const Module& module = Open(*mapping);
  std::string_view name = module.debug_symbols.NameAt(offset);
  if (name.empty()) name = module.symbols.NameAt(offset);
  if (name.empty()) return {"[" + ValidText(BaseName(mapping->file)) + "]", {}};
  const std::string linker_name(CutText(name, kMaxLinkerNameBytes));
  return {ReadableName(linker_name), ValidText(linker_name)};
}

}  // namespace cachescope::client
