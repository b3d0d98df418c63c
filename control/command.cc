#include "control/command.h"

#include <fmt/ranges.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/suggest.h"

namespace tealgate {

const ErrorRow& error_row(ErrorCode code) {
  static constexpr std::array<ErrorRow, 12> kRows = {{
      {"usage", 2, 400},
      {"unknown", 2, 404},
      {"method_not_allowed", 2, 405},
      {"forbidden", 8, 403},
      {"conflict", 5, 409},
      {"gate_refused", 4, 422},
      {"timed_out", 6, 504},
      {"config_invalid", 7, 422},
      {"superseded", 9, 409},
      {"drain_cut", 12, 200},
      {"interrupted", 14, 503},
      {"internal", 1, 500},
  }};
  const auto index = static_cast<std::size_t>(code);
  CHECK(index < kRows.size(), "every error code has a row");
  return kRows[index];
}

CommandError unknown_name(std::string_view what, std::string_view name,
                          const std::vector<std::string>& known) {
  const std::string near = suggest(name, known);
  return {ErrorCode::Unknown, fmt::format("{} {}; there is {}", what, name, fmt::join(known, ", ")),
          nullptr, near.empty() ? std::string() : fmt::format("did you mean {}?", near)};
}

CommandError interrupted(std::string_view service, std::uint64_t revision, std::string_view how) {
  return {
      ErrorCode::Interrupted,
      fmt::format("the change was made ({}, revision {}), but the daemon {} before its drain was "
                  "over",
                  service, revision, how),
      nullptr, fmt::format("tealgate status -s {}", service)};
}

nlohmann::ordered_json error_object(const CommandError& error) {
  const ErrorRow& row = error_row(error.code);
  nlohmann::ordered_json object;
  object["ok"] = false;
  nlohmann::ordered_json& inner = object["error"];
  inner["code"] = row.name;
  inner["exit"] = row.exit;
  inner["message"] = error.message;
  inner["details"] = error.details ? *error.details : nlohmann::ordered_json::array();
  inner["hint"] = error.hint;
  return object;
}

int http_status_of(const nlohmann::ordered_json& result) {
  if (result.value("ok", false)) return 200;
  const auto error = result.find("error");
  if (error == result.end()) return 500;
  const std::string name = error->value("code", "");
  for (auto code = 0; code <= static_cast<int>(ErrorCode::Internal); ++code) {
    const ErrorRow& row = error_row(static_cast<ErrorCode>(code));
    if (row.name == name) return row.http_status;
  }
  return 500;
}

std::string json_text(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace tealgate
