// Counts calls and bytes of operator new in the test program (allocation_counter_test.cc replaces it).
#pragma once

#include <cstddef>

namespace cachescope::client {

std::size_t AllocationCountForTest() noexcept;
/// Bytes held now, as the allocator rounds them.
std::size_t AllocatedBytesForTest() noexcept;

}  // namespace cachescope::client
