// Reads `headers`: what an operator changes in the heads of a service.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "control/node_reader.h"
#include "upstream/service_settings.h"

namespace tealgate {

// As written, so that a service can take some of its keys from `defaults`.
struct HeaderTexts {
  using Fields = std::vector<std::pair<std::string, std::vector<std::string>>>;
  struct Side {
    Fields set;
    Fields add;
    std::vector<std::string> remove;
  };
  Side request;
  Side response;
  bool forwarded = false;
};

// `inherited` with what `map` says.
HeaderTexts read_headers(NodeReader& reader, const ConfigNode& map, OptionContext context,
                         HeaderTexts inherited);

// Ready for use.
HeaderSettings compile_headers(const HeaderTexts& texts);

}  // namespace tealgate
