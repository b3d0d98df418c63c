#include "http/response_head.h"

#include "http/h1_writer.h"
#include "http/http_date.h"

namespace tealgate {

Framing framing_for(ClientVersion client, Framing framing) {
  if (framing.kind == Framing::Kind::Chunked || framing.kind == Framing::Kind::UntilClose) {
    framing.kind =
        client == ClientVersion::Http10 ? Framing::Kind::UntilClose : Framing::Kind::Chunked;
  }
  return framing;
}

void append_response_head(std::string& out, const OutgoingHead& head, const Framing& framing,
                          Persistence persistence) {
  append_status_line(out, head.status, head.reason);
  out.append(head.fields);
  if (!head.has_date) append_field(out, "Date", http_date());
  append_framing(out, framing);
  if (persistence == Persistence::Closes) append_field(out, "Connection", "close");
  if (persistence == Persistence::StaysSaid) append_field(out, "Connection", "keep-alive");
  append_end_of_head(out);
}

}  // namespace tealgate
