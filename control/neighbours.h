// What others (nginx, HAProxy, Traefik, Caddy, Kubernetes) call our keys: a table for suggestions,
// not for parsing.
#pragma once

#include <span>
#include <string_view>

namespace tealgate {

struct Neighbour {
  std::string_view word;  // in lower case, without _ - and .
  std::string_view key;   // ours, with dots; empty: there is none
  std::string_view note;  // what to say where there is none; may be empty
};

// A word may have several rows, for several places.
std::span<const Neighbour> neighbours();

}  // namespace tealgate
