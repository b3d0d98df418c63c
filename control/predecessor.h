// The daemon that this one replaces: the side of the new one. The other side is upgrade.h, what
// they say to each other handover.h.
//
//   meet() ── hello, offer ──► prepare ── ready ──► Waiting ── take ──► serving
//      │                                                │
//      └── the old one died ──► an ordinary start       └── it died ──► serving
//
// To prepare is to read the config, to open listeners, to check servers.
//
// As long as the old one finishes its exchanges it is one worker more: remainder.h. Control loop's
// thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/inheritance.h"
#include "base/message_channel.h"
#include "base/result.h"
#include "control/handover.h"
#include "control/remainder.h"

namespace tealgate {

class Loop;

class Predecessor {
 public:
  // Null: nobody hands over, or whoever did died. The error: it refuses. Blocks until the offer has
  // come. Once in a process, before anything else.
  static Result<std::unique_ptr<Predecessor>> meet();

  const Offer& offer() const { return offer_; }
  // What nobody has taken when this daemon serves closes with forget_inheritance().
  Inheritance& inheritance() { return inheritance_; }
  void forget_inheritance() { inheritance_ = {}; }

  // All is prepared: `on_turn` comes when the decisions are this daemon's.
  void wait_for_turn(Loop& loop, std::function<void()> on_turn);
  // They are, and are read. The old one takes no new connections from here on; it is the
  // worker `index` now, and `state` (encode_state) is what it is told.
  void say_serving(SnapshotCell& cell, unsigned index, std::function<std::string()> state);
  // Null: nothing is left of it.
  Remainder* remainder() { return remainder_.get(); }
  // All addresses that this daemon listens on now: the old one gives up the others.
  void say_listens(const std::vector<SocketAddress>& addresses);
  // This daemon was told to end.
  void say_ending();
  // "upgraded": who asked for it, from which version to which.
  nlohmann::ordered_json history_line() const;
  bool is_there() const { return channel_ != nullptr; }

 private:
  Predecessor(UniqueFd channel, Offer offer, Inheritance inheritance);
  void on_message(const ChannelMessage& message);
  void on_gone();
  void on_silence();

  UniqueFd fd_;
  UniqueFd our_stderr_;
  Offer offer_;
  Inheritance inheritance_;
  Loop* loop_ = nullptr;
  std::unique_ptr<MessageChannel> channel_;
  std::unique_ptr<Remainder> remainder_;
  std::function<void()> on_turn_;
  bool has_died_ = false;  // before it handed over
};

}  // namespace tealgate
