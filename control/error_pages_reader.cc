#include "control/error_pages_reader.h"

#include <fmt/format.h>

#include "control/scalar_values.h"

namespace tealgate {
namespace {

struct StatusRange {
  int low = 0;
  int high = 0;
};

// "502", "5xx"; nothing below 400.
std::optional<StatusRange> parse_key(std::string_view key) {
  if (key == "4xx") return StatusRange{400, 499};
  if (key == "5xx") return StatusRange{500, 599};
  const unsigned status = parse_number(key).value_or(0);
  if (status < 400 || status > 599) return std::nullopt;
  return StatusRange{static_cast<int>(status), static_cast<int>(status)};
}

std::shared_ptr<const ErrorPage> read_page(NodeReader& reader, const ConfigNode& node,
                                           const std::string& label) {
  const std::optional<std::string> path = reader.text(node, label);
  if (!path) return nullptr;
  if (!path->starts_with('/')) {
    reader.reject(node, label, {"is not an absolute path", "begin it with /"});
    return nullptr;
  }
  Result<std::string> text = reader.surroundings().content(*path, kLargestErrorPage);
  if (!text || text->find('\0') != std::string::npos) {
    reader.reject(node, label, {text ? "is not a text" : text.error().message, ""});
    return nullptr;
  }
  return std::make_shared<const ErrorPage>(*std::move(text));
}

}  // namespace

ErrorPages read_error_pages(NodeReader& reader, const ConfigNode& map, ErrorPages inherited) {
  if (!reader.is_map(map, "errors")) return inherited;
  for (const ConfigEntry& entry : map.entries) {
    if (entry.is_bad_key || entry.is_repeated) continue;
    const std::optional<StatusRange> range = parse_key(entry.key);
    if (!range) {
      reader.findings().error(entry.at,
                              fmt::format("errors: \"{}\" is not a status of an error", entry.key),
                              "write 404, 502 …, or 4xx or 5xx for all of a kind");
      continue;
    }
    if (auto page = read_page(reader, entry.value, fmt::format("errors.{}", entry.key)))
      inherited.put(range->low, range->high, std::move(page));
  }
  return inherited;
}

}  // namespace tealgate
