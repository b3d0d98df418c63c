#include "control/cli/demo_arguments.h"

#include "control/scalar_values.h"

namespace tealgate::cli {

namespace {

using Every = std::optional<std::chrono::nanoseconds>;

// By --no-WHATs and --WHAT-every.
Every how_often(const Arguments& arguments, const std::string& what, const Every& otherwise) {
  if (arguments.has("no_" + what + "s")) return std::nullopt;
  const std::string every = what + "_every";
  return arguments.has(every) ? Every(*parse_duration(arguments.text(every))) : otherwise;
}

}  // namespace

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
  demo.release_every = how_often(arguments, "release", demo.release_every);
  demo.break_every = how_often(arguments, "break", demo.break_every);
  for (const Every& every : {demo.release_every, demo.break_every}) {
    if (every && *every < std::chrono::seconds(1)) {
      return tl::make_unexpected("the time between releases, or breakdowns, is at least 1s");
    }
  }
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
