// Bytes the process holds on the heap, as the allocator rounds them (heap_meter.cc replaces operator new).
#pragma once

#include <cstddef>

namespace cachescope::bench {

std::size_t HeapBytes() noexcept;

}  // namespace cachescope::bench
