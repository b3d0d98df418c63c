// What status and the other readers see of the control loop.
#include <nlohmann/json.hpp>
#include <utility>

#include "control/control_loop_parts.h"
#include "control/past_operation.h"

namespace tealgate {

const LoadedConfig& ControlLoop::config() const {
  return parts_->config;
}
const Decisions& ControlLoop::decisions() const {
  return parts_->journal.decisions();
}
std::shared_ptr<const Snapshot> ControlLoop::snapshot() const {
  return parts_->publisher.current();
}
const HealthEvidence* ControlLoop::evidence(const ServerKey& server) const {
  return parts_->wiring.prober.evidence(server);
}
DataPlane::Counts ControlLoop::counts() const {
  return parts_->wiring.data_plane.counts();
}
unsigned ControlLoop::workers() const {
  return parts_->wiring.data_plane.workers();
}
const std::vector<TlsFault>& ControlLoop::tls_faults() const {
  return parts_->tls_upkeep.faults();
}
std::vector<SocketAddress> ControlLoop::listening() const {
  return parts_->wiring.data_plane.listening();
}

std::optional<nlohmann::ordered_json> ControlLoop::operation(std::string_view id,
                                                             std::string_view service) const {
  const Operation* known = std::as_const(parts_->operations).find(id, service);
  if (known != nullptr) return operation_object(known->summary());
  const auto past = parts_->find_past(id, service);
  if (!past) return std::nullopt;
  return past_object(*past);
}

std::set<std::string> ControlLoop::services_of_operation(std::string_view id) const {
  std::set<std::string> services = parts_->operations.services_of(id);
  for (const auto& line : parts_->history.newest("", History::kRemembered)) {
    if (line.value("operation", "") == id) services.insert(line.value("service", ""));
  }
  return services;
}

std::optional<OperationSummary> ControlLoop::running_operation(std::string_view service) const {
  const Operation* running = parts_->operations.running(service);
  if (running == nullptr) return std::nullopt;
  return running->summary();
}

RollbackPreview ControlLoop::rollback_preview(std::string_view service) const {
  const ServiceDecisions* decided = parts_->journal.decisions().find(service);
  const auto snapshot = parts_->publisher.current();
  const Service* routed = snapshot->find_service(service);
  if (decided == nullptr || routed == nullptr) return {std::nullopt, false, "unknown service"};
  return preview_rollback(*decided, *routed);
}

std::vector<nlohmann::ordered_json> ControlLoop::history(std::string_view service,
                                                         std::size_t limit) const {
  return parts_->history.newest(service, limit);
}

}  // namespace tealgate
