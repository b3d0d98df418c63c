#include "base/stream.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/handshake_turn.h"
#include "base/loop.h"
#include "base/shortage.h"

namespace tealgate {

namespace {

constexpr std::size_t kVectorsPerCall = 64;
constexpr std::uint32_t kDeadEvents = EPOLLHUP | EPOLLERR;
constexpr std::uint32_t kCloseEvents = EPOLLRDHUP | kDeadEvents;

int pending_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

}  // namespace

Stream::Stream(Loop& loop, UniqueFd fd, StreamOwner& owner)
    : poller_(loop.poller()), fd_(std::move(fd)), owner_(&owner), token_(poller_.add(*this)) {}

Stream::~Stream() {
  // So that the peer knows that nothing was cut off (RFC 8446 6.1).
  const bool is_whole = !batch_ && backlog() == 0 && error_ == 0 && !is_write_dead();
  if (tls_ && is_whole && !resets_ && !is_handshaking()) say_tls_end();
  poller_.remove(token_);
  if (batch_) poller_.give_back(std::move(batch_));
}

std::unique_ptr<Stream> Stream::adopt(Loop& loop, UniqueFd fd, StreamOwner& owner) {
  std::unique_ptr<Stream> stream(new Stream(loop, std::move(fd), owner));
  stream->poller_.make_ready(stream->token_);
  return stream;
}

std::unique_ptr<Stream> Stream::connect(Loop& loop, const SocketAddress& address,
                                        StreamOwner& owner, std::unique_ptr<TlsSession> tls) {
  UniqueFd fd(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int socket_error = fd.is_open() ? 0 : errno;
  std::unique_ptr<Stream> stream(new Stream(loop, std::move(fd), owner));
  stream->connecting_ = true;
  stream->tls_ = std::move(tls);
  if (socket_error != 0) {
    if (is_shortage(socket_error)) report_shortage("connecting", socket_error);
    stream->die_later(socket_error);
    return stream;
  }
  const int on = 1;
  if (!address.is_unix()) {
    setsockopt(stream->fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  stream->watched_ = true;
  // Registered before connect(2), an unconnected socket would report EPOLLHUP.
  if (::connect(stream->fd_.get(), address.raw(), address.size()) != 0 && errno != EINPROGRESS) {
    stream->die_later(errno == EAGAIN ? ECONNREFUSED : errno);
  } else if (!stream->poller_.watch(stream->token_, stream->fd_.get())) {
    stream->die_later(errno);
  }
  return stream;
}

WriteBatch& Stream::batch() {
  if (!batch_) {
    batch_ = poller_.take_batch();
    poller_.add_unflushed(token_, *this);
  }
  return *batch_;
}

void Stream::write_view(std::string_view bytes) {
  if (is_write_dead() || bytes.empty()) return;
  batch().pieces.push_back({bytes.data(), 0, bytes.size()});
}

void Stream::write_copy(std::string_view bytes) {
  if (is_write_dead() || bytes.empty()) return;
  WriteBatch& batch = this->batch();
  if (batch.pieces.empty() || batch.pieces.back().view) {
    batch.pieces.push_back({nullptr, batch.arena.size(), 0});
  }
  batch.arena.append(bytes);
  batch.pieces.back().size += bytes.size();
}

void Stream::resume() {
  if (!paused_) return;
  paused_ = false;
  if (readable_ || error_ != 0 || !early_.empty() || tls_ended_) poller_.make_ready(token_);
}

void Stream::shutdown_write() {
  shutdown_wanted_ = true;
  if (!batch_ && backlog() == 0 && !connecting_) finish_writing();
}

void Stream::reset_on_close() {
  resets_ = true;
  const linger abort{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
}

void Stream::notify_when_flushed() {
  notify_flushed_ = true;
  if (backlog() == 0) batch();  // the flush after the running callback tells
}

void Stream::wake() {
  woken_ = true;
  poller_.make_ready(token_);
}

std::size_t Stream::untaken() const {
  int queued = 0;
  ioctl(fd_.get(), SIOCOUTQ, &queued);
  return backlog() + static_cast<std::size_t>(std::max(queued, 0));
}

SocketAddress Stream::peer_address() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return {reinterpret_cast<const sockaddr*>(&address), size};
}

SocketAddress Stream::local_address() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return {reinterpret_cast<const sockaddr*>(&address), size};
}

void Stream::on_events(std::uint32_t events) {
  if (error_ != 0) return owner_->on_error(error_);
  if (connecting_) return finish_connect(events);
  if (!watched_) return first_read();
  // Every call to the owner may be the end of this stream.
  const Poller::Token token = token_;
  Poller& poller = poller_;
  if ((events & kCloseEvents) != 0) close_announced_ = true;
  if ((events & (EPOLLIN | kCloseEvents)) != 0) readable_ = true;
  if ((events & kDeadEvents) != 0) hung_up_ = true;
  if (backlog() > 0 || notify_flushed_ || write_blocked_) {
    handle_writable();
    if (!poller.is_current(token)) return;
  }
  if (std::exchange(woken_, false)) {
    // What the owner writes now may be views into what it keeps: flushed before it gets more.
    if (readable_ || hung_up_ || write_error_ != 0) poller_.make_ready(token_);
    return owner_->on_woken();
  }
  if (hung_up_ || write_error_ != 0) {
    if (paused_) return owner_->on_dead_while_paused();
    if (read_ended_) return die(write_error_ != 0 ? write_error_ : pending_error(fd_.get()));
  }
  if (paused_ || read_ended_ || error_ != 0 || answers_wait_) return;
  if (tls_ended_) return end_read();
  if (is_handshaking() && (readable_ || !early_.empty()) && !take_handshake_step())
    return poller_.make_ready(token_);
  if (!early_.empty()) {
    if (readable_) poller_.make_ready(token_);
    return take_encrypted(std::exchange(early_, {}));
  }
  if (readable_) read_once();
}

// `events` may be 0 (from the ready list) while the connect is under way.
void Stream::finish_connect(std::uint32_t events) {
  if (events == 0) return;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    return die(pending_error(fd_.get()));
  }
  if ((events & EPOLLOUT) == 0) return;
  connecting_ = false;
  if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) {
    readable_ = true;
    close_announced_ = (events & EPOLLRDHUP) != 0;
    poller_.make_ready(token_);
  }
  if (tls_) return begin_handshake();
  if (backlog() > 0 && !send_backlog()) return;
  tell_connected();
}

void Stream::tell_connected() {
  const Poller::Token token = token_;
  Poller& poller = poller_;
  owner_->on_connected();
  if (poller.is_current(token)) tell_written();
}

// An accepted socket is read before it is registered: its first bytes are usually there
// (TCP_DEFER_ACCEPT). What comes later is reported by the registration.
void Stream::first_read() {
  watched_ = true;
  const Poller::Token token = token_;
  Poller& poller = poller_;
  const int fd = fd_.get();
  // Else its registration reports what is there.
  if (!paused_ && (!is_handshaking() || take_handshake_step())) read_once();
  if (poller.is_current(token) && !poller.watch(token, fd)) die_later(errno);
}

void Stream::handle_writable() {
  if (backlog() == 0 || send_backlog()) tell_written();
}

// Every call to the owner may be the end of this stream.
void Stream::tell_written() {
  const Poller::Token token = token_;
  Poller& poller = poller_;
  if (encrypted_backlog() <= kLowWatermark) answers_wait_ = false;
  if (write_blocked_ && backlog() <= kLowWatermark) {
    write_blocked_ = false;
    owner_->on_write_drained();
    if (!poller.is_current(token)) return;
  }
  if (!batch_) after_write();
}

void Stream::read_once() {
  constexpr std::size_t size = Poller::kReadBufferBytes;
  const ssize_t got = recv(fd_.get(), poller_.read_buffer(), size, 0);
  if (got > 0) {
    const auto bytes = static_cast<std::size_t>(got);
    readable_ = bytes == size || close_announced_;
    if (readable_) poller_.make_ready(token_);
    const std::string_view read(poller_.read_buffer(), bytes);
    return tls_ ? take_encrypted(read) : owner_->on_bytes(read);
  }
  if (got < 0 && errno == EINTR) return poller_.make_ready(token_);
  readable_ = false;
  const int error = got < 0 ? errno : 0;
  if (write_error_ != 0) return die(write_error_);
  if (got < 0) return error == EAGAIN ? void() : die(error);
  // Only the peer's own word says that this was all (RFC 8446 6.1). Requests say where they end,
  // and clients often leave without it.
  if (tls_ && (is_handshaking() || tls_->role() == TlsSession::Role::Client))
    return die(ECONNRESET);
  end_read();
}

void Stream::end_read() {
  read_ended_ = true;
  if (hung_up_) poller_.make_ready(token_);  // what is told of it came with the last bytes
  owner_->on_end();
}

void Stream::flush() {
  if (!batch_) return;
  std::unique_ptr<WriteBatch> batch = std::move(batch_);
  if (error_ == 0 && write_error_ == 0) {
    if (tls_) {
      encrypt_batch(*batch);
    } else if (connecting_ || backlog() > 0) {
      keep_unsent(*batch, 0);
    } else {
      send_batch(*batch);
    }
  }
  poller_.give_back(std::move(batch));
  if (!write_blocked_ && backlog() > kHighWatermark) {
    write_blocked_ = true;
    owner_->on_write_blocked();
  }
  after_write();
}

void Stream::send_batch(const WriteBatch& batch) {
  std::size_t sent_total = 0;
  for (std::size_t first = 0; first < batch.pieces.size(); first += kVectorsPerCall) {
    std::array<iovec, kVectorsPerCall> vectors;
    const std::size_t count = std::min(kVectorsPerCall, batch.pieces.size() - first);
    std::size_t wanted = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view bytes = batch.bytes_of(batch.pieces[first + i]);
      vectors[i] = {const_cast<char*>(bytes.data()), bytes.size()};
      wanted += bytes.size();
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    const ssize_t sent = sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return fail_writing(errno);
    sent_total += static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
    if (sent < 0 || static_cast<std::size_t>(sent) < wanted) {
      if (sent < 0 && errno == EINTR) poller_.make_ready(token_);
      return keep_unsent(batch, sent_total);
    }
  }
}

void Stream::keep_unsent(const WriteBatch& batch, std::size_t sent) {
  for (const WriteBatch::Piece& piece : batch.pieces) {
    const std::string_view bytes = batch.bytes_of(piece);
    const std::size_t skipped = std::min(sent, bytes.size());
    backlog_.append(bytes.substr(skipped));
    sent -= skipped;
  }
}

// False if the stream is dead; on_error comes in a later turn.
bool Stream::send_backlog() {
  const std::string_view waiting = std::string_view(backlog_).substr(backlog_sent_);
  const ssize_t sent = send(fd_.get(), waiting.data(), waiting.size(), MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno == EINTR) poller_.make_ready(token_);
    if (errno == EAGAIN || errno == EINTR) return true;
    fail_writing(errno);
    return false;
  }
  backlog_sent_ += static_cast<std::size_t>(sent);
  if (backlog() == 0) {
    backlog_ = std::string();  // an idle connection owns no buffer
    backlog_sent_ = 0;
  }
  return true;
}

// What waits for everything being written. on_flushed may be the end of this stream.
void Stream::after_write() {
  if (backlog() > 0 || connecting_ || is_write_dead()) return;
  if (shutdown_wanted_) finish_writing();
  if (!notify_flushed_) return;
  notify_flushed_ = false;
  owner_->on_flushed();
}

// What the peer sent before it closed may still be unread, an answer to a request that it did not
// want to hear to its end, above all. So reading goes on to its end, and only then the stream is
// dead.
void Stream::fail_writing(int error) {
  write_error_ = error;
  backlog_ = std::string();
  backlog_sent_ = 0;
  answers_wait_ = false;
  readable_ = true;
  close_announced_ = true;
  poller_.make_ready(token_);
}

void Stream::die(int error) {
  error_ = error != 0 ? error : EPIPE;
  owner_->on_error(error_);
}

void Stream::die_later(int error) {
  error_ = error;
  poller_.make_ready(token_);
}

}  // namespace tealgate
