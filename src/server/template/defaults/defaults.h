// The templates notifications use when the configuration names none. Users override them by defining one of the same
// name. Internal to the module.
#pragma once

#include <array>
#include <string_view>

namespace cachescope::templating {

struct DefaultText {
  std::string_view name;
  std::string_view text;
};

// In the order they are added: later ones use earlier ones.
std::array<DefaultText, 3> DefaultTexts();

}  // namespace cachescope::templating
