// The command line as values: what each command takes, which flags it has, and what is wrong with
// what was typed.
//
// CLI11 does the parsing; nothing here speaks to the daemon. A flag bears the name of its field in
// the request's body (docs/control-api.md), with dashes for underscores, so that most of them need
// no code beyond their line in the table.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

namespace tealgate::cli {

using FlagValue = std::variant<bool, std::uint64_t, std::string, std::vector<std::string>>;

struct Arguments {
  std::string command;
  std::vector<std::string> words;          // what is no flag: POOL..., SERVER, FILE
  std::vector<std::string> child;          // what stands behind `--`
  std::map<std::string, FlagValue> flags;  // those given, by field name: "if_active"
  std::string service;
  std::string socket;
  bool json = false;
  bool quiet = false;
  bool no_color = false;

  bool has(const std::string& flag) const { return flags.count(flag) != 0; }
  // The flag's text, or nothing.
  std::string text(const std::string& flag) const;
};

// Parsing ended without a command to carry out: help was asked for (exit 0), or the line is wrong
// (exit 2).
struct Stop {
  int exit = 0;
  std::string text;
  std::string hint;   // a line to type instead; may be empty
  bool json = false;  // the line asked for JSON
};

tl::expected<Arguments, Stop> parse_arguments(const std::vector<std::string>& words);

// A value of the environment, "" if unset.
using Environment = std::function<std::string(const char* name)>;

// Fills in what the environment says where the line says nothing: TEALGATE_SERVICE,
// TEALGATE_SOCKET, NO_COLOR and who asks (SUDO_USER, USER).
void apply_environment(Arguments& arguments, const Environment& environment);

// The help of each command, and of the program itself under "".
std::map<std::string, std::string> help_by_command();

// What was probably meant by a word that is no command: {"deploy"} → "tealgate switch", or "" if
// nothing comes near.
std::string suggest_command(const std::string& word);

}  // namespace tealgate::cli
