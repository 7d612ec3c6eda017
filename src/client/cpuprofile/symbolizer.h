// Symbolizer: from the addresses of a profile of this process to functions and files. Opens each file once. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/cpuprofile/elf_symbols.h"
#include "client/cpuprofile/raw_profile.h"

namespace cachescope::client {

struct Function {
  /// For people: demangled, without its parameters, valid UTF-8. Of an unknown function the file it is in, in brackets.
  std::string name = {};
  /// As the linker knows it; empty when unknown.
  std::string linker_name = {};
};

class Symbolizer {
 public:
  explicit Symbolizer(const std::vector<Mapping>& mappings) : mappings_(mappings) {}

  Function At(std::uint64_t address);
  const std::string& BuildId(const Mapping& mapping) { return Open(mapping).symbols.build_id(); }

 private:
  struct Module {
    explicit Module(const std::string& path);
    MappedFile file;
    ElfSymbols symbols;
    MappedFile debug_file;
    ElfSymbols debug_symbols;
  };
  Module& Open(const Mapping& mapping);

  const std::vector<Mapping>& mappings_;
  std::map<std::string, std::unique_ptr<Module>> modules_;
};

}  // namespace cachescope::client
