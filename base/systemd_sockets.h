// Listening sockets that systemd opened for this daemon, found by their address (socket
// activation).
//
// systemd keeps them open whatever we do: connections wait in their queues while no daemon runs. So
// duplicates are given out, again and again, as reloads name an address or leave it out. Control
// thread.
#pragma once

#include <string>
#include <vector>

#include "base/address.h"
#include "base/inheritance.h"
#include "base/unique_fd.h"

namespace tealgate {

class SystemdSockets {
 public:
  // take_systemd_sockets(). What does not listen is left out, and the log says so.
  static SystemdSockets from_environment();
  // Those of the daemon before this one, by its handed().
  static SystemdSockets from_predecessor(Inheritance& inheritance);

  // Duplicates of all at this address; none: the caller binds.
  std::vector<UniqueFd> take(const SocketAddress& address);

  // For the daemon after this one.
  std::vector<HandedDescriptor> handed() const;

  // Says in the log which of them were never taken.
  void warn_of_unused() const;

 private:
  void add(UniqueFd fd);

  struct Entry {
    UniqueFd fd;
    SocketAddress address;
    bool is_used = false;
  };
  std::vector<Entry> entries_;
};

// For `count` workers: each gets one, and each socket has somebody who accepts. Where the sockets
// are too few, workers share: whoever is free accepts first. (EPOLLEXCLUSIVE would not keep the
// others asleep: the kernel ignores it for an epoll descriptor that is itself watched, as a
// Poller's is.) May be more than `count`; worker i has those at i, i + count, ….
std::vector<UniqueFd> spread(std::vector<UniqueFd> sockets, std::size_t count);

}  // namespace tealgate
