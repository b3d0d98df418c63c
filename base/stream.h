// A connected byte stream (TCP or Unix socket) on a loop: edge-triggered, written at once, read
// only when wanted.
//
// Reading: bytes come in the loop's shared buffer and are valid within on_bytes only; one buffer a
// stream a turn. A short read means drained only when no close was announced with the event; else
// the stream reads on to the end or EAGAIN, since data and FIN that arrive together give one event
// and no further edge. While paused nothing is read, and the readiness is remembered. Writing:
// write_view() and write_copy() gather; all that was written during one callback leaves in one
// writev after it. What the kernel does not take is copied into the backlog. Writing never calls
// back: errors arrive as on_error in a later turn. With TLS all of this is said of the plain bytes;
// the backlog is of encrypted ones. The owner holds the stream and may destroy it
// inside any callback but on_write_blocked.
#pragma once

#include <cerrno>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/poller.h"
#include "base/tls_session.h"
#include "base/unique_fd.h"

namespace tealgate {

class Loop;

// What one callback writes: pieces of caller's bytes and of copies in the arena, in order.
struct WriteBatch {
  struct Piece {
    const char* view;  // null: the arena's bytes from `offset`
    std::size_t offset;
    std::size_t size;
  };
  std::vector<Piece> pieces;
  std::string arena;
  std::string_view bytes_of(const Piece& piece) const {
    return {piece.view ? piece.view : arena.data() + piece.offset, piece.size};
  }
};

class StreamOwner {
 public:
  // A connect() succeeded. Never called for accepted streams.
  virtual void on_connected() {}
  virtual void on_bytes(std::string_view bytes) = 0;
  // The peer finished sending. Writing is still possible.
  virtual void on_end() = 0;
  // The connection is dead (errno value), or could not be made. Nothing else follows.
  virtual void on_error(int error) = 0;
  // More than kHighWatermark bytes wait in the backlog. Do not destroy the stream in here.
  virtual void on_write_blocked() {}
  // After on_write_blocked: the backlog fell below kLowWatermark.
  virtual void on_write_drained() {}
  // Nothing waits to be written; asked for by notify_when_flushed(). Comes after the callback that
  // asked for it.
  virtual void on_flushed() {}
  // The turn that wake() asked for.
  virtual void on_woken() {}
  // The connection is dead, but reading is paused: unread bytes may still be there. resume() leads
  // to on_error in the end.
  virtual void on_dead_while_paused() {}
  // The handshake is done; of a server's side.
  virtual void on_tls_established() {}
  // A client of a server's side that spoke no TLS from its first byte on: `bytes` are what it said.
  // From now on the stream is a plain one.
  virtual void on_not_tls(std::string_view bytes) { on_bytes(bytes); }
  // The TLS connection broke or could not be made. The alert is on its way; nothing else follows.
  virtual void on_tls_failure(std::string_view /*why*/) { on_error(EPROTO); }

 protected:
  ~StreamOwner() = default;
};

class Stream final : private Pollable {
 public:
  static constexpr std::size_t kHighWatermark = 64 * 1024;
  static constexpr std::size_t kLowWatermark = 16 * 1024;

  // Takes over a connected, non-blocking socket. Reads at once, without waiting for an event. Null
  // if the poller refuses.
  static std::unique_ptr<Stream> adopt(Loop& loop, UniqueFd fd, StreamOwner& owner);

  // Starts connecting; on_connected or on_error follows, never from inside this call. What is
  // written before waits.
  static std::unique_ptr<Stream> connect(Loop& loop, const SocketAddress& address,
                                         StreamOwner& owner,
                                         std::unique_ptr<TlsSession> tls = nullptr);

  // Closes at once; what was not flushed is lost.
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void set_owner(StreamOwner& owner) { owner_ = &owner; }

