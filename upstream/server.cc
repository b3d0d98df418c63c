#include "upstream/server.h"

namespace tealgate {

ServerState::Counts ServerState::counts() const {
  Counts sum;
  for (const Cell& cell : cells_) {
    sum.in_flight += cell.in_flight.load(std::memory_order_relaxed);
    sum.uploading += cell.uploading.load(std::memory_order_relaxed);
    sum.responding += cell.responding.load(std::memory_order_relaxed);
    sum.blocked += cell.blocked.load(std::memory_order_relaxed);
    sum.streams += cell.streams.load(std::memory_order_relaxed);
    sum.claims += cell.claims.load(std::memory_order_relaxed);
    sum.failures += cell.failures.load(std::memory_order_relaxed);
  }
  return sum;
}

std::string_view Server::host_of(std::string_view address_text) {
  const std::string_view host = address_text.substr(0, address_text.rfind(':'));
  if (host.empty()) return "127.0.0.1";
  return host.front() == '[' ? host.substr(1, host.size() - 2) : host;
}

std::string_view to_string(AdminState state) {
  switch (state) {
    case AdminState::Ready:
      return "ready";
    case AdminState::Drain:
      return "drain";
    case AdminState::Maint:
      return "maint";
  }
  return "?";
}

std::string_view to_string(Health health) {
  switch (health) {
    case Health::Unknown:
      return "unknown";
    case Health::Up:
      return "up";
    case Health::Down:
      return "down";
  }
  return "?";
}

}  // namespace tealgate
