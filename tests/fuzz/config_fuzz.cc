// Feeds arbitrary bytes to the config reader: it ends, does not crash, and says where what is wrong
// stands.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "control/config_file.h"

namespace {

using namespace tealgate;

// A machine without a network and with few files, so that a run depends on the input alone.
ConfigSurroundings surroundings() {
  return {.variable = [](const std::string& name) -> std::optional<std::string> {
            if (name.size() % 2 == 0) return std::nullopt;
            return name;
          },
          .content = [](const std::string& path, std::size_t) -> Result<std::string> {
            if (path.size() % 2 == 0) return error("cannot be read");
            return path;
          },
          .resolve = [](std::string_view text) -> Result<SocketAddress> {
            return SocketAddress::parse(text, SocketAddress::EmptyHost::Loopback);
          },
          .group = [](const std::string& name) -> Result<gid_t> {
            if (name.size() % 2 == 0) return error("is no group of this machine");
            return gid_t{1};
          }};
}

void demand(bool holds) {
  if (!holds) std::abort();
}

void check(const std::vector<Diagnostic>& diagnostics) {
  for (const Diagnostic& found : diagnostics) {
    demand(!found.message.empty());
    demand((found.line == 0) == (found.column == 0));
    demand(found.line >= 0 && found.column >= 0);
  }
  demand(render(diagnostics).empty() == diagnostics.empty());
}

void check(const Config& config) {
  demand(!config.listeners.empty());
  demand(!config.services.empty());
  for (const ServiceConfig& service : config.services) {
    demand(!service.pools.empty());
    demand(!service.initial.entries.empty());
    for (const PoolConfig& pool : service.pools) demand(!pool.servers.empty());
    demand(service.settings.switching.stream_drain >= service.settings.switching.drain);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const ConfigResult result = parse_config(text, "fuzz.yaml", surroundings());
  if (result) {
    check(result->config);
    check(result->warnings);
  } else {
    demand(!result.error().empty());
    check(result.error());
  }
  return 0;
}
