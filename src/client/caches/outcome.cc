#include "cachescope/caches/outcome.h"

#include <new>
#include <system_error>

namespace cachescope::caches {
namespace {

CacheError ErrorOf(const std::error_code& code) noexcept {
  if (code == std::errc::timed_out || code == std::errc::stream_timeout) return CacheError::kTimeout;
  for (const std::errc connection :
       {std::errc::connection_refused, std::errc::connection_reset, std::errc::connection_aborted,
        std::errc::not_connected, std::errc::broken_pipe, std::errc::host_unreachable, std::errc::network_unreachable,
        std::errc::network_down, std::errc::network_reset}) {
    if (code == connection) return CacheError::kConnection;
  }
  if (code == std::errc::not_enough_memory) return CacheError::kOutOfMemory;
  return CacheError::kOperation;
}

}  // namespace

CacheError ClassifyCurrentException() noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return CacheError::kOutOfMemory;
  } catch (const std::system_error& error) {
    return ErrorOf(error.code());
  } catch (...) {
    return CacheError::kOperation;
  }
}

}  // namespace cachescope::caches
