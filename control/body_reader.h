// Takes the fields of a JSON object one by one, and remembers the first thing that is wrong.
//
// A field that is absent or null leaves its value as it is. finish() tells what was wrong, unknown
// fields last.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "control/command.h"

namespace tealgate {

class BodyReader {
 public:
  // `body` is an object and must outlive the reader.
  explicit BodyReader(const nlohmann::json& body) : body_(body) {}

  std::optional<std::string> text(const char* field);
  std::optional<bool> flag(const char* field);
  std::optional<std::uint64_t> number(const char* field);
  std::optional<Duration> duration(const char* field);
  std::optional<unsigned> percent(const char* field);
  std::optional<std::vector<std::string>> words(const char* field);
  std::optional<Until> until(const char* field);

  // Notes that something is wrong with the body.
  void refuse(std::string message);

  // What is wrong, or none.
  std::optional<CommandError> finish();

 private:
  const nlohmann::json* take(const char* field);
  void refuse_value(const char* field, std::string_view wanted);

  const nlohmann::json& body_;
  std::set<std::string, std::less<>> known_;
  std::string wrong_;
};

}  // namespace tealgate
