// Names of C++ functions for people. Pure functions; any text is safe.
#pragma once

#include <string>
#include <string_view>

namespace cachescope::client {

/// The demangled form of a linker name, without its parameters; as it is if it is no C++ name. Valid UTF-8, cut at 1024
/// bytes, because instances of templates can have names of many kilobytes.
std::string ReadableName(const std::string& linker_name);

/// "void a::b<int>(int) const" gives "void a::b<int>". What is no function with parameters stays as it is.
std::string WithoutParameters(std::string_view name);

/// What fits on a frame: "void a::b<c<int>>::d<int>" gives "a::b::d".
std::string ShortName(std::string_view name);

}  // namespace cachescope::client
