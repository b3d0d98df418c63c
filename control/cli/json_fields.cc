#include "control/cli/json_fields.h"

#include <nlohmann/json.hpp>

#include "control/cli/printable.h"

namespace tealgate::cli {

using json = nlohmann::ordered_json;

std::string text_of(const json& object, const char* key) {
  const json& found = member(object, key);
  return found.is_string() ? printable(found.get<std::string>()) : "";
}

std::uint64_t number_of(const json& object, const char* key) {
  const json& found = member(object, key);
  return found.is_number_integer() ? found.get<std::uint64_t>() : 0;
}

const json& member(const json& object, const char* key) {
  static const json kNothing;
  if (!object.is_object()) return kNothing;
  auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!text.empty()) text += between;
    text += part;
  }
  return text;
}

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

}  // namespace tealgate::cli
