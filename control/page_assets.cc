#include "control/page_assets.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "http/message.h"

namespace tealgate {

namespace {

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
    {".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},   {".svg", "image/svg+xml"},
    {".txt", "text/plain; charset=utf-8"},
};

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// Up to the next `separator`, which goes, too.
std::string_view take_item(std::string_view& list, char separator) {
  const std::size_t end = std::min(list.find(separator), list.size());
  const std::string_view item = trimmed(list.substr(0, end));
  list.remove_prefix(std::min(end + 1, list.size()));
  return item;
}

// RFC 9110 12.5.3; a quality of 0 is a refusal.
bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    std::string_view item = take_item(accept_encoding, ',');
    if (!equals_ignoring_case(take_item(item, ';'), "gzip")) continue;
    const std::string_view quality = trimmed(item);
    return !quality.starts_with("q=0") || quality.find_first_of("123456789") != quality.npos;
  }
  return false;
}

// RFC 9110 13.1.2, which compares weakly.
bool is_named_by(std::string_view if_none_match, std::string_view tag) {
  while (!if_none_match.empty()) {
    std::string_view item = take_item(if_none_match, ',');
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item == "*" || item == tag) return true;
  }
  return false;
}

}  // namespace

const PageAsset* find_page_asset(std::string_view path) {
  const auto found = std::ranges::find(page_assets(), path, &PageAsset::path);
  return found == page_assets().end() ? nullptr : &*found;
}

std::string_view content_type_of(std::string_view file_name) {
  for (const auto& [ending, type] : kTypes) {
    if (file_name.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

PageAnswer answer_with(const PageAsset& asset, const PageWishes& wishes) {
  const bool is_gzipped = accepts_gzip(wishes.accept_encoding);
  const std::string tag = fmt::format("\"{}{}\"", asset.sha256, is_gzipped ? "-gzip" : "");
  const bool is_there = is_named_by(wishes.if_none_match, tag);
  PageAnswer answer;
  answer.fields = fmt::format(
      "ETag: {}\r\nVary: Accept-Encoding\r\nCache-Control: no-cache\r\n"
      "Content-Security-Policy: {}\r\nX-Content-Type-Options: nosniff\r\n"
      "Referrer-Policy: no-referrer\r\n",
      tag, kPolicy);
  if (is_there) {
    answer.status = 304;
    return answer;
  }
  answer.fields += fmt::format("Content-Type: {}\r\n", content_type_of(asset.name));
  if (is_gzipped) answer.fields += "Content-Encoding: gzip\r\n";
  answer.body = is_gzipped ? asset.gzipped : asset.plain;
  return answer;
}

}  // namespace tealgate
