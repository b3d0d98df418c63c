// Heads of HTTP messages, as parsed: views into bytes that somebody else holds, until retain()
// makes them own a copy.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace tealgate {

// ASCII only, as RFC 9110 5.1 has it for field names.
bool equals_ignoring_case(std::string_view a, std::string_view b);

struct Field {
  std::string_view name;   // as received
  std::string_view value;  // without surrounding white space

  // Most names differ in length already.
  bool is_named(std::string_view other) const {
    return name.size() == other.size() && equals_ignoring_case(name, other);
  }
};

// How a body is delimited (RFC 9112 6.3).
struct Framing {
  enum class Kind : std::uint8_t { None, Length, Chunked, UntilClose };
  Kind kind = Kind::None;
  std::uint64_t length = 0;  // of Kind::Length; a length of 0 is Kind::Length too
  bool has_body() const { return kind != Kind::None && !(kind == Kind::Length && length == 0); }
};

// What both heads share. Move-only; views stay valid when it is moved.
class Head {
 public:
  std::vector<Field> fields;
  Framing framing;
  std::uint8_t minor_version = 1;  // HTTP/1.x
  // Whether the sender lets the connection live on (Connection, version): RFC 9112 9.3.
  bool keep_alive = true;

  // The value of the first field of that name, or an empty view with a null data pointer.
  std::string_view field(std::string_view name) const;
  bool has_field(std::string_view name) const { return field(name).data() != nullptr; }
  // Whether a comma-separated list field holds `token`, over all its lines, ignoring case.
  bool field_has_token(std::string_view name, std::string_view token) const;

 protected:
  // Copies `block` and moves every view that points into it to the copy.
  void retain_block(std::string_view block, std::initializer_list<std::string_view*> views);

 private:
  std::unique_ptr<char[]> storage_;
};

class RequestHead : public Head {
 public:
  std::string_view method;     // "GET"; case-sensitive
  std::string_view target;     // as received: origin-, absolute- or asterisk-form
  std::string_view path;       // the target's path without the query; "*" for asterisk-form; empty:
                               // no target could be read
  std::string_view query;      // without "?"; empty if none
  std::string_view authority;  // Host, or the absolute target's; may be empty for HTTP/1.0
  std::string_view block;      // the whole head, from the request line to the empty line

  // From now on the head owns its bytes.
  void retain() { retain_block(block, {&method, &target, &path, &query, &authority, &block}); }

  bool is_head() const { return method == "HEAD"; }
  // RFC 9110 9.2.2: GET HEAD OPTIONS TRACE PUT DELETE.
  bool is_idempotent() const;
  bool expects_continue() const;  // Expect: 100-continue (never for HTTP/1.0)
};

class ResponseHead : public Head {
 public:
  int status = 0;
  std::string_view reason;
  std::string_view block;

  void retain() { retain_block(block, {&reason, &block}); }
  // 101 is final: what follows belongs to another protocol (RFC 9110 15.2.2).
  bool is_interim() const { return status >= 100 && status < 200 && status != 101; }
};

}  // namespace tealgate
