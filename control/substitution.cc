#include "control/substitution.h"

#include <algorithm>

namespace tealgate {
namespace {

constexpr std::size_t kLargestSecret = std::size_t{64} * 1024;

bool is_name(std::string_view text) {
  const auto may_stand = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && !(text.front() >= '0' && text.front() <= '9') &&
         std::ranges::all_of(text, may_stand);
}

Result<std::string> expand_file(std::string_view path, const std::string& folder,
                                const ConfigSurroundings& surroundings) {
  if (path.empty()) return error("${{file:}} names no file");
  const std::string full =
      path.front() == '/' ? std::string(path) : fmt::format("{}/{}", folder, path);
  Result<std::string> content = surroundings.content(full, kLargestSecret);
  if (!content) return error("{} {}", full, content.error().message);
  if (content->find('\0') != std::string::npos) return error("{} is not a text", full);
  if (content->ends_with('\n')) content->pop_back();
  if (content->ends_with('\r')) content->pop_back();
  return content;
}

Result<std::string> expand_variable(std::string_view inside,
                                    const ConfigSurroundings& surroundings) {
  const std::size_t colon = inside.find(':');
  const std::string name(inside.substr(0, colon));
  const std::string_view rest = colon == std::string_view::npos ? "" : inside.substr(colon);
  const bool has_default = rest.starts_with(":-");
  const bool has_message = rest.starts_with(":?");
  if (!is_name(name) || !(rest.empty() || has_default || has_message)) {
    return error(
        "${{{}}} is not understood: write ${{VAR}}, ${{VAR:-default}}, ${{VAR:?message}} or "
        "${{file:path}}",
        inside);
  }
  std::optional<std::string> value = surroundings.variable(name);
  if (has_default) return value && !value->empty() ? *value : std::string(rest.substr(2));
  if (has_message && (!value || value->empty()))
    return error("{} is not set: {}", name, rest.size() > 2 ? rest.substr(2) : "it is required");
  if (!value) return error("the environment variable {} is not set", name);
  return *value;
}

}  // namespace

Result<std::string> substitute(std::string_view text, const std::string& folder,
                               const ConfigSurroundings& surroundings) {
  std::string result;
  while (!text.empty()) {
    const std::size_t begin = text.find("${");
    result += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    const bool is_escaped = begin > 0 && text[begin - 1] == '$';
    text.remove_prefix(begin + 2);
    if (is_escaped) {
      result += '{';
      continue;
    }
    const std::size_t end = text.find('}');
    if (end == std::string_view::npos) return error("a ${{ is never closed");
    const std::string_view inside = text.substr(0, end);
    constexpr std::string_view kFile = "file:";
    Result<std::string> value = inside.starts_with(kFile)
                                    ? expand_file(inside.substr(kFile.size()), folder, surroundings)
                                    : expand_variable(inside, surroundings);
    if (!value) return value;
    result += *value;
    text.remove_prefix(end + 1);
  }
  return result;
}

void substitute_tree(ConfigNode& node, const std::string& folder,
                     const ConfigSurroundings& surroundings, Findings& findings) {
  if (node.is_scalar() && !node.is_bad) {
    Result<std::string> text = substitute(node.raw, folder, surroundings);
    node.is_bad = !text;
    if (text) {
      node.text = *std::move(text);
    } else {
      const bool names_file = node.raw.find("${file:") != std::string::npos;
      findings.error(node.at, text.error().message,
                     names_file ? "the path is relative to the config's folder"
                                : "set it in the daemon's environment, or give a default: "
                                  "${VAR:-default}");
    }
  }
  for (ConfigNode& item : node.items) substitute_tree(item, folder, surroundings, findings);
  for (ConfigEntry& entry : node.entries)
    substitute_tree(entry.value, folder, surroundings, findings);
}

}  // namespace tealgate
