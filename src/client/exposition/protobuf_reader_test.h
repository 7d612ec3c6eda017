// Reads the protobuf exposition back into snapshots, for tests: strict, and fails the test on anything it does not
// know.
#pragma once

#include <string_view>
#include <vector>

#include "cachescope/snapshot.h"

namespace cachescope::client {

/// All families of a delimited stream.
std::vector<FamilySnapshot> ReadProtobuf(std::string_view bytes);

}  // namespace cachescope::client
