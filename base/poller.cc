#include "base/poller.h"

#include <sys/epoll.h>
#include <uv.h>

#include <bitset>

#include "base/check.h"
#include "base/handshake_turn.h"
#include "base/loop.h"
#include "base/stream.h"
#include "base/uv_handle.h"

namespace tealgate {

namespace {
constexpr int kEventsPerTurn = 256;
constexpr std::size_t kSpareBatches = 16;
}  // namespace

struct Poller::Uv {
  UvHandle<uv_poll_t> poll;
  UvHandle<uv_idle_t>
      idle;  // runs while the ready list is not empty, so that the loop does not wait
};

Poller::Poller(Loop& loop)
    : loop_(loop),
      epoll_fd_(epoll_create1(EPOLL_CLOEXEC)),
      read_buffer_(new char[kReadBufferBytes]),
      uv_(std::make_unique<Uv>()) {
  CHECK(epoll_fd_.is_open(), "out of descriptors for an event loop");
  uv_->poll.reset(new uv_poll_t);
  CHECK(uv_poll_init(loop.uv(), uv_->poll.get(), epoll_fd_.get()) == 0, "an epoll descriptor");
  uv_->poll->data = this;
  uv_poll_start(uv_->poll.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    static_cast<Poller*>(handle->data)->on_epoll_readable();
  });
  uv_->idle.reset(new uv_idle_t);
  uv_idle_init(loop.uv(), uv_->idle.get());
  uv_->idle->data = this;
}

Poller::~Poller() {
  for (const Slot& slot : slots_) CHECK(!slot.target, "a socket outlives its loop");
}

Poller::Token Poller::add(Pollable& target) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const Token token{free_slots_.back(), slots_[free_slots_.back()].serial};
  free_slots_.pop_back();
  slots_[token.slot].target = &target;
  return token;
}

bool Poller::watch(Token token, int fd) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = pack(token);
  return epoll_ctl(epoll_fd_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::remove(Token token) {
  if (!is_current(token)) return;
  const std::uint32_t next_serial = token.serial + 1;
  slots_[token.slot] = Slot{};
  slots_[token.slot].serial = next_serial;
  free_slots_.push_back(token.slot);
}

void Poller::unwatch(int fd) {
  epoll_ctl(epoll_fd_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

bool Poller::is_current(Token token) const {
  return token.slot < slots_.size() && slots_[token.slot].serial == token.serial &&
         slots_[token.slot].target;
}

void Poller::make_ready(Token token) {
  if (!is_current(token) || slots_[token.slot].in_ready_list) return;
  slots_[token.slot].in_ready_list = true;
  ready_.push_back(token);
  if (uv_is_active(reinterpret_cast<uv_handle_t*>(uv_->idle.get()))) return;
  uv_idle_start(uv_->idle.get(),
                [](uv_idle_t* handle) { static_cast<Poller*>(handle->data)->run_ready_list(); });
}

void Poller::set_urgent(Token token, bool urgent) {
  if (is_current(token)) slots_[token.slot].urgent = urgent;
}

std::span<char> Poller::plain_buffer() {
  constexpr std::size_t kBytes = kReadBufferBytes + 32 * 1024;  // see TlsSession::take
  if (!plain_buffer_) plain_buffer_.reset(new char[kBytes]);
  return {plain_buffer_.get(), kBytes};
}

void Poller::add_unflushed(Token token, Stream& stream) {
  unflushed_.push_back({token, &stream});
}

void Poller::flush_writes() {
  for (std::size_t i = 0; i < unflushed_.size(); ++i) {
    const Unflushed unflushed = unflushed_[i];
    if (is_current(unflushed.token)) unflushed.stream->flush();
  }
  unflushed_.clear();
}

std::unique_ptr<WriteBatch> Poller::take_batch() {
  if (spare_batches_.empty()) return std::make_unique<WriteBatch>();
  std::unique_ptr<WriteBatch> batch = std::move(spare_batches_.back());
  spare_batches_.pop_back();
  return batch;
}

void Poller::give_back(std::unique_ptr<WriteBatch> batch) {
  if (spare_batches_.size() >= kSpareBatches) return;
  batch->pieces.clear();
  batch->arena.clear();
  spare_batches_.push_back(std::move(batch));
}

void Poller::on_epoll_readable() {
  loop_.refresh_now();
  if (ready_.empty()) begin_handshake_turn();
  epoll_event events[kEventsPerTurn];
  const int count = epoll_wait(epoll_fd_.get(), events, kEventsPerTurn, 0);
  const auto token_of = [&events](int i) {
    return Token{static_cast<std::uint32_t>(events[i].data.u64),
                 static_cast<std::uint32_t>(events[i].data.u64 >> 32)};
  };
  std::bitset<kEventsPerTurn> handled;
  for (int i = 0; i < count; ++i) {
    const Token token = token_of(i);
    if (!is_current(token) || !slots_[token.slot].urgent) continue;
    handled.set(static_cast<std::size_t>(i));
    dispatch(token, events[i].events);
  }
  for (int i = 0; i < count; ++i) {
    if (handled.test(static_cast<std::size_t>(i)) || !is_current(token_of(i))) continue;
    dispatch(token_of(i), events[i].events);
  }
}

void Poller::dispatch(Token token, std::uint32_t events) {
  slots_[token.slot].target->on_events(events);
  if (!unflushed_.empty()) flush_writes();
}

void Poller::run_ready_list() {
  loop_.refresh_now();
  begin_handshake_turn();
  running_.clear();
  running_.swap(ready_);
  for (const Token token : running_) {
    if (!is_current(token)) continue;
    slots_[token.slot].in_ready_list = false;
    dispatch(token, 0);
  }
  if (ready_.empty()) uv_idle_stop(uv_->idle.get());
}

}  // namespace tealgate
