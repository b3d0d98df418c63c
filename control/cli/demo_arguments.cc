#include "control/cli/demo_arguments.h"

#include "control/scalar_values.h"

namespace tealgate::cli {

tl::expected<DemoArguments, std::string> demo_arguments(const Arguments& arguments) {
  DemoArguments demo;
  demo.socket = arguments.socket;
  demo.traffic = !arguments.has("no_traffic");
  if (arguments.has("port")) {
    std::uint64_t port = std::get<std::uint64_t>(arguments.flags.at("port"));
    if (port > 65535) return tl::make_unexpected("a port is at most 65535");
    demo.port = static_cast<std::uint16_t>(port);
  }
  if (arguments.has("duration")) demo.duration = *parse_duration(arguments.text("duration"));
  if (arguments.words.empty()) return demo;
  const std::string& action = arguments.words.front();
  if (action != "break" && action != "mend") {
    return tl::make_unexpected("demo takes break POOL or mend POOL, not \"" + action + "\"");
  }
  if (arguments.words.size() != 2) return tl::make_unexpected("demo " + action + " takes a pool");
  demo.action = action == "break" ? DemoArguments::Action::Break : DemoArguments::Action::Mend;
  demo.pool = arguments.words.back();
  return demo;
}

}  // namespace tealgate::cli
