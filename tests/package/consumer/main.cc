// Uses the installed library as a stranger would, and prints what it counted.
#include <cachescope/cachescope.h>

#include <cstdio>
#include <string>

int main() {
  cachescope::Registry registry({.namespace_ = "shop"});
  const cachescope::Counter hits = registry.Counter({.name = "cache_hits_total", .help = "Lookups that hit."});
  for (int i = 0; i < 42; ++i) hits.Increment();
  const std::string text = cachescope::Text(registry);
  std::fputs(text.c_str(), stdout);
  return text.find("\nshop_cache_hits_total 42\n") == std::string::npos ? 1 : 0;
}
