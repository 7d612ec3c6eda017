// The machine's steady clock as a Clock: it never jumps. Its zero is arbitrary.
#pragma once

#include "base/clock.h"

namespace cachescope::notify {

// Lives for ever. Thread-safe.
const Clock& MonotonicClock();

}  // namespace cachescope::notify
