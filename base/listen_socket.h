// A listening TCP or Unix socket that accepts in a loop and hands out descriptors.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/connection_budget.h"
#include "base/poller.h"
#include "base/result.h"
#include "base/timer.h"
#include "base/unique_fd.h"

namespace tealgate {

class Loop;

// `count` sockets on one TCP address, with SO_REUSEPORT, TCP_NODELAY (which accepted sockets
// inherit) and TCP_DEFER_ACCEPT: one a worker. With port 0 the kernel chooses one port for all. An
// address that another process listens on is an error, even if that process would share it. The
// error names the address and says why. Whoever listens on the port already, by another address of
// it (127.0.0.1 beside 0.0.0.0), says so by PortOwner::This: then nobody else is looked for.
enum class PortOwner : std::uint8_t { Nobody, This };
Result<std::vector<UniqueFd>> listen_tcp(const SocketAddress& address, std::size_t count,
                                         PortOwner owner = PortOwner::Nobody);

// Binds and listens on a Unix socket with the given permissions, and the given group if one is. A
// socket file that nobody answers on is replaced; one that a live process answers on is left alone
// and is an error.
Result<UniqueFd> listen_unix(const std::string& path, unsigned mode,
                             std::optional<gid_t> group = std::nullopt);

// Gives the socket file to another group. Meanwhile nobody but the owner can connect, and after an
// error neither.
Result<void> give_unix_socket(const std::string& path, unsigned mode, gid_t group);

// Gives a listening socket that somebody else made the properties that ours have.
void make_ours(const UniqueFd& fd);

// Where a bound socket is, with the port the kernel chose for port 0.
SocketAddress bound_address(const UniqueFd& fd);

class ListenSocket final : private Pollable {
 public:
  // May not destroy the socket.
  using OnAccept = std::function<void(UniqueFd, const SocketAddress& peer)>;

  // With a `budget` each connection that is handed out has a place in it, which its owner gives
  // back; without one, connections wait in the kernel's queue, and retry() goes on.
  ListenSocket(Loop& loop, UniqueFd fd, OnAccept on_accept, ConnectionBudget* budget = nullptr);
  ~ListenSocket();

  SocketAddress address() const { return bound_address(fd_); }

  // Takes what is queued, as far as the budget allows; the destructor does not.
  void accept_queued();

  // The budget may have a place again.
  void retry();

 private:
  void on_events(std::uint32_t events) override;
  bool accept_one();
  bool take_place();
  bool on_accept_failed(int error);

  Poller& poller_;
  UniqueFd fd_;
  OnAccept on_accept_;
  ConnectionBudget* budget_;
  Poller::Token token_;
  Timer retry_;  // after running out of descriptors
  bool waits_for_place_ = false;
};

}  // namespace tealgate
