// A response's head as a client is sent it: what the answerer said, and what the connection adds.
#pragma once

#include <cstdint>
#include <string>

#include "http/request_handler.h"

namespace tealgate {

// What the head says of the connection.
enum class Persistence : std::uint8_t {
  Closes,
  Stays,
  StaysSaid,  // an HTTP/1.0 client must be told
};

// How a body of `framing` is delimited for the client: 1.0 knows no chunks, 1.1 needs no close.
enum class ClientVersion : std::uint8_t { Http10, Http11 };
Framing framing_for(ClientVersion client, Framing framing);

// Whether complete field lines have one of that name.
bool has_line(std::string_view fields, std::string_view name);

// Appends the head with its empty line: status line, fields, Date, framing and Connection.
void append_response_head(std::string& out, const OutgoingHead& head, const Framing& framing,
                          Persistence persistence);

}  // namespace tealgate
