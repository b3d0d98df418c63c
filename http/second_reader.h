// llhttp, used twice: it reads each head a second time, and must come to the fields that the guard
// found; and it takes chunked bodies apart. It judges no head alone: h1_parser asks it last.
//
// One per parser, which owns it, since a body goes on where its head ended. Sans-IO; only
// second_reader.cc includes llhttp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "http/head_fault.h"
#include "http/message.h"

namespace tealgate {

inline constexpr std::string_view kReadingsDiffer = "a head that two parsers read differently";

class SecondReader {
 public:
  enum class Kind : std::uint8_t { Requests, Responses };

  explicit SecondReader(Kind kind);
  ~SecondReader();

  // Reads the whole head from its `block`; `target` is empty for responses.
  HeadFault read_head(std::string_view block, std::string_view target, const Head& head);
  // As above, of the trailers behind the last chunk's line.
  HeadFault read_trailers(std::string_view block, const std::vector<Field>& trailers);
  // Of the last head read.
  bool agrees_on(const RequestHead& head) const;
  bool agrees_on(const ResponseHead& head) const;

  struct BodyPiece {
    std::size_t consumed = 0;
    std::string_view data;
    bool chunk_line = false;  // one ended before the data
    bool is_last = false;     // the trailers follow
    std::string_view error;
  };
  // Up to and including the next data of a chunked body, or the last chunk's line.
  BodyPiece read_chunked(std::string_view bytes);

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace tealgate
