#include "http/error_pages.h"

#include <algorithm>
#include <optional>

namespace tealgate {

namespace {

std::optional<std::string> value_of(std::string_view word, const ErrorPage::Facts& facts) {
  if (word == "status") return std::to_string(facts.status);
  if (word == "title") return escaped_for_html(facts.title);
  if (word == "request_id") return escaped_for_html(facts.request_id);
  return std::nullopt;
}

}  // namespace

std::string escaped_for_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string ErrorPage::render(const Facts& facts) const {
  constexpr std::size_t kLongestWord = 16;
  std::string out;
  std::string_view rest = text_;
  for (std::size_t open; (open = rest.find("{{")) != std::string_view::npos;) {
    out.append(rest.substr(0, open));
    rest.remove_prefix(open);
    const std::size_t close = rest.substr(0, kLongestWord + 4).find("}}");
    const auto value =
        close == std::string_view::npos ? std::nullopt : value_of(rest.substr(2, close - 2), facts);
    out.append(value ? *value : rest.substr(0, 1));
    rest.remove_prefix(value ? close + 2 : 1);
  }
  return out.append(rest);
}

void ErrorPages::put(int low, int high, std::shared_ptr<const ErrorPage> page) {
  std::erase_if(entries_,
                [&](const Entry& entry) { return entry.low == low && entry.high == high; });
  entries_.push_back({low, high, std::move(page)});
}

const ErrorPage* ErrorPages::find(int status) const {
  const Entry* best = nullptr;
  for (const Entry& entry : entries_) {
    if (status < entry.low || status > entry.high) continue;
    if (!best || entry.high - entry.low < best->high - best->low) best = &entry;
  }
  return best ? best->page.get() : nullptr;
}

}  // namespace tealgate
