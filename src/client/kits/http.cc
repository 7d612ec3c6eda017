#include "cachescope/kits/http.h"

#include <algorithm>
#include <array>

namespace cachescope::kits {
namespace {

// Methods of RFC 9110 and 5789; anything else is "other".
constexpr std::string_view kMethods[] = {kOtherValue, "GET",     "HEAD",    "POST",  "PUT",
                                         "DELETE",    "CONNECT", "OPTIONS", "TRACE", "PATCH"};

std::uint32_t NumberOfMethod(std::string_view method) noexcept {
  for (std::uint32_t i = 1; i < std::size(kMethods); ++i) {
    if (kMethods[i] == method) return i;
  }
  return 0;
}

// Three digits; 0 and "other" for what is no status.
struct StatusText {
  explicit StatusText(std::uint32_t status) noexcept
      : digits{static_cast<char>('0' + status / 100), static_cast<char>('0' + status / 10 % 10),
               static_cast<char>('0' + status % 10)},
        text(status == 0 ? kOtherValue : std::string_view(digits, 3)) {}
  char digits[3];
  std::string_view text;
};

}  // namespace

HttpExchange::HttpExchange(HttpKit* kit, std::uint32_t method, std::uint32_t endpoint, std::uint32_t tenant) noexcept
    : kit_(kit), method_(method), endpoint_(endpoint), tenant_(tenant), start_(kit->now_()) {
  kit_->InFlight(method_).Increment();
}

HttpExchange::HttpExchange(HttpExchange&& other) noexcept
    : kit_(other.kit_),
      method_(other.method_),
      endpoint_(other.endpoint_),
      tenant_(other.tenant_),
      start_(other.start_) {
  other.kit_ = nullptr;
}

HttpExchange::~HttpExchange() { End(500); }

void HttpExchange::End(int status, std::uint64_t request_bytes, std::uint64_t response_bytes) noexcept {
  if (kit_ == nullptr) return;
  kit_->InFlight(method_).Decrement();
  kit_->RecordEnd({method_, endpoint_, tenant_}, status, kit_->now_() - start_, request_bytes, response_bytes);
  kit_ = nullptr;
}

HttpKit::HttpKit(Registry& registry, TenantBounds& bounds, const HttpOptions& options)
    : bounds_(bounds),
      normalizer_(options.endpoints),
      tenants_(options.tenants),
      now_(options.now != nullptr ? options.now : &SteadySeconds),
      set_(registry, bounds.options.max_series),
      requests_(set_),
      durations_(set_),
      in_flight_(set_),
      request_sizes_(set_),
      response_sizes_(set_),
      request_handles_(bounds.options.max_series),
      duration_handles_(bounds.options.max_series),
      size_handles_(bounds.options.max_series),
      in_flight_handles_(std::size(kMethods)) {}

HttpKit::Numbers HttpKit::NumbersOf(const HttpRequest& request) noexcept {
  std::array<char, kMaxEndpointBytes> buffer;
  const std::string_view endpoint =
      request.route.empty() ? normalizer_.Normalize(request.target, buffer) : request.route;
  const std::string_view tenant = request.tenant.empty() ? tenants_.Extract(request) : request.tenant;
  return {NumberOfMethod(request.method), bounds_.endpoints.Admit(endpoint), bounds_.tenants.Admit(tenant)};
}

HttpExchange HttpKit::Begin(const HttpRequest& request) noexcept {
  const Numbers numbers = NumbersOf(request);
  return HttpExchange(this, numbers.method, numbers.endpoint, numbers.tenant);
}

void HttpKit::Record(const HttpRequest& request, int status, double seconds, std::uint64_t request_bytes,
                     std::uint64_t response_bytes) noexcept {
  RecordEnd(NumbersOf(request), status, seconds, request_bytes, response_bytes);
}

const Gauge& HttpKit::InFlight(std::uint32_t method) noexcept {
  return in_flight_handles_.Find(method, [&](bool) { return in_flight_.With(kMethods[method]); });
}

void HttpKit::RecordEnd(const Numbers& numbers, int status, double seconds, std::uint64_t request_bytes,
                        std::uint64_t response_bytes) noexcept {
  const auto code = status >= 100 && status <= 999 ? static_cast<std::uint32_t>(status) : 0;
  const auto text = [&](LabelBound& bound, std::uint32_t number, bool full) {
    return full ? kOtherValue : bound.Text(number);
  };
  const auto method = [&](bool full) { return full ? kOtherValue : kMethods[numbers.method]; };
  request_handles_
      .Find(HandleKey(numbers.method, numbers.endpoint, numbers.tenant, code),
            [&](bool full) {
              return requests_.With(method(full), text(bounds_.endpoints, numbers.endpoint, full),
                                    StatusText(full ? 0 : code).text, text(bounds_.tenants, numbers.tenant, full));
            })
      .Increment();
  duration_handles_
      .Find(HandleKey(numbers.method, numbers.endpoint, numbers.tenant),
            [&](bool full) {
              return durations_.With(method(full), text(bounds_.endpoints, numbers.endpoint, full),
                                     text(bounds_.tenants, numbers.tenant, full));
            })
      .Record(seconds);
  const Sizes& sizes = size_handles_.Find(HandleKey(numbers.method, numbers.endpoint), [&](bool full) {
    const std::string_view endpoint = text(bounds_.endpoints, numbers.endpoint, full);
    return Sizes{request_sizes_.With(method(full), endpoint), response_sizes_.With(method(full), endpoint)};
  });
  sizes.request.Record(static_cast<double>(request_bytes));
  sizes.response.Record(static_cast<double>(response_bytes));
}

}  // namespace cachescope::kits
