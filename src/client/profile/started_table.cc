#include "client/profile/started_table.h"

namespace cachescope::client {
namespace {

constexpr std::uint64_t kPlaceBits = 24;
constexpr std::uint64_t kPlaceMask = (std::uint64_t{1} << kPlaceBits) - 1;
constexpr std::uint64_t kWordMask = (std::uint64_t{1} << (64 - kPlaceBits)) - 1;
constexpr std::uint64_t kChange = std::uint64_t{1} << 32;
// Words of different tables begin this far apart, so that the id of one profiler is not active in another.
constexpr std::uint64_t kTableDistance = std::uint64_t{1} << 22;

constinit std::atomic<std::uint64_t> tables_made{0};

}  // namespace

StartedTable::StartedTable(std::size_t places) : size_(places), places_(std::make_unique<Place[]>(places)) {
  const std::uint64_t first_word = tables_made.fetch_add(1, std::memory_order_relaxed) * kTableDistance;
  for (std::size_t i = places; i > 0; --i) {
    places_[i - 1].slot.word.store(first_word, std::memory_order_relaxed);
    PushFree(static_cast<std::uint32_t>(i - 1));
  }
}

void StartedTable::PushFree(std::uint32_t place) noexcept {
  std::uint64_t head = free_.load(std::memory_order_relaxed);
  std::uint64_t wanted = 0;
  do {
    places_[place].next.store(static_cast<std::uint32_t>(head), std::memory_order_relaxed);
    wanted = ((head & ~(kChange - 1)) + kChange) | (place + 1);
  } while (!free_.compare_exchange_weak(head, wanted, std::memory_order_release, std::memory_order_relaxed));
}

bool StartedTable::PopFree(std::uint32_t* place) noexcept {
  std::uint64_t head = free_.load(std::memory_order_acquire);
  while (static_cast<std::uint32_t>(head) != 0) {
    *place = static_cast<std::uint32_t>(head) - 1;
    const std::uint32_t next = places_[*place].next.load(std::memory_order_relaxed);
    const std::uint64_t wanted = ((head & ~(kChange - 1)) + kChange) | next;
    if (free_.compare_exchange_weak(head, wanted, std::memory_order_acq_rel, std::memory_order_acquire)) return true;
  }
  return false;
}

OperationId StartedTable::Begin(const detail::OperationCells* operation, std::uint64_t start) noexcept {
  std::uint32_t place = 0;
  if (!PopFree(&place)) return OperationId::kNone;
  detail::ActiveSlot& slot = places_[place].slot;
  const std::uint64_t word = slot.word.load(std::memory_order_acquire);
  detail::FillSlot(slot, word, operation, start);
  return static_cast<OperationId>((((word + 1) & kWordMask) << kPlaceBits) | place);
}

bool StartedTable::End(OperationId id, ActiveReading* out) noexcept {
  const auto number = static_cast<std::uint64_t>(id);
  const auto place = static_cast<std::uint32_t>(number & kPlaceMask);
  if (place >= size_) return false;
  detail::ActiveSlot& slot = places_[place].slot;
  std::uint64_t word = slot.word.load(std::memory_order_acquire);
  if ((word & 1U) == 0 || (word & kWordMask) != number >> kPlaceBits) return false;
  out->operation = slot.operation.load(std::memory_order_acquire);
  out->start = slot.start.load(std::memory_order_acquire);
  // Whoever changes the word owns the end; of two calls with one id the second finds another word.
  if (!slot.word.compare_exchange_strong(word, word + 1, std::memory_order_acq_rel)) return false;
  PushFree(place);
  return true;
}

}  // namespace cachescope::client
