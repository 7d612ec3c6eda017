#include "server/storage/tsdb/wal/segment_bytes.h"

#include <utility>

namespace cachescope::tsdb {
namespace {

class CopiedFile final : public MappedFile {
 public:
  explicit CopiedFile(std::string bytes) : bytes_(std::move(bytes)) {}
  std::span<const std::uint8_t> bytes() const override {
    return {reinterpret_cast<const std::uint8_t*>(bytes_.data()), bytes_.size()};
  }

 private:
  const std::string bytes_;
};

}  // namespace

Result<std::unique_ptr<MappedFile>> SegmentBytes(Env& env, const std::string& path, SegmentUse use) {
  if (use == SegmentUse::kMine) return env.Map(path);
  Result<std::string> bytes = env.ReadFile(path, kCopiedBytes);
  if (bytes.status().code() == Code::kLimitExceeded) return env.Map(path);
  if (!bytes.ok()) return bytes.status();
  return std::unique_ptr<MappedFile>(new CopiedFile(std::move(*bytes)));
}

}  // namespace cachescope::tsdb
