#include "cachescope/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

namespace cachescope {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, with gzip's frame
constexpr int kMemoryLevel = 8;

class Deflate {
 public:
  explicit Deflate(int level) noexcept
      : ok_(deflateInit2(&stream_, level, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK) {}
  Deflate(const Deflate&) = delete;
  Deflate& operator=(const Deflate&) = delete;
  ~Deflate() {
    if (ok_) deflateEnd(&stream_);
  }

  bool Append(std::string_view page, std::string* out) {
    constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
    if (!ok_ || page.size() > kMost) return false;
    const std::size_t bound = deflateBound(&stream_, static_cast<uLong>(page.size()));
    if (bound > kMost) return false;
    const std::size_t before = out->size();
    out->resize(before + bound);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(page.data()));
    stream_.avail_in = static_cast<uInt>(page.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out->data() + before);
    stream_.avail_out = static_cast<uInt>(bound);
    const bool done = deflate(&stream_, Z_FINISH) == Z_STREAM_END;
    out->resize(done ? before + bound - stream_.avail_out : before);
    return done;
  }

 private:
  z_stream stream_{};
  const bool ok_;
};

}  // namespace

std::function<bool(std::string_view, std::string*)> Gzip(int level) {
  return [level = std::clamp(level, 1, 9)](std::string_view page, std::string* out) {
    try {
      return Deflate(level).Append(page, out);
    } catch (const std::bad_alloc&) {
      return false;
    }
  };
}

}  // namespace cachescope
