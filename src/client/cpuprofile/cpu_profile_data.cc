#include "client/cpuprofile/cpu_profile_data.h"

#include <map>
#include <utility>

namespace cachescope::client {
namespace {

// Fills functions, locations and mappings of a profile, each thing once.
class Namer {
 public:
  Namer(CpuProfileData* data, const std::vector<Mapping>& mappings)
      : data_(data), mappings_(mappings), symbolizer_(mappings) {
    // Viewers take the first mapping for the program, which is at the lowest addresses.
    if (!mappings.empty()) MappingOf(mappings.front().start);
  }

  std::size_t LocationOf(std::uint64_t address) {
    const auto [found, is_new] = locations_.try_emplace(address, data_->locations.size());
    if (is_new) data_->locations.push_back({address, FunctionOf(symbolizer_.At(address)), MappingOf(address)});
    return found->second;
  }

 private:
  std::size_t FunctionOf(Function function) {
    const auto [found, is_new] = functions_.try_emplace({function.name, function.linker_name}, data_->functions.size());
    if (is_new) data_->functions.push_back(std::move(function));
    return found->second;
  }

  std::size_t MappingOf(std::uint64_t address) {
    const Mapping* mapping = FindMapping(mappings_, address);
    if (mapping == nullptr) return 0;
    const auto [found, is_new] = used_mappings_.try_emplace(mapping, data_->mappings.size() + 1);
    if (is_new) data_->mappings.push_back({*mapping, symbolizer_.BuildId(*mapping)});
    return found->second;
  }

  CpuProfileData* const data_;
  const std::vector<Mapping>& mappings_;
  Symbolizer symbolizer_;
  std::map<std::uint64_t, std::size_t> locations_;
  std::map<std::pair<std::string, std::string>, std::size_t> functions_;
  std::map<const Mapping*, std::size_t> used_mappings_;
};

std::string FrameText(const std::string& name) {
  std::string text = name;
  for (char& c : text) {
    if (c == ';') c = ':';
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text;
}

}  // namespace

bool NameProfile(CpuProfileData* data, std::string* cause) {
  RawProfile raw;
  if (!ReadRawProfile(data->raw, &raw, cause)) return false;
  data->period_microseconds = raw.period_microseconds;
  const std::vector<Mapping> mappings = ReadMappings(raw.maps);
  Namer namer(data, mappings);
  for (const RawSample& sample : raw.samples) {
    LocatedSample located{.count = sample.count};
    for (std::size_t i = 0; i < sample.addresses.size(); ++i) {
      // A return address may be the first byte of the next function, if the call never returns; a byte less is in the
      // call.
      const std::uint64_t address = sample.addresses[i];
      located.locations.push_back(namer.LocationOf(i == 0 || address == 0 ? address : address - 1));
    }
    data->samples += sample.count;
    data->stacks.push_back(std::move(located));
  }
  return true;
}

std::vector<CpuStack> NamedStacks(const CpuProfileData& data) {
  std::map<std::vector<std::string>, std::uint64_t> merged;
  for (const LocatedSample& sample : data.stacks) {
    std::vector<std::string> names;
    for (auto location = sample.locations.rbegin(); location != sample.locations.rend(); ++location) {
      names.push_back(data.functions[data.locations[*location].function].name);
    }
    merged[std::move(names)] += sample.count;
  }
  std::vector<CpuStack> stacks;
  for (auto& [names, samples] : merged) stacks.push_back({names, samples});
  return stacks;
}

std::string CollapsedText(const std::vector<CpuStack>& stacks) {
  std::string text;
  for (const CpuStack& stack : stacks) {
    for (std::size_t i = 0; i < stack.functions.size(); ++i) {
      if (i > 0) text.push_back(';');
      text += FrameText(stack.functions[i]);
    }
    text += " " + std::to_string(stack.samples) + "\n";
  }
  return text;
}

}  // namespace cachescope::client
