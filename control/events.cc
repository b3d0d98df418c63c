#include "control/events.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace tealgate {

using Json = nlohmann::ordered_json;

Events::Events(WallTime started)
    : prefix_(fmt::format(
          "{:x}-", std::chrono::duration_cast<std::chrono::milliseconds>(started.time_since_epoch())
                       .count())) {}

Events::~Events() = default;

std::string Events::id_of(std::uint64_t number) const {
  return fmt::format("{}{}", prefix_, number);
}

std::string Events::last_id() const {
  return id_of(last_);
}

void Events::add(Json event) {
  if (!event.is_object()) return;
  Json with_id = {{"id", id_of(++last_)}};
  with_id.update(event);
  events_.push_back(std::move(with_id));
  if (events_.size() > kRemembered) events_.pop_front();
  if (listener_) listener_(events_.back());
}

void Events::set_listener(std::function<void(const Json&)> listener) {
  listener_ = std::move(listener);
}

std::unique_ptr<const std::vector<Json>> Events::after(std::string_view id) const {
  if (!id.starts_with(prefix_)) return nullptr;
  id.remove_prefix(prefix_.size());
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (fault != std::errc() || end != id.data() + id.size()) return nullptr;
  if (number > last_ || last_ - number > events_.size()) return nullptr;
  return std::make_unique<const std::vector<Json>>(
      newest(static_cast<std::size_t>(last_ - number)));
}

std::vector<Json> Events::newest(std::size_t limit) const {
  const std::size_t count = std::min(limit, events_.size());
  return {events_.end() - static_cast<std::ptrdiff_t>(count), events_.end()};
}

}  // namespace tealgate
