// The daemon's stream of events, followed for as long as the feed lives: when the connection ends,
// or the daemon is replaced, it connects again and goes on after the last event that it saw.
//
//   connecting → following → lost, waits → connecting …
//
// What the messages mean is its owner's business, and so is when to give up. On its owner's loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/loop.h"
#include "base/timer.h"
#include "control/cli/daemon.h"
#include "control/cli/sse_reader.h"
#include "http/client_connection.h"

namespace tealgate::cli {

class EventFeed final : private ClientConnectionOwner {
 public:
  struct Order {
    std::string socket;
    std::string path;    // "/v1/events?figures=0"
    std::string fields;  // of the request's head, complete lines
  };
  // Neither may destroy the feed.
  struct Listener {
    std::function<void(const SseMessage&)> on_message;
    // Why nothing comes for now; it tries again in a moment. An answer that is no stream (a
    // refusal) is an Answered one.
    std::function<void(const Answer&)> on_trouble;
  };
  static constexpr Duration kSilence = std::chrono::seconds(40);  // pings come every 15 s
  static constexpr Duration kShortestPause = std::chrono::milliseconds(200);
  static constexpr Duration kLongestPause = std::chrono::seconds(2);

  EventFeed(Loop& loop, Order order, Listener listener);
  ~EventFeed();

 private:
  void on_connected() override;
  void on_response_head(const ResponseHead& head) override;
  void on_response_body(std::string_view bytes) override;
  void on_response_end() override;
  void on_failure(Failure failure, std::string_view detail) override;

  void connect();
  void take(const SseMessage& message);
  void end(Answer answer);
  void lose(std::string_view why);
  void on_silence();

  Loop& loop_;
  const Order order_;
  const Listener listener_;
  Timer silence_;
  Timer again_;
  Duration pause_ = kShortestPause;
  std::unique_ptr<ClientConnection> connection_;
  std::unique_ptr<SseReader> reader_;  // null: the answer is no stream
  Answer answer_;
  std::string last_id_;
  bool connected_ = false;
};

}  // namespace tealgate::cli
