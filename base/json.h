// Writes JSON for the hot paths (access log, event streams), append-only into a string of the
// caller's.
//
// It allocates nothing but the string's growth, and puts the commas itself. That begins and ends
// match is the caller's duty. Strings come out as valid UTF-8, whatever the bytes were: what is not
// UTF-8 becomes U+FFFD, control characters (DEL and C1 too) are escaped, so that one value never
// spans lines nor drives a terminal.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace tealgate {

class JsonWriter {
 public:
  // Appends to `out`, which must outlive the writer.
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_object();
  void end_object();
  void begin_array();
  void end_array();
  // The name of the next value in an object.
  void key(std::string_view name);

  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  template <std::same_as<bool> Bool>
  void value(Bool flag) {
    boolean(flag);
  }
  template <std::signed_integral Int>
  void value(Int number) {
    integer(number);
  }
  template <std::unsigned_integral Int>
  requires(!std::same_as<Int, bool>) void value(Int number) { unsigned_integer(number); }
  // NaN and infinities, which JSON has not, become null.
  void value(double number);
  void null();
  // n / 1000 without floating point: 12345 is written 12.345. For durations in µs told in ms.
  void thousandths(std::int64_t number);

  template <class T>
  void field(std::string_view name, const T& v) {
    key(name);
    value(v);
  }

 private:
  void boolean(bool flag);
  void integer(std::int64_t number);
  void unsigned_integer(std::uint64_t number);
  void begin_value();

  std::string& out_;
  bool needs_comma_ = false;
};

// Appends `text` with the quotes around it.
void append_json_string(std::string& out, std::string_view text);

}  // namespace tealgate
