#include "base/message_channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/loop.h"

namespace tealgate {
namespace {

// A packet is its first byte (more packets follow, or not), then text. The kernel passes up to 253
// descriptors at once.
constexpr char kMore = '+';
constexpr char kLast = '.';
constexpr std::size_t kTextOfPacket = 32768;
constexpr std::size_t kDescriptorsOfPacket = 200;

struct Control {
  alignas(cmsghdr) char bytes[CMSG_SPACE(kDescriptorsOfPacket * sizeof(int))];
};

void wait_for(int fd, short events) {
  pollfd one{fd, events, 0};
  while (::poll(&one, 1, -1) < 0 && errno == EINTR) {
  }
}

}  // namespace

Result<ChannelPair> make_channel() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
    return error("cannot make a pair of sockets: {}", std::strerror(errno));
  }
  return ChannelPair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

std::vector<MessageChannel::Packet> MessageChannel::cut_up(ChannelMessage message) {
  std::vector<Packet> packets;
  std::size_t text = 0;
  std::size_t descriptors = 0;
  do {
    Packet& packet = packets.emplace_back();
    packet.bytes = kMore + message.text.substr(text, kTextOfPacket);
    text = std::min(text + kTextOfPacket, message.text.size());
    while (descriptors < message.descriptors.size() &&
           packet.descriptors.size() < kDescriptorsOfPacket) {
      packet.descriptors.push_back(std::move(message.descriptors[descriptors++]));
    }
  } while (text < message.text.size() || descriptors < message.descriptors.size());
  packets.back().bytes.front() = kLast;
  return packets;
}

// False: not now, or (what receive_packet() tells) never.
bool MessageChannel::send_packet(int fd, const Packet& packet) {
  iovec piece{const_cast<char*>(packet.bytes.data()), packet.bytes.size()};
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  Control control{};
  if (!packet.descriptors.empty()) {
    const std::size_t size = packet.descriptors.size() * sizeof(int);
    header.msg_control = control.bytes;
    header.msg_controllen = CMSG_SPACE(size);
    cmsghdr* head = CMSG_FIRSTHDR(&header);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(size);
    auto* numbers = reinterpret_cast<int*>(CMSG_DATA(head));
    for (const UniqueFd& descriptor : packet.descriptors) *numbers++ = descriptor.get();
  }
  while (::sendmsg(fd, &header, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

MessageChannel::Got MessageChannel::receive_packet(int fd, ChannelMessage& into) {
  char bytes[kTextOfPacket + 1];
  iovec piece{bytes, sizeof bytes};
  Control control{};
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes;
  header.msg_controllen = sizeof control.bytes;
  ssize_t got = 0;
  while ((got = ::recvmsg(fd, &header, MSG_CMSG_CLOEXEC)) < 0) {
    if (errno == EAGAIN) return Got::Nothing;
    // A reset (it left something unread) comes before what it sent last, and the end after that.
    if (errno != EINTR && errno != ECONNRESET) return Got::End;
  }
  for (cmsghdr* head = CMSG_FIRSTHDR(&header); head; head = CMSG_NXTHDR(&header, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    const auto* numbers = reinterpret_cast<const int*>(CMSG_DATA(head));
    for (std::size_t i = 0; i < count; ++i) into.descriptors.emplace_back(numbers[i]);
  }
  // Descriptors that did not fit (the limit is reached) are lost: no message is better than half.
  if (got == 0 || (header.msg_flags & MSG_CTRUNC) != 0) return Got::End;
  into.text.append(bytes + 1, static_cast<std::size_t>(got) - 1);
  return bytes[0] == kLast ? Got::Message : Got::Part;
}

Result<void> send_now(int fd, ChannelMessage message) {
  for (const MessageChannel::Packet& packet : MessageChannel::cut_up(std::move(message))) {
    while (!MessageChannel::send_packet(fd, packet)) {
      if (errno != EAGAIN) return error("the other side has gone: {}", std::strerror(errno));
      wait_for(fd, POLLOUT);
    }
  }
  return {};
}

Result<ChannelMessage> receive_now(int fd) {
  ChannelMessage message;
  for (;;) {
    switch (MessageChannel::receive_packet(fd, message)) {
      case MessageChannel::Got::Message:
        return message;
      case MessageChannel::Got::End:
        return error("the other side has gone");
      case MessageChannel::Got::Nothing:
        wait_for(fd, POLLIN);
        break;
      case MessageChannel::Got::Part:
        break;
    }
  }
}

MessageChannel::MessageChannel(Loop& loop, UniqueFd fd, Listener listener)
    : poller_(loop.poller()),
      fd_(std::move(fd)),
      listener_(std::move(listener)),
      token_(poller_.add(*this)),
      self_(std::make_shared<MessageChannel*>(this)) {
  ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
  CHECK(poller_.watch(token_, fd_.get()), "a Unix socket on the poller");
}

MessageChannel::~MessageChannel() {
  *self_ = nullptr;
  poller_.remove(token_);
}

void MessageChannel::send(ChannelMessage message) {
  for (Packet& packet : cut_up(std::move(message))) unsent_.push_back(std::move(packet));
  flush();
}

// A peer that has gone is noticed by receive().
void MessageChannel::flush() {
  while (!unsent_.empty() && send_packet(fd_.get(), unsent_.front())) unsent_.pop_front();
}

void MessageChannel::on_events(std::uint32_t) {
  flush();
  receive();
}

void MessageChannel::receive() {
  const auto self = self_;
  while (*self != nullptr) {
    const Got got = receive_packet(fd_.get(), incoming_);
    if (got == Got::Nothing) return;
    if (got == Got::End) {
      poller_.remove(token_);
      if (auto tell = std::exchange(listener_.on_closed, nullptr)) tell();
      return;
    }
    if (got == Got::Message) {
      const auto tell = listener_.on_message;
      tell(std::exchange(incoming_, {}));
    }
  }
}

}  // namespace tealgate
