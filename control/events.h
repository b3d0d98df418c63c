// What happened, in the order in which it happened: the one source for the page, `events`, `top`
// and notices. docs/events.md lists what there is.
//
// An event is a JSON object with an id of its own, also across restarts. The newest are
// remembered, so that a reader who was cut off can go on where he was. Control loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tealgate {

class Events {
 public:
  static constexpr std::size_t kRemembered = 1000;

  // `started`: makes the ids differ from those of the processes before.
  explicit Events(WallTime started);
  ~Events();
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  // Gives it its id, and tells the listener. A null is no event.
  void add(nlohmann::ordered_json event);
  // One, for good: whoever spreads them to the readers.
  void set_listener(std::function<void(const nlohmann::ordered_json&)> listener);

  // Of the newest event; of the start, if there was none.
  std::string last_id() const;
  // Those after `id`, oldest first; null if it is not known any more, or never was.
  std::unique_ptr<const std::vector<nlohmann::ordered_json>> after(std::string_view id) const;
  std::vector<nlohmann::ordered_json> newest(std::size_t limit) const;

 private:
  std::string id_of(std::uint64_t number) const;

  const std::string prefix_;
  std::uint64_t last_ = 0;
  std::deque<nlohmann::ordered_json> events_;
  std::function<void(const nlohmann::ordered_json&)> listener_;
};

}  // namespace tealgate
