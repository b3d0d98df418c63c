#include "upstream/server.h"

#include <doctest/doctest.h>

#include "base/cell.h"
#include "unit/upstream/services.h"

using namespace tealgate;

TEST_CASE("ServerState: counts are the sum over the workers") {
  ServerState state(2);
  add_to_cell(state.cell(0).in_flight, 3u);
  add_to_cell(state.cell(1).in_flight, 2u);
  add_to_cell(state.cell(1).in_flight, ~0u);  // one fewer
  add_to_cell(state.cell(0).claims, std::uint64_t{7});
  add_to_cell(state.cell(1).uploading, 1u);
  add_to_cell(state.cell(1).responding, 1u);
  add_to_cell(state.cell(0).blocked, 1u);
  add_to_cell(state.cell(1).failures, std::uint64_t{4});
  ServerState::Counts counts = state.counts();
  CHECK(counts.in_flight == 4);
  CHECK(counts.claims == 7);
  CHECK(counts.uploading == 1);
  CHECK(counts.responding == 1);
  CHECK(counts.blocked == 1);
  CHECK(counts.failures == 4);
}

TEST_CASE("Server: is eligible when ready and up") {
  Server server = tealgate::testing::server("a");
  CHECK(server.is_eligible());
  server.admin = AdminState::Drain;
  CHECK_FALSE(server.is_eligible());
  server.admin = AdminState::Ready;
  server.state->set_health(Health::Unknown);
  CHECK_FALSE(server.is_eligible());
}

TEST_CASE("Server: states have the names that users read") {
  CHECK(to_string(AdminState::Ready) == "ready");
  CHECK(to_string(AdminState::Drain) == "drain");
  CHECK(to_string(AdminState::Maint) == "maint");
  CHECK(to_string(Health::Unknown) == "unknown");
  CHECK(to_string(Health::Up) == "up");
  CHECK(to_string(Health::Down) == "down");
}

TEST_CASE("Server: its host is what its certificate must be for") {
  CHECK(Server::host_of("app.internal:8443") == "app.internal");
  CHECK(Server::host_of("10.0.0.1:8443") == "10.0.0.1");
  CHECK(Server::host_of("[::1]:8443") == "::1");
  CHECK(Server::host_of(":8443") == "127.0.0.1");
}
