// What a config file may ask of the machine it is read on; tests and the fuzzer give it another.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/result.h"

namespace tealgate {

struct ConfigSurroundings {
  // An environment variable, for ${VAR}.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  // The content of a file of at most `most` bytes, for ${file:path} and error pages.
  std::function<Result<std::string>(const std::string& path, std::size_t most)> content;
  // A server's address; names too. May block.
  std::function<Result<SocketAddress>(std::string_view text)> resolve;
  // A group's number, by its name or its number; the error says that there is none.
  std::function<Result<gid_t>(const std::string& name)> group;
  // Whether an expired certificate is only warned of: by a daemon that starts, since all the rest
  // that it serves depends on it.
  bool takes_expired = false;

  // The environment, the file system and the resolver of this machine.
  static ConfigSurroundings real();
};

// A file's content, if it is a regular file of at most `most` bytes: a pipe would hold a reload up
// for as long as nobody writes. The error is a sentence without the path ("is a folder, not a
// file"). Blocks.
Result<std::string> read_bounded_file(const std::string& path, std::size_t most);

}  // namespace tealgate
