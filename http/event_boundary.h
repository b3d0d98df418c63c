// Whether an event stream (text/event-stream) stands between two events: after a blank line, or
// before the first byte. Looks at the last bytes of each piece only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tealgate {

class EventBoundary {
 public:
  // Takes the bytes that come next.
  void take(std::string_view bytes);
  // Takes them up to the end of the event that is under way, and returns how many these were; all,
  // if it goes on.
  std::size_t take_event(std::string_view bytes);

  bool is_at_boundary() const { return line_ends_ >= 2; }

 private:
  void take_one(char c);

  std::uint8_t line_ends_ = 2;  // in a row, at most 2
  bool after_cr_ = false;
};

}  // namespace tealgate
