// One request on the control socket and its answer, as events on a loop.
//
// It knows HTTP and lines, not JSON. When nothing has come for as long as the request has patience,
// and then for kSecondLook, the connection counts as lost. (A process that was stopped finds its
// timer due before it has read what waits for it.)
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/loop.h"
#include "base/timer.h"
#include "control/cli/daemon.h"
#include "http/client_connection.h"

namespace tealgate::cli {

class Conversation final : private ClientConnectionOwner {
 public:
  static constexpr Duration kSecondLook = std::chrono::seconds(1);

  Conversation(Loop& loop, const SocketAddress& socket, const Request& request,
               Daemon::OnLine on_line);
  ~Conversation();

  bool is_over() const { return over_; }
  // Once it is over.
  const Answer& answer() const { return answer_; }

 private:
  void on_connected() override;
  void on_response_head(const ResponseHead& head) override;
  void on_response_body(std::string_view bytes) override;
  void on_response_end() override;
  void on_failure(Failure failure, std::string_view detail) override;

  void take_lines();
  void hear();
  void on_silence();
  void fail(Answer::Outcome outcome, std::string_view detail);

  std::unique_ptr<ClientConnection> connection_;
  Daemon::OnLine on_line_;
  const std::string socket_;
  const Duration patience_;
  Timer silence_;
  Answer answer_;
  std::string received_;
  std::size_t taken_ = 0;  // bytes of received_ that were given out as lines
  bool connected_ = false;
  bool streamed_ = false;
  bool over_ = false;
  bool looks_again_ = false;
};

}  // namespace tealgate::cli
