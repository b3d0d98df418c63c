// Sockets and epoll as the programs of bench/ share them. Errors of the set-up end the program.
#pragma once

#include <cstdint>

namespace tealgate::bench {

// `text` as a port number; exits with 2 if it is none.
std::uint16_t port_of(const char* text);

// A non-blocking listener on loopback: TCP_NODELAY (inherited), TCP_DEFER_ACCEPT.
int listen_on(std::uint16_t port);

// A non-blocking connection under way to loopback, with TCP_NODELAY; -1 with errno.
int connect_to(std::uint16_t port);

// Registers `fd` once and for all, edge-triggered, for reading, writing and the peer's close.
void watch(int epoll, int fd, void* owner);

}  // namespace tealgate::bench
