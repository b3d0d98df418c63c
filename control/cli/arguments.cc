#include "control/cli/arguments.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/suggest.h"
#include "control/cli/command_table.h"

namespace tealgate::cli {
namespace {

class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override {
    std::string usage = CLI::Formatter::make_usage(app, std::move(name));
    const std::size_t end = usage.find_last_not_of('\n') + 1;
    if (app->get_name() == "lock") usage.insert(end, " [-- COMMAND...]");
    return usage;
  }
  std::string make_option_usage(const CLI::Option* option) const override {
    std::string name = make_option_name(option, true);
    if (option->get_expected_max() > 1) name += "...";
    return option->get_required() ? name : "[" + name + "]";
  }
};

struct Parser {
  CLI::App app{
      "Blue/green releases without a lost request. `tealgate run` is the daemon; every other word "
      "talks to it.",
      "tealgate"};
  Arguments arguments;

  Parser();
  void add_command(const CommandRow& row);
  void add_flag(CLI::App& command, const FlagRow& flag);
};

Parser::Parser() {
  app.formatter(std::make_shared<HelpFormatter>());  // before the commands, which take it over
  app.set_help_flag("-h,--help", "Print this help, or that of a command");
  app.set_version_flag("--version", std::string("tealgate ") + TEALGATE_VERSION);
  app.require_subcommand(0, 1);
  app.add_option("-s,--service", arguments.service,
                 "The service meant, where there is more than one (TEALGATE_SERVICE)")
      ->type_name("NAME");
  app.add_option("--socket", arguments.socket, "The daemon's control socket (TEALGATE_SOCKET)")
      ->type_name("PATH");
  app.add_flag("--json", arguments.json, "The result as JSON on stdout, errors too");
  app.add_flag("--quiet", arguments.quiet, "No progress on stderr");
  app.add_flag("--no-color", arguments.no_color, "No colours (NO_COLOR)");
  for (const CommandRow& row : command_table()) add_command(row);
}

void Parser::add_command(const CommandRow& row) {
  CLI::App* command = app.add_subcommand(row.name, row.what);
  command->fallthrough();
  command->footer(
      "Flags of all commands: -s, --socket, --json, --quiet, --no-color; see tealgate --help.");
  if (row.words.name) {
    command->add_option(row.words.name, arguments.words, row.words.what)
        ->expected(row.words.fewest, row.words.most)
        ->required(row.words.fewest > 0)
        ->type_name("");
  }
  for (const FlagRow& flag : row.flags) add_flag(*command, flag);
  command->callback([this, row] { arguments.command = row.name; });
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> items = CLI::detail::split(text, ',');
  items.erase(std::remove(items.begin(), items.end(), ""), items.end());
  return items;
}

// Decimal digits alone, few enough for any counter; what is wrong, or "".
std::string check_number(const std::string& value) {
  bool fits = !value.empty() && value.size() <= 18 &&
              value.find_first_not_of("0123456789") == std::string::npos;
  return fits ? "" : "\"" + value + "\" is no number";
}

void Parser::add_flag(CLI::App& command, const FlagRow& flag) {
  const std::string field = flag.field;
  const std::string name = flag_name(flag);
  switch (flag.kind) {
    case FlagKind::Yes:
      command.add_flag_function(
          name, [this, field](std::int64_t) { arguments.flags[field] = true; }, flag.what);
      return;
    case FlagKind::Number:
      command
          .add_option_function<std::string>(
              name,
              [this, field](const std::string& value) {
                arguments.flags[field] = std::uint64_t{std::stoull(value)};
              },
              flag.what)
          ->type_name(flag.type)
          ->check([](const std::string& value) { return check_number(value); });
      return;
    case FlagKind::List:
      command
          .add_option_function<std::string>(
              name,
              [this, field](const std::string& value) {
                arguments.flags[field] = split_list(value);
              },
              flag.what)
          ->type_name(flag.type);
      return;
    case FlagKind::Text:
      break;
  }
  CLI::Option* option = command.add_option_function<std::string>(
      name, [this, field](const std::string& value) { arguments.flags[field] = value; }, flag.what);
  option->type_name(flag.type);
  if (flag.check)
    option->check([check = flag.check](const std::string& value) { return check(value); });
}

bool is_global_with_value(const std::string& word) {
  return word == "-s" || word == "--service" || word == "--socket";
}

// The first word that is no global flag, or "".
std::string first_word(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].empty() || words[i][0] != '-') return words[i];
    if (is_global_with_value(words[i])) ++i;
  }
  return {};
}

bool asks_for_json(const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), "--json") != words.end();
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const CommandRow& row : command_table()) names.emplace_back(row.name);
  return names;
}

Stop unknown_command(const std::string& word) {
  Stop stop{2, "there is no command \"" + word + "\"", suggest_command(word), false};
  if (stop.hint.empty()) stop.hint = "tealgate --help";
  return stop;
}

