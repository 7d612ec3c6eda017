// CpuProfileData: a profile with names, what all its formats are made from. Constant once made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cachescope/cpu_profile.h"
#include "client/cpuprofile/raw_profile.h"
#include "client/cpuprofile/symbolizer.h"

namespace cachescope::client {

struct Location {
  std::uint64_t address = 0;  // of an instruction of the call, not of the return
  std::size_t function = 0;   // in CpuProfileData::functions
  std::size_t mapping = 0;    // in CpuProfileData::mappings plus one; 0 if in none
};

struct LocatedSample {
  std::uint64_t count = 0;
  std::vector<std::size_t> locations = {};  // innermost first
};

struct NamedMapping {
  Mapping mapping = {};
  std::string build_id = {};
};

struct CpuProfileData {
  std::string raw = {};
  std::uint64_t period_microseconds = 0;
  std::uint64_t samples = 0;
  std::uint64_t dropped = 0;
  std::int64_t start_nanoseconds = 0;  // since the Unix epoch
  std::int64_t duration_nanoseconds = 0;
  std::vector<LocatedSample> stacks = {};
  std::vector<Location> locations = {};
  std::vector<Function> functions = {};
  std::vector<NamedMapping> mappings = {};  // that of the program, then those that locations are in
};

/// Reads what gperftools recorded in this process and finds the names. False, with a cause, if it is no profile.
bool NameProfile(CpuProfileData* data, std::string* cause);

/// Sorted by their functions' names; one for each distinct sequence of names.
std::vector<CpuStack> NamedStacks(const CpuProfileData& data);

/// One line for each stack. Semicolons in names, which separate frames, become colons; line breaks become spaces.
std::string CollapsedText(const std::vector<CpuStack>& stacks);

/// The profile as a message of pprof's profile.proto, not compressed.
std::string PprofMessage(const CpuProfileData& data);

/// RFC 1952.
std::string Gzip(const std::string& bytes);

}  // namespace cachescope::client
