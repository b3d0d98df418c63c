// Where the daemon keeps its socket, its state and its access log when the config does not say.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tealgate {

// Each makes the folder if it can and returns the first one that is writable; the error names those
// that were tried. $RUNTIME_DIRECTORY, /run/tealgate, $XDG_RUNTIME_DIR/tealgate; the file in it is
// control.sock.
Result<std::string> default_control_socket();
// $STATE_DIRECTORY, /var/lib/tealgate, $XDG_STATE_HOME/tealgate or ~/.local/state/tealgate.
Result<std::string> default_state_folder();
// /var/log/tealgate/access.log if that folder is there and writable, else stdout.
std::string default_access_log();

// Makes the folder (0750 for a new one) and says why if it cannot be written to.
Result<void> make_folder(const std::string& path);

// Takes the state folder for this process, as long as the descriptor is open: two daemons would
// overwrite each other's decisions. The error says that another one has it.
Result<UniqueFd> lock_state_folder(const std::string& path);

}  // namespace tealgate
