#include "caches.h"

#include <utility>
#include <vector>

namespace every_kit {
namespace {

namespace caches = cachescope::caches;

std::size_t Weight(const std::string& key, const std::string& value) { return key.size() + value.size(); }

caches::LruMapOptions<std::string, std::string> SmallMap() {
  return {.capacity = 100, .max_weight = 100'000, .ttl = std::chrono::seconds(2), .weight = Weight};
}

}  // namespace

Caches::Caches(Registries& registries)
    : sampler_(0.5, &caches::AccessBuffer::Take, &accesses_),
      // As a layer of the program it counts in the families of all layers, too.
      sessions_(
          registries.tiers,
          {.name = "sessions", .layer = cachescope::kits::LayerRecorder(registries.layers, "sessions", kKitOptions)},
          sampler_, SmallMap()),
      near_(registries.tiers, {.name = "users", .tier = "l1"}, SmallMap()),
      far_(registries.tiers, {.name = "users", .tier = "l2"}),
      users_(registries.tiers, {.name = "users", .tier = "multi"}, near_, far_),
      tenants_(registries.tiers, {.cache_name = "users", .max_tenants = 2}) {
  statistics_.AddRegistry(registries.tiers);
  statistics_.Start(std::chrono::seconds(1));  // every half minute is usual
}

void Caches::Turn(Traffic& traffic) {
  UseSessions(traffic);
  UseUsers(traffic);
}

void Caches::UseSessions(Traffic& traffic) {
  for (int i = 0; i < 50; ++i) {
    const std::string key = "session" + std::to_string(traffic.UpTo(200));
    sessions_.GetOrCompute(key, [&] { return std::string(static_cast<std::size_t>(traffic.UpTo(500)), 'x'); });
  }
  sessions_.Invalidate("session" + std::to_string(traffic.UpTo(200)));  // somebody logged out
  if (traffic.turn() % 10 == 0) sessions_.Cleanup();
  std::vector<caches::AccessSample> samples;
  accesses_.Drain(&samples);
  sampled_ += samples.size();
}

void Caches::UseUsers(Traffic& traffic) {
  far_->Break(traffic.Chance(0.1));
  for (int i = 0; i < 20; ++i) {
    const std::string key = "user" + std::to_string(traffic.UpTo(300));
    auto view = users_.For(tenants_.For("tenant" + std::to_string(traffic.UpTo(3))));
    if (!view.Get(key)) view.Set(key, "the name of " + key);
  }
}

std::string Caches::Report() const {
  return cachescope::Text(statistics_.Snapshot()) + std::to_string(sampled_) + " accesses of sessions sampled\n";
}

}  // namespace every_kit
