// Puts what a load command says into a store.
#pragma once

#include "script.h"
#include "server/storage/appender.h"

namespace cachescope::promqltest {

// Appends the series; with custom_histograms also the native histograms made of the classic ones.
Status Load(const LoadCommand& load, storage::Appendable* store);

}  // namespace cachescope::promqltest
