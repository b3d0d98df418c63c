// The dashboard's page and the control API on a TCP address, for people and monitors.
//
// Who may do what there is dashboard_door's affair. Owned by the daemon, on the control loop; it
// must end before the Api.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/connection_budget.h"
#include "base/result.h"
#include "control/api.h"
#include "control/dashboard_door.h"
#include "http/http_listener.h"

namespace tealgate {

class Dashboard final : private RequestHandler {
 public:
  // The config as it is at the moment: a reload may change all of it but the address.
  using Current = std::function<const DashboardConfig&()>;

  // On a socket that listens already.
  static std::unique_ptr<Dashboard> adopt(Loop& loop, UniqueFd fd, Current config, Api& api);

  // With the port that the kernel chose.
  const SocketAddress& address() const { return listener_->address(); }
  // Takes no new clients; those connected go after their answer.
  void close();
  // For another process.
  UniqueFd duplicate() const;

  // So many clients at once, the rest wait: they take no descriptors from the proxy's.
  static constexpr std::uint64_t kMostClients = 128;

 private:
  Dashboard(Current config, Api& api);
  Result<DashboardDoor::Entry, DashboardDoor::Refused> enter(const RequestHead& head,
                                                             const SocketAddress& from);
  std::unique_ptr<RequestAnswerer> on_request(RequestHead&& head, ResponseWriter& writer) override;

  Current config_;
  Api& api_;
  DashboardDoor door_;
  const ServerConnectionSettings settings_;
  ConnectionBudget places_;
  UniqueFd listening_;  // a duplicate
  std::unique_ptr<HttpListener> listener_;
};

}  // namespace tealgate
