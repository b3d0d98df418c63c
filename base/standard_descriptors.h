// stdin, stdout and stderr, for a program that was started without some of them.
//
// What it opens next would get their numbers: libuv does not close such a handle, and whatever is
// printed would go into a socket.
#pragma once

namespace tealgate {

// Opens /dev/null in place of those that are closed. The first thing in main(). False, with errno,
// if it cannot be opened.
bool open_missing_descriptors();

}  // namespace tealgate
