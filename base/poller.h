// Edge-triggered socket events for one loop.
//
// All sockets of a loop sit on one epoll descriptor of ours, which libuv watches through a single
// uv_poll_t; each is registered once, for everything. An event names a slot and a serial, so that a
// descriptor closed and reused within a batch is never hit. The poller also keeps the list of
// streams to go on with (ready) and those with unflushed writes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/unique_fd.h"

namespace tealgate {

class Loop;
class Stream;
struct WriteBatch;

// Whoever owns a socket on a poller.
class Pollable {
 public:
  // `events` is an epoll mask, or 0 when the ready list calls. May destroy the Pollable.
  virtual void on_events(std::uint32_t events) = 0;

 protected:
  ~Pollable() = default;
};

class Poller {
 public:
  // Names a registration; stale tokens are recognised, never misdirected.
  struct Token {
    std::uint32_t slot = UINT32_MAX;
    std::uint32_t serial = 0;
  };

  explicit Poller(Loop& loop);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Names `target`; make_ready() works from now on, events come after watch().
  Token add(Pollable& target);
  // Registers `fd` for reading and writing, edge-triggered. False (errno is set) when the kernel
  // refuses.
  bool watch(Token token, int fd);
  // Forgets the target. The descriptor leaves the poller when its owner closes it, unless another
  // process has it too: then unwatch() it before.
  void remove(Token token);
  void unwatch(int fd);
  bool is_current(Token token) const;

  // Calls on_events(0) in the next turn.
  void make_ready(Token token);

  // Events of marked sockets are handled before all others of a batch: a server's close of an idle
  // connection must be seen before a request in the same batch picks that connection.
  void set_urgent(Token token, bool urgent);

  // Streams call this when their first unflushed byte is written; flush happens after the current
  // callback, of whatever kind (Loop::call).
  void add_unflushed(Token token, Stream& stream);
  void flush_writes();
  std::unique_ptr<WriteBatch> take_batch();
  void give_back(std::unique_ptr<WriteBatch> batch);

  // One buffer for all reads of this loop; its content is valid within one callback.
  char* read_buffer() { return read_buffer_.get(); }
  // The same for what TLS streams decrypt; made when first asked for.
  std::span<char> plain_buffer();
  static constexpr std::size_t kReadBufferBytes = 256 * 1024;

 private:
  struct Uv;
  struct Slot {
    Pollable* target = nullptr;
    std::uint32_t serial = 1;
    bool urgent = false;
    bool in_ready_list = false;
  };
  struct Unflushed {
    Token token;
    Stream* stream;
  };
  static std::uint64_t pack(Token token) {
    return (std::uint64_t{token.serial} << 32) | token.slot;
  }

  void on_epoll_readable();
  void dispatch(Token token, std::uint32_t events);
  void run_ready_list();

  Loop& loop_;
  UniqueFd epoll_fd_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<Token> ready_;
  std::vector<Token> running_;
  std::vector<Unflushed> unflushed_;
  std::vector<std::unique_ptr<WriteBatch>> spare_batches_;
  std::unique_ptr<char[]> read_buffer_;
  std::unique_ptr<char[]> plain_buffer_;
  std::unique_ptr<Uv> uv_;
};

}  // namespace tealgate
