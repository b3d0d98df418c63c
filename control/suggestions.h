// What an unknown key was probably meant to be: a misspelling, a key from another place, or what
// the neighbours (nginx, HAProxy, Traefik, Caddy) call one of ours.
#pragma once

#include <string>
#include <string_view>

#include "control/options.h"

namespace tealgate {

struct KeySuggestion {
  std::string key;   // the key that was meant, with dots from its scope's top; may be empty
  std::string hint;  // for a person; empty if nothing comes near
};

// For an unknown key in a map of `context` at `prefix` ("" or "timeouts.").
KeySuggestion suggest_key(OptionContext context, std::string_view prefix, std::string_view word);

}  // namespace tealgate
