#include "control/body_reader.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/suggest.h"
#include "control/scalar_values.h"

namespace tealgate {
namespace {

// Longer texts are a mistake; they would go into every history line.
constexpr std::size_t kLongestText = 4096;

}  // namespace

const nlohmann::json* BodyReader::take(const char* field) {
  known_.insert(field);
  auto found = body_.find(field);
  return found == body_.end() || found->is_null() ? nullptr : &*found;
}

void BodyReader::refuse(std::string message) {
  if (wrong_.empty()) wrong_ = std::move(message);
}

void BodyReader::refuse_value(const char* field, std::string_view wanted) {
  refuse(fmt::format("\"{}\" must be {}", field, wanted));
}

std::optional<std::string> BodyReader::text(const char* field) {
  const nlohmann::json* value = take(field);
  if (!value) return {};
  if (value->is_string() && value->get_ref<const std::string&>().size() <= kLongestText) {
    return value->get<std::string>();
  }
  refuse_value(field, "a string of at most 4096 bytes");
  return {};
}

std::optional<bool> BodyReader::flag(const char* field) {
  const nlohmann::json* value = take(field);
  if (!value) return {};
  if (value->is_boolean()) return value->get<bool>();
  refuse_value(field, "true or false");
  return {};
}

std::optional<std::uint64_t> BodyReader::number(const char* field) {
  const nlohmann::json* value = take(field);
  if (!value) return {};
  if (value->is_number_unsigned()) return value->get<std::uint64_t>();
  refuse_value(field, "a whole number");
  return {};
}

std::optional<Duration> BodyReader::duration(const char* field) {
  std::optional<std::string> written = text(field);
  if (!written) return {};
  Result<Duration> parsed = parse_duration(*written);
  if (parsed) return *parsed;
  refuse(fmt::format("\"{}\": \"{}\" {}", field, *written, parsed.error().message));
  return {};
}

std::optional<unsigned> BodyReader::percent(const char* field) {
  std::optional<std::string> written = text(field);
  if (!written) return {};
  Result<unsigned> parsed = parse_percent(*written);
  if (parsed) return *parsed;
  refuse(fmt::format("\"{}\": \"{}\" {}", field, *written, parsed.error().message));
  return {};
}

std::optional<std::vector<std::string>> BodyReader::words(const char* field) {
  const nlohmann::json* value = take(field);
  if (!value) return {};
  std::vector<std::string> result;
  bool fits = value->is_array();
  for (const nlohmann::json& word : *value) {
    if (!word.is_string()) fits = false;
    if (fits) result.push_back(word.get<std::string>());
  }
  if (fits) return result;
  refuse_value(field, "a list of strings");
  return {};
}

std::optional<Until> BodyReader::until(const char* field) {
  std::optional<std::string> written = text(field);
  if (!written) return {};
  if (*written == "switched") return Until::Switched;
  if (*written == "drained") return Until::Drained;
  if (*written == "done") return Until::Done;
  refuse_value(field, "done, drained or switched");
  return {};
}

std::optional<CommandError> BodyReader::finish() {
  for (const auto& [name, value] : body_.items()) {
    if (known_.count(name) != 0) continue;
    std::vector<std::string> candidates(known_.begin(), known_.end());
    std::string meant = suggest(name, candidates);
    refuse(fmt::format("unknown field \"{}\"", name) +
           (meant.empty() ? "" : fmt::format("; did you mean \"{}\"?", meant)));
  }
  if (wrong_.empty()) return {};
  return CommandError{ErrorCode::Usage, wrong_, nullptr, ""};
}

}  // namespace tealgate
