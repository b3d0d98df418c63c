// One health check of one server, from connect to verdict, on a connection of its own.
//
// HTTP checks use the same client as traffic; a TCP check is a connect. It ends by on_result, once,
// unless it is destroyed before. It knows no health: what follows from results is HealthPolicy's.
// Owned by HealthChecker, on the control loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/timer.h"
#include "control/health_policy.h"
#include "http/client_connection.h"
#include "upstream/server.h"

namespace tealgate {

// What to ask, and what a good answer is.
struct ProbeOrder {
  HealthSettings settings;                       // Kind::None is checked as Tcp
  SocketAddress address;                         // with the check's own port
  std::string host;                              // of the Host field
  std::shared_ptr<const PoolTls> tls = nullptr;  // null: plain
  std::string address_text = {};                 // the server's, as written
};

class HealthProbe final : private ClientConnectionOwner {
 public:
  // May hand the probe to Loop::destroy_later.
  using OnResult = std::function<void(CheckResult)>;

  HealthProbe(Loop& loop, std::shared_ptr<const ProbeOrder> order, OnResult on_result);
  ~HealthProbe();

  TimePoint began() const { return result_.began; }

  // No more of an answer is read.
  static constexpr std::size_t kBodyBytes = 64 * 1024;
  // So much of a failing answer is told.
  static constexpr std::size_t kEvidenceBytes = 512;

 private:
  void on_connected() override;
  void on_response_head(const ResponseHead& head) override;
  void on_response_body(std::string_view bytes) override;
  void on_response_end() override;
  void on_failure(Failure failure, std::string_view detail) override;

  bool is_http() const { return order_->settings.kind == HealthSettings::Kind::Http; }
  void send_request();
  void judge();
  void finish(bool ok, std::string error);

  std::shared_ptr<const ProbeOrder> order_;
  OnResult on_result_;
  CheckResult result_;
  std::string body_;
  Timer timeout_;
  std::unique_ptr<ClientConnection> connection_;
  bool expected_status_ = false;
};

}  // namespace tealgate
