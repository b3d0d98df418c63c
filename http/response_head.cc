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

bool has_line(std::string_view fields, std::string_view name) {
  for (std::size_t at = 0; at < fields.size(); at = fields.find("\r\n", at) + 2) {
    const std::string_view line = fields.substr(at);
    const bool is_it = line.size() > name.size() && line[name.size()] == ':' &&
                       equals_ignoring_case(line.substr(0, name.size()), name);
    if (is_it) return true;
  }
  return false;
}

void append_response_head(std::string& out, const OutgoingHead& head, const Framing& framing,
                          Persistence persistence) {
  append_status_line(out, head.status, head.reason);
  out.append(head.fields).append(head.more_fields);
  if (!head.has_date) append_field(out, "Date", http_date());
  append_framing(out, framing);
  if (persistence == Persistence::Closes) append_field(out, "Connection", "close");
  if (persistence == Persistence::StaysSaid) append_field(out, "Connection", "keep-alive");
  append_end_of_head(out);
}

}  // namespace tealgate
