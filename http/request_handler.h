// The one seam at which a complete request head is answered.
//
// A server connection meets a request and asks its RequestHandler for an answerer; the answerer
// takes the request's body and answers through the ResponseWriter. The proxy's exchanges, the
// control API and the demo's app servers implement it; neither side knows which version of HTTP, or
// which socket, is on the other.
//
//   connection:  on_request → on_body* → on_trailers? → on_body_end
//                (and on_client_failure at any time, at most once)
//   answerer:    send_interim* → send_head → send_body* → end | cut
//
// All on one loop's thread. Calls into the writer never call back.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "http/failure.h"
#include "http/local_reply.h"
#include "http/message.h"

namespace tealgate {

struct Entrance;
class Loop;

// A response head of our making or to be passed on.
struct OutgoingHead {
  int status = 200;
  std::string_view reason = {};  // empty: the standard one
  std::string_view fields = {};  // complete lines with CRLF, without framing, Connection and Date
  std::string_view more_fields = {};  // the same, behind those
  Framing framing = {};   // of what follows; UntilClose and Chunked are turned into what the client
                          // understands
  bool has_date = false;  // `fields` has a Date
  bool close = false;     // end the connection after this response
};

// The client's end of one exchange. Valid from on_request until on_response_done or
// on_client_failure.
class ResponseWriter {
 public:
  virtual void send_interim(int status, std::string_view fields) = 0;  // 1xx; not for HTTP/1.0
  virtual void send_head(const OutgoingHead& head) = 0;
  // `bytes` must stay valid until the running callback returns (see Stream::write_view).
  virtual void send_body(std::string_view bytes) = 0;
  // `trailers`: complete lines with CRLF, for a client that is sent chunks; others never see them.
  virtual void end(std::string_view trailers) = 0;
  // Instead of send_head(): 101 with these fields. From now on the connection is a tunnel: on_body
  // brings what the client sends, on_body_end its FIN, and end() sends ours. Not while a request
  // body is coming.
  struct EarlyBytes {
    std::string_view bytes;  // that came before; valid until the running callback returns
    bool ended = false;      // the client's FIN came, too: there will be no on_body_end
  };
  virtual EarlyBytes start_tunnel(std::string_view fields) = 0;
  // The response cannot be completed: closes so that the client can tell.
  virtual void cut() = 0;

  // Back-pressure on the request's body.
  virtual void pause_body() = 0;
  virtual void resume_body() = 0;
  // Read on and drop the rest of the request's body: the answer is decided, nobody wants it.
  virtual void discard_body() = 0;

  virtual const SocketAddress& peer() const = 0;
  // Its address alone, as logs and servers are told it; "unix:" for a Unix socket.
  virtual std::string_view peer_host() const = 0;
  // How the client came in.
  virtual const Entrance& entrance() const = 0;
  // The verified name of the client's TLS certificate; empty: none was shown.
  virtual std::string_view client_name() const = 0;
  virtual Loop& loop() = 0;
  // Bytes of this exchange so far, as they were on the wire.
  virtual std::uint64_t bytes_received() const = 0;
  virtual std::uint64_t bytes_sent() const = 0;
  // Of these, what came behind the response's head.
  virtual std::uint64_t body_bytes_sent() const = 0;

 protected:
  ~ResponseWriter() = default;
};

// Answers one request. The connection owns it and destroys it after on_response_done or
// on_client_failure.
class RequestAnswerer {
 public:
  virtual ~RequestAnswerer() = default;

  virtual void on_body(std::string_view bytes) = 0;
  // Those of a chunked body, just before its end; not called when there are none. Views are valid
  // during the call.
  virtual void on_trailers(const std::vector<Field>&) {}
  virtual void on_body_end() = 0;

  // More than the high watermark waits for a slow client / it fell below the low one.
  virtual void on_write_blocked() {}
  virtual void on_write_drained() {}

  // For the connection to send, should the request break.
  virtual LocalReply reply_to_failure(Failure failure, std::string_view detail) const {
    return error_reply(failure, detail, {});
  }

  // The client is gone or its body is broken or late; the connection closes (after our own error
  // reply, if no head went out and there is one). Of the writer only bytes_received(),
  // bytes_sent() and body_bytes_sent() may be used any more.
  virtual void on_client_failure(Failure failure, std::string_view detail) = 0;

  // end() was called and the last byte has left to the kernel, or cut() was called.
  virtual void on_response_done() = 0;
};

// What is known of a request that never became one: for the access log.
struct RefusedRequest {
  Failure failure = Failure::BadRequest;
  std::string_view detail;
  std::string_view peer_host;
  std::string_view request_id;
  int status = 0;  // of the reply sent; 0 when none could be
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t body_bytes_sent = 0;
  TimePoint began;
};

class RequestHandler {
 public:
  // A complete head. Its views are valid during this call; retain() it to keep it. Never null. The
  // answerer may send at once, from inside this call.
  virtual std::unique_ptr<RequestAnswerer> on_request(RequestHead&& head,
                                                      ResponseWriter& writer) = 0;

  // For the connection to send, where it refuses what came by itself. `head` has what could be read
  // before: fields, perhaps not all; authority and path if they are sound, else both are empty.
  virtual LocalReply reply_to_refused(const RefusedRequest& refused,
                                      const RequestHead& head) const {
    return error_reply(refused.failure, refused.detail,
                       {.accept = head.field("Accept"), .request_id = refused.request_id});
  }

  // The connection itself refused what came (malformed, too large, too slow) and answered it, or
  // the client left inside a head. For the log.
  virtual void on_refused(const RefusedRequest&) {}

 protected:
  ~RequestHandler() = default;
};

}  // namespace tealgate
