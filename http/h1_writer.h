// Writes HTTP/1.1 heads and chunk framing into a string. Sans-IO.
//
// Every head is written anew from its parsed fields; nothing is passed on raw, so a peer sees only
// what we understood.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace tealgate {

// "GET /path HTTP/1.1\r\n"
void append_request_line(std::string& out, std::string_view method, std::string_view target);
// "HTTP/1.1 200 OK\r\n"; an empty reason becomes the standard one.
void append_status_line(std::string& out, int status, std::string_view reason = {});
void append_field(std::string& out, std::string_view name, std::string_view value);
// Content-Length or Transfer-Encoding for the framing; nothing for None and UntilClose.
void append_framing(std::string& out, const Framing& framing);
void append_end_of_head(std::string& out);

// "1f40\r\n"; a chunk is this, its bytes, and kChunkEnd.
void append_chunk_head(std::string& out, std::size_t bytes);
inline constexpr std::string_view kChunkEnd = "\r\n";
// The end of a chunked body; `trailers` are complete lines with CRLF.
void append_last_chunk(std::string& out, std::string_view trailers);

}  // namespace tealgate