  // From now on the peer must speak TLS: `session` is of Role::Server, and `early` what it said of
  // it already. Before anything is written. For a client's session see connect(): on_connected
  // comes when it is established.
  void start_tls(std::unique_ptr<TlsSession> session, std::string_view early = {});
  // Null without TLS.
  const TlsSession* tls() const { return tls_.get(); }

  // `bytes` must stay valid until the running callback returns: what is sent straight from a read
  // buffer.
  void write_view(std::string_view bytes);
  void write_copy(std::string_view bytes);

  void pause() { paused_ = true; }
  void resume();
  bool is_paused() const { return paused_; }

  // Sends FIN once all that was written has left.
  void shutdown_write();
  // The next close sends RST instead of FIN, so that the peer can't take what it has for complete.
  void reset_on_close();

  // on_flushed comes, never from inside this call, as soon as nothing waits to be written.
  void notify_when_flushed();
  // on_woken comes, never from inside this call, when other sockets have had their turn.
  void wake();
  // Bytes of the peer, or its close, may be waiting to be read.
  bool may_have_unread() const { return readable_ || close_announced_ || !early_.empty(); }

  // Bytes that wait for the kernel; exact between callbacks.
  std::size_t backlog() const { return encrypted_backlog() + waiting_plain_.size(); }
  bool is_write_blocked() const { return write_blocked_; }
  // Bytes written that the peer's kernel has not acknowledged yet, the backlog among them.
  std::size_t untaken() const;

  // Handle this stream's events before those of others (see Poller::set_urgent).
  void set_urgent(bool urgent) { poller_.set_urgent(token_, urgent); }

  SocketAddress peer_address() const;
  SocketAddress local_address() const;
  int fd() const { return fd_.get(); }

 private:
  friend class Poller;
  Stream(Loop& loop, UniqueFd fd, StreamOwner& owner);
  void on_events(std::uint32_t events) override;
  void finish_connect(std::uint32_t events);
  void tell_connected();
  void first_read();
  void handle_writable();
  void tell_written();
  void read_once();
  void take_encrypted(std::string_view bytes);
  void end_read();
  void flush();
  void send_batch(const WriteBatch& batch);
  void encrypt_batch(const WriteBatch& batch);
  void begin_handshake();
  void send_encrypted(std::string_view bytes);
  bool is_handshaking() const;
  void on_established();
  void say_tls_end();
  void finish_writing();
  void keep_unsent(const WriteBatch& batch, std::size_t sent);
  bool send_backlog();
  void after_write();
  void fail_writing(int error);
  void die(int error);
  void die_later(int error);
  std::size_t encrypted_backlog() const { return backlog_.size() - backlog_sent_; }
  bool is_write_dead() const { return error_ != 0 || write_error_ != 0; }
  WriteBatch& batch();

  Poller& poller_;
  UniqueFd fd_;
  StreamOwner* owner_;
  Poller::Token token_;
  std::unique_ptr<WriteBatch> batch_;  // writes of the running callback
  std::string backlog_;                // what the kernel did not take
  std::size_t backlog_sent_ = 0;
  std::unique_ptr<TlsSession> tls_;
  std::string waiting_plain_;  // written before the TLS session was established
  std::string early_;          // encrypted bytes that came before start_tls()
  int error_ = 0;              // dead: on_error was called or will be
  int write_error_ = 0;        // writing is over; reading goes on to the end
  bool connecting_ = false;
  bool watched_ = false;
  bool readable_ = false;
  bool close_announced_ = false;
  bool read_ended_ = false;
  bool paused_ = false;
  bool hung_up_ = false;  // both ways are closed, or reset
  bool woken_ = false;
  bool shutdown_wanted_ = false;
  bool write_blocked_ = false;
  bool notify_flushed_ = false;
  bool resets_ = false;     // see reset_on_close()
  bool tls_ended_ = false;  // the peer's close_notify came
  bool tls_shut_ = false;   // ours was sent
  // What the session answered by itself (to key updates) fills the backlog: nothing more is read
  // until the peer takes it.
  bool answers_wait_ = false;
};

}  // namespace tealgate
