#include "cachescope/error_tracker.h"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <typeinfo>

#include "client/profile/error_table.h"
#include "client/profile/steady_time.h"

namespace cachescope {
ErrorTracker::ErrorTracker(const ErrorTrackerOptions& options)
    : table_(std::make_unique<client::ErrorTable>(options)) {}
ErrorTracker::~ErrorTracker() = default;

void ErrorTracker::RecordError(std::string_view operation, std::string_view error_class, std::string_view message,
                               TimePoint at) noexcept {
  table_->AddError(operation, error_class, message, client::SinceStart(at));
}

void ErrorTracker::RecordSuccess(std::string_view operation, TimePoint at) noexcept {
  table_->AddSuccess(operation, client::SinceStart(at));
}

void ErrorTracker::RecordException(std::string_view operation, TimePoint at) noexcept {
  const std::type_info* type = abi::__cxa_current_exception_type();
  const char* mangled = type == nullptr ? "unknown" : type->name();
  int status = 0;
  char* demangled = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  const char* name = demangled == nullptr ? mangled : demangled;
  if (type == nullptr) {
    RecordError(operation, name, {}, at);
  } else {
    try {
      throw;
    } catch (const std::exception& exception) {
      RecordError(operation, name, exception.what(), at);
    } catch (...) {
      RecordError(operation, name, {}, at);
    }
  }
  std::free(demangled);
}

ErrorReport ErrorTracker::Report(TimePoint at) const { return table_->Report(client::SinceStart(at)); }

}  // namespace cachescope
