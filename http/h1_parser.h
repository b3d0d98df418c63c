// Reads HTTP/1.1 messages from bytes: the guard's rules, then llhttp (strict), then our own
// framing, all of which must agree. Sans-IO; one parser a connection and direction.
//
//   parse_…_head ── Complete ──▶ parse_body … ── complete ──▶ next_message ──▶ again
//        │ Failed                     │ failure
//        ▼                            ▼
//       dead: the connection must be closed
//
// A head that arrives in pieces is gathered in the parser (bounded by HeadLimits); one that arrives
// whole is parsed in place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/failure.h"
#include "http/message.h"

namespace tealgate {

struct HeadLimits {
  std::size_t head_bytes = 32 * 1024;
  std::size_t target_bytes = 16 * 1024;
  std::size_t fields = 128;
  std::size_t trailer_bytes = 8 * 1024;  // and how far chunk framing may outweigh data
};

class H1Parser {
 public:
  enum class Role : std::uint8_t { Requests, Responses };

  explicit H1Parser(Role role, const HeadLimits& limits = {});
  ~H1Parser();
  H1Parser(H1Parser&&) noexcept;

  struct HeadStep {
    enum class Outcome : std::uint8_t { NeedMore, Complete, Failed };
    Outcome outcome;
    std::size_t consumed;             // of the bytes given; all of them for NeedMore
    Failure failure = Failure::None;  // with Failed
    std::string_view detail;          // with Failed: what is wrong, a literal ("two Host fields")
  };

  // Looks for one head. On Complete the head's views point into `bytes`, or, if it came in pieces,
  // into the parser until next_message(). Empty lines before a request line are skipped (RFC
  // 9112 2.2). `head.framing` and `keep_alive` are set.
  HeadStep parse_request_head(std::string_view bytes, RequestHead& head);

  // Whether the request asked for another protocol on the connection (RFC 9110 7.8).
  enum class Upgrade : std::uint8_t { NotAsked, Asked };

  // `request_method` decides the framing (HEAD has no body; RFC 9112 6.3). After an interim head
  // (1xx) comes another: call next_message() and go on. 101 is final, and a tunnel follows, framed
  // as UntilClose; if nobody asked for it, or it names a length, it is a Failure (BadResponse).
  HeadStep parse_response_head(std::string_view bytes, std::string_view request_method,
                               ResponseHead& head, Upgrade upgrade = Upgrade::NotAsked);

  struct BodyStep {
    std::size_t consumed = 0;
    std::string_view data = {};  // body bytes without chunk framing; a view into the bytes given
    bool complete =
        false;  // the message ended; the bytes from `consumed` on belong to the next one
    Failure failure = Failure::None;
    std::string_view detail = {};
  };

  // Takes the next piece of body; call it again while bytes remain and neither complete nor failed.
  // A message without a body is complete with nothing consumed: call it once, with any bytes, after
  // each final head.
  BodyStep parse_body(std::string_view bytes);

  // The trailers of a chunked message that is complete; views like those of a head.
  const std::vector<Field>& trailers() const;

  // The peer finished sending. complete for a body until close; otherwise a failure: HeadCut inside
  // a head (for a response head of which nothing came, too), BodyCut inside a body; for requests
  // ClientAbort.
  BodyStep finish();

  // Ready for the next message on the connection.
  void next_message();

  // Whether the first byte of a head (beyond skipped empty lines) has come.
  bool has_begun() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tealgate
