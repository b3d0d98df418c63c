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
