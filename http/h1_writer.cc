#include "http/h1_writer.h"

#include <algorithm>
#include <charconv>

#include "http/status.h"

namespace tealgate {

namespace {

void append_number(std::string& out, std::uint64_t number, int base = 10) {
  char digits[20];
  const auto result = std::to_chars(digits, digits + sizeof digits, number, base);
  out.append(digits, result.ptr);
}

}  // namespace

void append_request_line(std::string& out, std::string_view method, std::string_view target) {
  out.append(method).append(1, ' ').append(target).append(" HTTP/1.1\r\n");
}

void append_status_line(std::string& out, int status, std::string_view reason) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(status));
  out.append(1, ' ').append(reason.empty() ? standard_reason(status) : reason).append("\r\n");
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  // Many for each request: one growth instead of four.
  const std::size_t begin = out.size();
  out.resize(begin + name.size() + value.size() + 4);
  char* at = std::copy(name.begin(), name.end(), out.data() + begin);
  *at++ = ':';
  *at++ = ' ';
  at = std::copy(value.begin(), value.end(), at);
  *at++ = '\r';
  *at = '\n';
}

void append_framing(std::string& out, const Framing& framing) {
  switch (framing.kind) {
    case Framing::Kind::Length:
      out.append("Content-Length: ");
      append_number(out, framing.length);
      out.append("\r\n");
      return;
    case Framing::Kind::Chunked:
      out.append("Transfer-Encoding: chunked\r\n");
      return;
    case Framing::Kind::None:
    case Framing::Kind::UntilClose:
      return;
  }
}

void append_end_of_head(std::string& out) {
  out.append("\r\n");
}

void append_chunk_head(std::string& out, std::size_t bytes) {
  append_number(out, bytes, 16);
  out.append("\r\n");
}

void append_last_chunk(std::string& out, std::string_view trailers) {
  out.append("0\r\n").append(trailers).append("\r\n");
}

}  // namespace tealgate
