#include <nlohmann/json.hpp>

#include "control/cli/json_fields.h"
#include "control/cli/results.h"
#include "control/cli/watching.h"

namespace tealgate::cli {
namespace {

using json = nlohmann::ordered_json;

constexpr std::uint64_t kDefaultLimit = 50;

class EventPrinter {
 public:
  explicit EventPrinter(const Watched& watched)
      : watched_(watched),
        interruptions_(watched_),
        feed_(loop_.loop(), feed_order(watched_, knows_of_its_service() ? "" : "?figures=0"),
              {[this](const SseMessage& message) { on_message(message); },
               [this](const Answer& answer) { on_trouble(answer); }}) {}

  int run() { return loop_.run(); }

 private:
  // Of a service that is followed the status comes too: events do not tell its end.
  bool knows_of_its_service() const {
    return watched_.arguments.has("follow") && !watched_.arguments.service.empty();
  }
  void on_message(const SseMessage& message);
  void begin(const json& snapshot);
  void on_trouble(const Answer& answer);
  void print_newest(const json& events);
  void print(const json& event);

  const Watched& watched_;
  LiveModel model_;
  WatchLoop loop_;
  Interruptions interruptions_;
  EventFeed feed_;
};

void EventPrinter::on_message(const SseMessage& message) {
  const json object = json::parse(message.data, nullptr, false);
  if (loop_.has_ended() || !object.is_object()) return;
  if (message.event == "event") print(object);
  if (message.event == "snapshot") begin(object);
  if (!knows_of_its_service() || !model_.apply(message)) return;
  if (const auto exit = exit_if_gone(watched_, model_)) loop_.end(*exit);
}

void EventPrinter::begin(const json& snapshot) {
  // After an interruption these are those that were missed, or all of another daemon.
  if (interruptions_.on_snapshot()) {
    for (const json& event : member(snapshot, "events")) print(event);
  } else {
    print_newest(member(snapshot, "events"));
  }
  if (!watched_.arguments.has("follow")) loop_.end(0);
}

void EventPrinter::on_trouble(const Answer& answer) {
  if (const auto exit = interruptions_.on_trouble(answer)) loop_.end(*exit);
}

void EventPrinter::print_newest(const json& events) {
  const auto& flags = watched_.arguments.flags;
  const auto found = flags.find("limit");
  const std::uint64_t limit =
      found == flags.end() ? kDefaultLimit : std::get<std::uint64_t>(found->second);
  std::size_t left_out = events.size() > limit ? events.size() - limit : 0;
  for (const json& event : events) {
    if (left_out > 0) {
      --left_out;
      continue;
    }
    print(event);
  }
}

// A reader who has gone has read enough.
void EventPrinter::print(const json& event) {
  watched_.console.out << (watched_.arguments.json ? event.dump()
                                                   : describe_event(event, WallClock::now()))
                       << std::endl;
  if (!watched_.console.out) loop_.end(0);
}

}  // namespace

int follow_events(const Watched& watched) {
  return EventPrinter(watched).run();
}

}  // namespace tealgate::cli
