// With CACHESCOPE_FUZZ_SEEDS=DIR in the environment a target writes its seeds into that directory and ends.
#include <cstdio>
#include <fstream>

#include "target.h"

// A target may have none.
void FuzzSeeds(std::vector<std::string>* out) __attribute__((weak));

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* directory = std::getenv("CACHESCOPE_FUZZ_SEEDS");
  if (directory == nullptr) return 0;
  std::vector<std::string> seeds;
  if (FuzzSeeds != nullptr) FuzzSeeds(&seeds);
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    std::ofstream file(std::string(directory) + "/seed-" + std::to_string(i), std::ios::binary);
    file.write(seeds[i].data(), static_cast<std::streamsize>(seeds[i].size()));
    if (!file) std::fprintf(stderr, "cannot write seed %zu into %s\n", i, directory);
    if (!file) std::exit(1);
  }
  std::exit(0);
}
