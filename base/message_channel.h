// Messages with descriptors between two processes, over a pair of connected Unix sockets: between
// the daemon that is replaced and the one that replaces it.
//
// A message is text of any length and any number of descriptors; it arrives whole or not at all.
// What one side sent before its end still arrives. Loop's thread; the two blocking calls are for a
// start, before the loop runs.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/poller.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace tealgate {

class Loop;

struct ChannelMessage {
  std::string text;
  std::vector<UniqueFd> descriptors;
};

struct ChannelPair {
  UniqueFd ours;
  UniqueFd theirs;
};
Result<ChannelPair> make_channel();

// They block, as long as the other side lives. The error: it has gone.
Result<void> send_now(int fd, ChannelMessage message);
Result<ChannelMessage> receive_now(int fd);

class MessageChannel final : private Pollable {
 public:
  // Either may destroy the channel.
  struct Listener {
    std::function<void(ChannelMessage)> on_message;
    std::function<void()> on_closed;  // the other side has gone; nothing comes after it
  };

  MessageChannel(Loop& loop, UniqueFd fd, Listener listener);
  ~MessageChannel();

  void send(ChannelMessage message);
  // Hands out what waits, now.
  void receive();

 private:
  struct Packet {
    std::string bytes;
    std::vector<UniqueFd> descriptors;
  };
  friend Result<void> send_now(int fd, ChannelMessage message);
  friend Result<ChannelMessage> receive_now(int fd);
  enum class Got : unsigned char { Message, Part, Nothing, End };
  static std::vector<Packet> cut_up(ChannelMessage message);
  static bool send_packet(int fd, const Packet& packet);
  static Got receive_packet(int fd, ChannelMessage& into);

  void on_events(std::uint32_t events) override;
  void flush();

  Poller& poller_;
  UniqueFd fd_;
  Listener listener_;
  Poller::Token token_;
  std::deque<Packet> unsent_;
  ChannelMessage incoming_;
  std::shared_ptr<MessageChannel*> self_;  // null inside once the channel is gone
};

}  // namespace tealgate
