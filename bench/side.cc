#include "bench/side.h"

#include <utility>

namespace tealgate::bench {
namespace {

Side& side_of(llhttp_t* parser) {
  return *static_cast<Side*>(parser->data);
}

bool is_dropped(std::string_view line) {
  auto begins = [line](std::string_view name) {
    if (line.size() < name.size()) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
      if ((line[i] | 0x20) != name[i]) return false;
    }
    return true;
  };
  return begins("connection:") || begins("keep-alive:");
}

int on_url(llhttp_t* parser, const char* at, size_t size) {
  Side& side = side_of(parser);
  if (side.head.empty()) {
    side.head.append(llhttp_method_name(static_cast<llhttp_method_t>(parser->method))).append(" ");
  }
  side.head.append(at, size);
  return 0;
}

int on_url_complete(llhttp_t* parser) {
  Side& side = side_of(parser);
  side.head.append(" HTTP/1.1\r\n");
  side.line = side.head.size();
  return 0;
}

int on_status(llhttp_t* parser, const char* at, size_t size) {
  side_of(parser).head.append(at, size);
  return 0;
}

// The status line waits for the first field, since the reason may be empty.
void begin_fields(Side& side) {
  if (side.is_client() || side.line != 0) return;
  std::string reason = std::exchange(side.head, "HTTP/1.1 ");
  side.head.append(std::to_string(side.parser.status_code)).append(" ").append(reason);
  side.head.append("\r\n");
  side.line = side.head.size();
}

int on_field(llhttp_t* parser, const char* at, size_t size) {
  begin_fields(side_of(parser));
  side_of(parser).head.append(at, size);
  return 0;
}

int on_field_complete(llhttp_t* parser) {
  side_of(parser).head.append(": ");
  return 0;
}

int on_value(llhttp_t* parser, const char* at, size_t size) {
  side_of(parser).head.append(at, size);
  return 0;
}

int on_value_complete(llhttp_t* parser) {
  Side& side = side_of(parser);
  if (is_dropped(std::string_view(side.head).substr(side.line))) {
    side.head.resize(side.line);
  } else {
    side.head.append("\r\n");
    side.line = side.head.size();
  }
  return 0;
}

int on_headers_complete(llhttp_t* parser) {
  Side& side = side_of(parser);
  begin_fields(side);
  return side.head_only ? 1 : HPE_PAUSED;
}

int on_message_complete(llhttp_t* parser) {
  side_of(parser).message_complete = true;
  return HPE_PAUSED;
}

const llhttp_settings_t kSettings = [] {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_url = on_url;
  settings.on_url_complete = on_url_complete;
  settings.on_status = on_status;
  settings.on_header_field = on_field;
  settings.on_header_field_complete = on_field_complete;
  settings.on_header_value = on_value;
  settings.on_header_value_complete = on_value_complete;
  settings.on_headers_complete = on_headers_complete;
  settings.on_message_complete = on_message_complete;
  return settings;
}();

}  // namespace

Side::Side(int socket, llhttp_type_t type) : fd(socket) {
  llhttp_init(&parser, type, &kSettings);
  parser.data = this;
}

llhttp_errno_t Side::parse(std::string_view bytes) {
  if (llhttp_get_errno(&parser) == HPE_PAUSED) llhttp_resume(&parser);
  return llhttp_execute(&parser, bytes.data(), bytes.size());
}

std::size_t Side::parsed(std::string_view bytes) const {
  return static_cast<std::size_t>(llhttp_get_error_pos(&parser) - bytes.data());
}

void Side::begin_message() {
  in_body = false;
  message_complete = false;
  line = 0;
}

}  // namespace tealgate::bench
