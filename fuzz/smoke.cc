// Runs one target without libFuzzer: its seeds, the files of a directory (old findings) and mutations of both, the same
// in every run. A target that finds something aborts.
//
// fuzz_smoke TARGET [DIRECTORY [MUTATIONS]]
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#define TARGET(name)                                                     \
  extern "C" int Run_##name(const std::uint8_t* data, std::size_t size); \
  void Seeds_##name(std::vector<std::string>* out) __attribute__((weak));
#include "smoke_targets.inc"
#undef TARGET

namespace {

struct Target {
  const char* name;
  int (*run)(const std::uint8_t*, std::size_t);
  void (*seeds)(std::vector<std::string>*);  // null: none
};
constexpr Target kTargets[] = {
#define TARGET(name) {#name, Run_##name, Seeds_##name},
#include "smoke_targets.inc"
#undef TARGET
};

constexpr std::size_t kMutations = 20'000;
// Slow machines do fewer.
constexpr std::chrono::milliseconds kEnough{600};

// What runs, for the handler of SIGABRT.
const std::string* last_input = nullptr;

void ShowInput(int) {
  if (last_input != nullptr) {
    std::fprintf(stderr, "input, in hexadecimal: ");
    for (const char c : *last_input) std::fprintf(stderr, "%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    std::fprintf(stderr, "\n");
  }
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

void Run(const Target& target, const std::string& input) {
  last_input = &input;
  // Of its own size, so that a checker of memory sees a read past the end.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  (void)target.run(bytes.data(), bytes.size());
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& inputs) : inputs_(inputs) {}
  std::string Next() {
    std::string out = Pick();
    for (std::size_t n = 1 + Draw(4); n > 0; --n) Change(&out);
    return out;
  }

 private:
  std::size_t Draw(std::size_t below) { return below == 0 ? 0 : random_() % below; }
  const std::string& Pick() { return inputs_[Draw(inputs_.size())]; }
  void Change(std::string* text) {
    static const std::string kOdd[] = {std::string(1, '\0'), "\xff", "\x7f", "\x80", std::string(4, '\xff'), "9"};
    const std::size_t at = Draw(text->size() + 1);
    const bool inside = at < text->size();
    switch (Draw(6)) {
      case 0:
        if (inside) (*text)[at] = static_cast<char>((*text)[at] ^ (1 << Draw(8)));
        break;
      case 1:
        if (inside) (*text)[at] = static_cast<char>(Draw(256));
        break;
      case 2:
        text->erase(at, 1 + Draw(8));
        break;
      case 3:
        text->insert(at, kOdd[Draw(std::size(kOdd))]);
        break;
      case 4: {
        const std::string& other = Pick();
        const std::size_t from = Draw(other.size() + 1);
        text->insert(at, other, from, 1 + Draw(32));
        break;
      }
      default:
        text->resize(at);
    }
  }

  const std::vector<std::string>& inputs_;
  std::mt19937_64 random_{20261121};
};

std::vector<std::string> Inputs(const Target& target, const char* directory) {
  std::vector<std::string> out;
  if (target.seeds != nullptr) target.seeds(&out);
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(directory, none)) {
    std::ifstream file(entry.path(), std::ios::binary);
    out.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  std::signal(SIGABRT, ShowInput);
  const std::size_t mutations = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : kMutations;
  for (const Target& target : kTargets) {
    if (target.name != name) continue;
    std::vector<std::string> inputs = Inputs(target, argc > 2 ? argv[2] : "");
    for (const std::string& input : inputs) Run(target, input);
    const std::size_t whole = inputs.size();
    if (inputs.empty()) inputs.emplace_back();
    Mutator mutator(inputs);
    const auto end = std::chrono::steady_clock::now() + kEnough;
    std::size_t done = 0;
    for (; done < mutations && (argc > 3 || std::chrono::steady_clock::now() < end); ++done)
      Run(target, mutator.Next());
    std::printf("%s: %zu inputs and %zu mutations of them\n", target.name, whole, done);
    return 0;
  }
  std::fprintf(stderr, "usage: fuzz_smoke TARGET [DIRECTORY [MUTATIONS]]; targets:");
  for (const Target& target : kTargets) std::fprintf(stderr, " %s", target.name);
  std::fprintf(stderr, "\n");
  return 2;
}