Stop unknown_flags(CLI::App& app, const std::string& command) {
  std::vector<std::string> flags;
  CLI::App* chosen = app.get_subcommand_ptr(command).get();
  for (CLI::App* each : {chosen, &app}) {
    for (const CLI::Option* option : each->get_options()) flags.push_back(option->get_name());
  }
  std::erase(flags, "--help");  // near --hold, and nobody means it
  std::vector<std::string> rest = app.remaining(true);
  const std::string& word = rest.front();
  bool is_flag = !word.empty() && word[0] == '-';
  std::string known = is_flag ? suggest(word.substr(0, word.find('=')), flags) : "";
  return {2, "tealgate " + command + (is_flag ? ": unknown flag " : ": one word too many: ") + word,
          known.empty() ? "tealgate " + command + " --help" : "tealgate " + command + " … " + known,
          false};
}

std::string in_our_words(const CLI::ParseError& failure, const std::string& command) {
  const std::string text = failure.what();
  for (const CommandRow& row : command_table()) {
    const bool is_about_words = row.name == command && row.words.name &&
                                text.starts_with(row.words.name + std::string(":"));
    if (is_about_words) return fmt::format("too many words: it takes at most {}", row.words.most);
  }
  return text;
}

Stop stop_for(Parser& parser, const CLI::ParseError& failure) {
  if (dynamic_cast<const CLI::CallForHelp*>(&failure)) return {0, parser.app.help(), "", false};
  if (dynamic_cast<const CLI::CallForVersion*>(&failure)) return {0, failure.what(), "", false};
  std::vector<CLI::App*> chosen = parser.app.get_subcommands();
  std::string command = chosen.empty() ? "" : chosen.back()->get_name();
  if (dynamic_cast<const CLI::ExtrasError*>(&failure) && !command.empty()) {
    return unknown_flags(parser.app, command);
  }
  std::string prefix = command.empty() ? "" : "tealgate " + command + ": ";
  std::string help = command.empty() ? "tealgate --help" : "tealgate " + command + " --help";
  return {2, prefix + in_our_words(failure, command), help, false};
}

}  // namespace

std::string Arguments::text(const std::string& flag) const {
  auto found = flags.find(flag);
  if (found == flags.end()) return {};
  const std::string* value = std::get_if<std::string>(&found->second);
  return value ? *value : std::string();
}

tl::expected<Arguments, Stop> parse_arguments(const std::vector<std::string>& words) {
  bool json = asks_for_json(words);
  auto stopped = [json](Stop stop) {
    stop.json = json;
    return tl::make_unexpected(std::move(stop));
  };
  std::string command = first_word(words);
  std::vector<std::string> names = command_names();
  if (!command.empty() && std::find(names.begin(), names.end(), command) == names.end()) {
    return stopped(unknown_command(command));
  }
  Parser parser;
  auto dashes = std::find(words.begin(), words.end(), "--");
  if (command == "lock" && dashes != words.end()) {
    parser.arguments.child.assign(dashes + 1, words.end());
    if (parser.arguments.child.empty()) {
      return stopped({2, "tealgate lock: no command behind --", "tealgate lock --help", false});
    }
  } else {
    dashes = words.end();
  }
  std::vector<std::string> reversed(words.begin(), dashes);
  std::reverse(reversed.begin(), reversed.end());
  try {
    parser.app.parse(std::move(reversed));
  } catch (const CLI::ParseError& failure) {
    return stopped(stop_for(parser, failure));
  }
  if (parser.arguments.service.empty() && parser.app.count("--service") > 0) {
    return stopped({2, "-s: the name of the service is empty; leave it out, or name one",
                    "tealgate status", false});
  }
  if (parser.arguments.command.empty()) return stopped({2, parser.app.help(), "", false});
  if (parser.arguments.has("idle") && parser.arguments.has("active")) {
    return stopped(
        {2, "tealgate status: either --idle or --active", "tealgate status --help", false});
  }
  return std::move(parser.arguments);
}

void apply_environment(Arguments& arguments, const Environment& environment) {
  if (arguments.service.empty()) arguments.service = environment("TEALGATE_SERVICE");
  if (arguments.socket.empty()) arguments.socket = environment("TEALGATE_SOCKET");
  if (!environment("NO_COLOR").empty()) arguments.no_color = true;
  if (arguments.has("by")) return;
  std::string by = environment("SUDO_USER");
  if (by.empty()) by = environment("USER");
  if (!by.empty()) arguments.flags["by"] = by;
}

std::map<std::string, std::string> help_by_command() {
  Parser parser;
  std::map<std::string, std::string> help;
  help[""] = parser.app.help();
  for (const std::string& name : command_names())
    help[name] = parser.app.get_subcommand(name)->help();
  return help;
}

}  // namespace tealgate::cli
