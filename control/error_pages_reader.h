// Reads `errors`: the files of error pages, by status.
#pragma once

#include "control/node_reader.h"
#include "http/error_pages.h"

namespace tealgate {

// No page is larger than this.
inline constexpr std::size_t kLargestErrorPage = std::size_t{256} * 1024;

// `inherited` with the pages that `map` names, read now.
ErrorPages read_error_pages(NodeReader& reader, const ConfigNode& map, ErrorPages inherited);

}  // namespace tealgate
