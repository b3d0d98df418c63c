// `tealgate ssh`, the forced command of an ssh key that may do one thing only: release.
//
// What the key's owner typed comes in SSH_ORIGINAL_COMMAND. It is split without a shell and parsed
// as any command line of ours; of those only the commands listed here are carried out, none of
// which runs a program or reads a file. What they may do is not decided here: each request says
// which role and which services the key has, and the daemon keeps to that. Pure.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "control/cli/arguments.h"

namespace tealgate::cli {

struct KeyCommand {
  Arguments arguments;
  std::string fields;  // of each request, complete lines
};

// `own` is the forced command's line, `asked` what the key's owner wants, `account` who he is to
// this machine. A Stop is what he is told instead.
tl::expected<KeyCommand, Stop> command_for_key(const Arguments& own, const std::string& asked,
                                               const std::string& account);

}  // namespace tealgate::cli
