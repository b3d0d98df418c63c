// A second reading of RFC 9112 7.1 for the fuzz targets: as slow and as obvious as can be.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tealgate::fuzz {

struct Chunks {
  std::size_t end = 0;  // behind the empty line
  std::string body;
  std::vector<std::pair<std::string, std::string>> trailers;
};

inline std::string without_space_around(std::string text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.erase(0, 1);
  return text;
}

// The line that begins at `at`, without its CRLF; nothing if there is none or it holds what no line
// may.
inline std::optional<std::string> line_at(const std::string& bytes, std::size_t at) {
  const std::size_t end = bytes.find("\r\n", at);
  if (end == std::string::npos) return std::nullopt;
  const std::string line = bytes.substr(at, end - at);
  for (const char c : line) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return std::nullopt;
  }
  return line;
}

// From `at` on; nothing if it is not whole or has no one reading.
inline std::optional<Chunks> read_chunks(const std::string& bytes, std::size_t at) {
  Chunks chunks;
  while (true) {
    const auto line = line_at(bytes, at);
    if (!line) return std::nullopt;
    const std::string digits = line->substr(0, line->find_first_not_of("0123456789abcdefABCDEF"));
    const std::string rest = line->substr(digits.size());
    if (digits.empty() || (!rest.empty() && rest[0] != ';')) return std::nullopt;
    const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size() - 1);
    if (digits.size() - zeros > 15) return std::nullopt;
    const std::size_t size = std::stoull(digits, nullptr, 16);
    at += line->size() + 2;
    if (size == 0) break;
    if (bytes.size() < at + size + 2 || bytes.substr(at + size, 2) != "\r\n") return std::nullopt;
    chunks.body += bytes.substr(at, size);
    at += size + 2;
  }
  while (true) {
    const auto line = line_at(bytes, at);
    if (!line) return std::nullopt;
    at += line->size() + 2;
    chunks.end = at;
    if (line->empty()) return chunks;
    const std::size_t colon = line->find(':');
    if (colon == std::string::npos || colon == 0) return std::nullopt;
    const std::string name = line->substr(0, colon);
    if (name.find_first_of(" \t\"(),/;<=>?@[\\]{}") != std::string::npos) return std::nullopt;
    chunks.trailers.emplace_back(name, without_space_around(line->substr(colon + 1)));
  }
}

}  // namespace tealgate::fuzz
