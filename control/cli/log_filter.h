// Which lines of the access log `tealgate logs` shows, and how. docs/logs.md has their fields.
// Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "control/cli/arguments.h"

namespace tealgate::cli {

enum class LogVerdict : unsigned char { Shown, LeftOut, TooOld };

struct StatusRange {
  int first;
  int last;
};

// "502", "5xx" or several with commas; none if the text is something else.
std::vector<StatusRange> parse_statuses(const std::string& text);

class LogFilter {
 public:
  // The flags of `logs`, already checked; --since counts back from `now`.
  LogFilter(const Arguments& arguments, WallTime now);

  // Whether it asks for anything: then lines need fields.
  bool is_choosy() const { return !wanted_.empty() || !statuses_.empty() || !since_.empty(); }
  // A line that is no JSON object has no fields: it is shown only if nothing is asked for.
  LogVerdict judge(std::string_view line) const;

 private:
  struct Wanted {
    const char* field;
    std::string value;
  };
  void want(const char* field, const std::string& value);

  std::vector<Wanted> wanted_;
  std::vector<StatusRange> statuses_;
  std::string since_;  // as `ts` has it; empty: from the beginning
};

// A line of the log for people: "14:02:11  200  GET shop.example.com/cart  shop/green/big  12 ms".
// One that is no JSON object comes back as it is, fit for a terminal.
std::string describe_log_line(std::string_view line, WallTime now);

}  // namespace tealgate::cli
