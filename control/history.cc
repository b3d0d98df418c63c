#include "control/history.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/durable_file.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

// Where the whole lines end: a last line without a newline, or that is not JSON, was torn by a
// crash.
std::size_t end_of_whole_lines(std::string_view text) {
  std::size_t end = text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n') + 1;
  if (end == 0) return 0;
  const std::size_t before = end >= 2 ? text.rfind('\n', end - 2) : std::string_view::npos;
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return Json::accept(text.substr(begin, end - 1 - begin)) ? end : begin;
}

}  // namespace

History::History(const std::string& folder) : path_(folder + "/history.jsonl") {}
History::~History() = default;

Result<void> History::open() {
  auto fd = open_for_appending(path_);
  if (!fd) return tl::make_unexpected(fd.error());
  fd_ = std::move(*fd);
  newest_.clear();
  // One more than are remembered: the last may be torn.
  const auto tail = read_last_lines(fd_.get(), path_, kRemembered + 1);
  if (!tail) return tl::make_unexpected(tail.error());
  std::string_view lines = tail->text;
  const std::size_t end = end_of_whole_lines(lines);
  if (end < lines.size()) {
    if (auto repaired = cut_file(fd_.get(), path_, tail->begin + end); !repaired) return repaired;
  }
  lines = lines.substr(0, end);
  while (!lines.empty()) {
    const std::size_t length = lines.find('\n');
    remember(std::string(lines.substr(0, length)));
    lines.remove_prefix(length + 1);
  }
  return {};
}

Result<void> History::append(const std::string& line) {
  return append_and_sync(fd_.get(), path_, line + "\n");
}

void History::remember(const std::string& line) {
  Json object = Json::parse(line, nullptr, false);
  if (!object.is_object()) return;
  newest_.push_back(std::move(object));
  if (newest_.size() > kRemembered) newest_.pop_front();
}

std::vector<Json> History::newest(std::string_view service, std::size_t limit) const {
  std::vector<Json> found;
  for (auto entry = newest_.rbegin(); entry != newest_.rend() && found.size() < limit; ++entry) {
    if (service.empty() || entry->value("service", "") == service) found.push_back(*entry);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

}  // namespace tealgate
