// Reads what a service and `defaults` both take: health, timeouts, retries,
// switch, headers, cors, errors.
#pragma once

#include "control/headers_reader.h"
#include "control/node_reader.h"
#include "upstream/service_settings.h"

namespace tealgate {

struct SettingsRead {
  ServiceSettings values;
  bool has_health = false;        // `health` was given, here or in the defaults
  bool has_stream_drain = false;  // the same of `switch.stream_drain`
  // As written; `values` have them compiled.
  HeaderTexts headers = {};
  std::optional<CorsPolicy::Terms> cors = {};
};

// `inherited` with what `map` says. Keys of other kinds are passed over: the caller has checked
// them.
SettingsRead read_settings(NodeReader& reader, const ConfigNode& map, OptionContext context,
                           SettingsRead inherited);

}  // namespace tealgate
