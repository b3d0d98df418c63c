#include "http/response_head.h"

#include <ctime>

#include "http/h1_writer.h"

namespace tealgate {

namespace {

// RFC 9110 5.6.7; made once a second and thread.
std::string_view http_date() {
  struct Cached {
    std::time_t second = 0;
    char text[32];
    std::size_t size = 0;
  };
  static thread_local Cached cached;
  const std::time_t now = std::time(nullptr);
  if (now != cached.second) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    cached.size = std::strftime(cached.text, sizeof cached.text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    cached.second = now;
  }
  return {cached.text, cached.size};
}

}  // namespace

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
