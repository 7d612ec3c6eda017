// StateSet: which of a few named states something is in: one series per state, 1 if it is on and 0 if not.
//
//   const cachescope::StateSet breaker = registry.StateSet(
//       {.name = "breaker_state", .help = "State of the breaker.", .states = {"closed", "open", "half_open"}});
//   breaker.Set("open");
//
// A handle to one label set of the family; copies, lifetime and null as for Counter. The first state is on at the
// start. All calls are atomic, so a scrape never sees two states of an exclusive set. Set by number is one store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "cachescope/detail/cell.h"
#include "cachescope/instrument_family.h"

namespace cachescope {

/// Most states of a state set.
inline constexpr std::size_t kMaxStates = 64;

class StateSet {
 public:
  StateSet() noexcept = default;
  explicit StateSet(detail::SeriesRef series) noexcept;

  /// Turns this state on and all others off. By its number in StateSetOptions::states, by an enumerator of that number,
  /// or by name (a search). A state that does not exist changes nothing and is counted in
  /// cachescope_client_states_refused_total.
  void Set(std::size_t state) const noexcept {
    if (state < count_) [[likely]] {
      cell_->store(std::uint64_t{1} << state, std::memory_order_relaxed);
    } else {
      Refuse();
    }
  }
  template <class State>
  requires std::is_enum_v<State>
  void Set(State state) const noexcept { Set(static_cast<std::size_t>(state)); }
  void Set(std::string_view state) const noexcept { Set(Find(state)); }

  /// Turns one state on or off and leaves the others, for sets whose states do not exclude each other.
  void Switch(std::size_t state, bool on) const noexcept;
  void Switch(std::string_view state, bool on) const noexcept { Switch(Find(state), on); }

  /// False too for a state that does not exist.
  bool IsOn(std::size_t state) const noexcept;
  bool IsOn(std::string_view state) const noexcept { return IsOn(Find(state)); }

  /// False for a null state set.
  explicit operator bool() const noexcept { return series_.get() != nullptr; }

 private:
  std::size_t Find(std::string_view state) const noexcept;
  void Refuse() const noexcept;

  detail::SeriesRef series_;
  detail::Cell* cell_ = nullptr;  // a bit per state
  std::size_t count_ = 0;
};

using StateSetFamily = InstrumentFamily<StateSet>;

}  // namespace cachescope
