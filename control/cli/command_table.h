// Every command of the command line with its words and flags: the table from which the parser and
// its help are made.
#pragma once

#include <string>
#include <vector>

namespace tealgate::cli {

enum class FlagKind : unsigned char { Yes, Number, Text, List };

struct FlagRow {
  const char* field;  // of the request's body; the flag is this with dashes
  FlagKind kind;
  const char* type;  // how the help calls its value: "DURATION"
  const char* what;
  // Refuses what is obviously malformed: what is wrong, or "". May be null.
  std::string (*check)(const std::string& value) = nullptr;
  const char* letter = nullptr;  // the short form: "c"
};

struct WordsRow {
  const char* name = nullptr;  // null: the command takes no words
  int fewest = 0;
  int most = 0;
  const char* what = nullptr;
};

struct CommandRow {
  const char* name;
  const char* what;
  WordsRow words;
  std::vector<FlagRow> flags;
};

const std::vector<CommandRow>& command_table();

// "--if-active", "-c,--config": as CLI11 wants it.
std::string flag_name(const FlagRow& flag);

}  // namespace tealgate::cli
