// What the proxy answers itself, in a service's name where it has one: errors on the service's
// pages, and preflights; with the fields that the service sets in responses, so that security
// headers are on every answer, and with the CORS fields of declared origins, since a browser would
// show a 502 without them as a CORS bug.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/local_reply.h"
#include "http/message.h"
#include "http/request_handler.h"
#include "upstream/snapshot.h"

namespace tealgate {

struct Asked {
  const RequestHead& head;
  std::string_view request_id;
  const ServiceSettings& settings;  // of its service, or Snapshot::unrouted
};

// `detail` is a literal of ours and may be empty.
LocalReply own_error(const Asked& asked, Failure failure, std::string_view detail);

// 308 to the same address over https at `port`. There is an authority.
LocalReply redirect_reply(const Asked& asked, std::uint16_t port);

// For a request that the connection refused before it was routed
// (RequestHandler::reply_to_refused).
LocalReply refusal(const Snapshot& snapshot, const RequestHead& head,
                   const RefusedRequest& refused);

// For a preflight whose origin the service's CorsPolicy allows.
LocalReply preflight_reply(const Asked& asked);

}  // namespace tealgate
