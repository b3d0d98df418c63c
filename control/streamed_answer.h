// The progress of one command as lines of JSON, with a heartbeat when nothing happens.
//
// What is refused before any line went out is answered as a single object with its HTTP status. The
// control loop and the exchange share it; the exchange cuts it off when the client is gone.
#pragma once

#include <string>

#include "base/timer.h"
#include "control/api_exchange.h"

namespace tealgate {

class StreamedAnswer final : public CommandWatcher {
 public:
  StreamedAnswer(Loop& loop, ApiExchange& exchange, Duration heartbeat);

  void on_progress(std::string_view word, std::string_view message,
                   std::string_view operation) override;
  void on_locked(const nlohmann::ordered_json& result) override;
  void on_finished(const nlohmann::ordered_json& result) override;

  // Nothing more reaches the exchange.
  void cut_off();
  bool is_finished() const { return finished_; }

 private:
  void send_line(const nlohmann::ordered_json& object);
  void beat();

  ApiExchange* exchange_;
  Timer timer_;
  Duration heartbeat_;
  std::string message_ = "waiting";
  std::string operation_;
  bool begun_ = false;  // a line went out
  bool finished_ = false;
};

}  // namespace tealgate
