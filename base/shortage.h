// What the daemon says when the system has no descriptors or no memory left for sockets.
#pragma once

#include <string_view>

namespace tealgate {

// Whether an errno means so.
bool is_shortage(int error);

// Says it in the daemon's log, once for all sockets that meet it, and again only after a minute
// without. `doing` is what could not be done: "accepting", "connecting". Any thread.
void report_shortage(std::string_view doing, int error);

}  // namespace tealgate
