// The stream of events to one reader: Server-Sent Events, as the HTML standard has them (section
// "Server-sent events").
//
//   snapshot (status, figures, newest events) → tick each second, event as it comes, ping
//
// Its ApiExchange owns it and is told what to send. A reader that does not keep up is dropped, so
// that what waits for it is bounded; one that takes nothing at all is its connection's to drop
// (connection_terms.h). Control loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/timer.h"
#include "control/access.h"
#include "control/telemetry.h"

namespace tealgate {

class Loop;

class EventStream final : private Telemetry::Reader {
 public:
  struct Order {
    Access access;             // what the reader may see
    std::string service = {};  // all that he wants to see; empty: whatever he may
    std::string last_id = {};  // of the last event that he has seen
    bool figures = true;       // false: events alone
    Telemetry::Via via = Telemetry::Via::Socket;
  };
  // Where it goes. Neither may call back.
  struct Sink {
    std::function<void(std::string)> send;
    std::function<void()> cut;
  };
  static constexpr Duration kPing = std::chrono::seconds(15);
  static constexpr std::size_t kNewest = 200;
  static constexpr std::size_t kMostWaiting = std::size_t{1} << 20;

  EventStream(Loop& loop, Telemetry& telemetry, Order order, Sink sink);
  ~EventStream() override;

  // Sends the snapshot; the rest follows.
  void begin();
  // The reader takes nothing for now / takes what comes again.
  void on_blocked();
  void on_drained();

 private:
  Telemetry::Via via() const override { return order_.via; }
  void on_second(const SharedJson& tick) override;
  void on_event(const nlohmann::ordered_json& event) override;
  void on_retired() override { drop(); }

  // As JSON.
  std::string snapshot(const SharedJson& status) const;
  bool concerns(const nlohmann::ordered_json& event) const;

  void send(std::string text);
  void ping();
  void drop();

  Telemetry& telemetry_;
  const Order order_;
  const Access seen_;
  const Sink sink_;
  Timer ping_;
  std::size_t waiting_ = 0;  // bytes sent since it was blocked
  bool is_blocked_ = false;
  bool is_dropped_ = false;
};

}  // namespace tealgate
