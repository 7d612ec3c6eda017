// Gzip for ServeOptions::compress. The core of the library depends on nothing, so this part is a target of its own that
// brings zlib: link cachescope::gzip.
//
//   auto server = cachescope::Serve(registry, ":9464", {.compress = cachescope::Gzip()});
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace cachescope {

/// A function that appends `page` in gzip format (RFC 1952) to `out` and returns true, or returns false and leaves
/// `out` as it was when there is no memory. Thread-safe. `level` is 1 (fastest) to 9 (smallest); text exposition
/// shrinks to less than a tenth at level 1 already, at some 5 ns per byte.
std::function<bool(std::string_view page, std::string* out)> Gzip(int level = 1);

}  // namespace cachescope
