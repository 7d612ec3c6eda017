// Rows of text in aligned columns. Pure.
#pragma once

#include <string>
#include <vector>

namespace cachescope::cli {

using TableRow = std::vector<std::string>;

// The last `numbers` columns are flush right. Every row has as many cells as the first. Columns are counted in
// characters; wide and combining characters count as one.
std::string RenderTable(const std::vector<TableRow>& rows, std::size_t numbers);

}  // namespace cachescope::cli
