// A parsed text as a plain tree with positions: what config_file makes of YAML events and what the
// readers read.
//
// It knows nothing of keys and their meaning. A tree is small (kMost…) and lives only while a file
// is read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "control/diagnostics.h"

namespace tealgate {

struct ConfigEntry;

struct ConfigNode {
  enum class Kind : unsigned char { Null, Scalar, List, Map, Alias };

  Kind kind = Kind::Null;
  TextPosition at;
  std::string raw;   // a scalar as written, without quotes
  std::string text;  // the same with ${…} replaced; it may be a secret: show raw
  std::string tag;   // of the file's own, such as "!!str"; empty: none
  bool has_anchor = false;
  bool is_bad = false;         // an error is reported already: pass over it in silence
  bool is_incomplete = false;  // something in it could not be read: demand nothing of it
  std::vector<ConfigNode> items;
  std::vector<ConfigEntry> entries;

  bool is_scalar() const { return kind == Kind::Scalar; }
  bool is_list() const { return kind == Kind::List; }
  bool is_map() const { return kind == Kind::Map; }
  // Null if this is no map or has no such key. Of a repeated key the first.
  const ConfigEntry* find(std::string_view key) const;
};

struct ConfigEntry {
  std::string key;
  TextPosition at;
  ConfigNode value;
  bool is_repeated = false;  // the key has stood before in this map
  bool is_bad_key = false;   // no single word: a list, a map, an alias, nothing
};

// What a tree may have at most.
inline constexpr std::size_t kMostConfigDepth = 64;
inline constexpr std::size_t kMostConfigNodes = 100'000;

// Reports what YAML has and a config must not: repeated keys, aliases, anchors, tags. Marks what it
// reported.
void check_tree(ConfigNode& node, Findings& findings);

}  // namespace tealgate
