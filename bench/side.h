// One connection of bench_floor with what is needed to relay what it sends to its partner.
//
// The parser writes the head anew into `head` as it goes, without the Connection and Keep-Alive
// fields, and pauses where the head ends and where the message ends; the body's bytes, with their
// chunk framing, are passed on as they are.
#pragma once

#include <llhttp.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace tealgate::bench {

struct Side {
  Side(int socket, llhttp_type_t type);
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  bool is_client() const { return parser.type == HTTP_REQUEST; }
  // HPE_PAUSED where the head or the message ended: parsed() bytes of these are used up.
  llhttp_errno_t parse(std::string_view bytes);
  std::size_t parsed(std::string_view bytes) const;
  // Ready for the next message.
  void begin_message();

  int fd;
  Side* partner = nullptr;  // during an exchange; a server's side without one is in the cache
  llhttp_t parser{};
  std::string head;      // of the message under way, as it will be sent
  std::size_t line = 0;  // where its last line begins
  std::string unsent;    // what its own socket did not take
  bool readable = false;
  bool hung_up = false;
  bool in_body = false;
  bool head_only = false;  // a response to HEAD
  bool close_when_sent = false;
  bool message_complete = false;
  bool dead = false;
};

}  // namespace tealgate::bench
