#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "control/cli/fitted_text.h"
#include "control/cli/json_fields.h"
#include "control/cli/live_model.h"
#include "control/cli/render_certificates.h"
#include "control/cli/render_status.h"
#include "control/cli/results.h"
#include "control/cli/terminal.h"
#include "control/cli/watching.h"
#include "control/cli/what_matters.h"

namespace tealgate::cli {
namespace {

using json = nlohmann::ordered_json;

constexpr std::string_view kClear = "\x1b[H\x1b[2J";

class StatusFollower {
 public:
  explicit StatusFollower(const Watched& watched)
      : watched_(watched),
        is_terminal_(is_screen(STDOUT_FILENO) && !watched.arguments.json),
        resized_(loop_.loop(), SIGWINCH, [this] { on_resized(); }),
        interruptions_(watched_),
        feed_(loop_.loop(), feed_order(watched_, ""),
              {[this](const SseMessage& message) { on_message(message); },
               [this](const Answer& answer) { on_trouble(answer); }}) {}

  int run() { return loop_.run(); }

 private:
  void on_message(const SseMessage& message);
  void on_trouble(const Answer& answer);
  void on_resized();
  void redraw();
  void print();
  std::string screen() const;

  const Watched& watched_;
  const bool is_terminal_;
  LiveModel model_;
  std::string shown_;  // on a terminal the text, elsewhere what matters of it
  WatchLoop loop_;
  SignalWatch resized_;
  Interruptions interruptions_;
  EventFeed feed_;
};

void StatusFollower::on_message(const SseMessage& message) {
  if (loop_.has_ended() || message.event == "event" || !model_.apply(message)) return;
  if (message.event == "snapshot") interruptions_.on_snapshot();
  if (const auto exit = exit_if_gone(watched_, model_)) return loop_.end(*exit);
  is_terminal_ ? redraw() : print();
  if (!watched_.console.out) loop_.end(0);
}

void StatusFollower::on_trouble(const Answer& answer) {
  if (const auto exit = interruptions_.on_trouble(answer)) loop_.end(*exit);
}

void StatusFollower::on_resized() {
  if (!is_terminal_ || !model_.is_known()) return;
  shown_.clear();
  redraw();
}

void StatusFollower::redraw() {
  const ScreenSize size = Terminal::size();
  std::string text = fit_rows(screen(), size.rows, size.columns);
  if (text == shown_) return;
  watched_.console.out << kClear << text << std::flush;
  shown_ = std::move(text);
}

// Without a terminal counts that move each second are no change.
void StatusFollower::print() {
  std::string news = what_matters(model_.status()).dump();
  if (news == shown_) return;
  const std::string& service = watched_.arguments.service;
  if (watched_.arguments.json) {
    json object = {{"ok", true}};
    object.update(service.empty() ? model_.status() : member(model_.services(), service.c_str()));
    watched_.console.out << object.dump() << std::endl;
  } else {
    watched_.console.out << (shown_.empty() ? "" : "\n") << screen() << std::flush;
  }
  shown_ = std::move(news);
}

std::string StatusFollower::screen() const {
  const Look look{watched_.console.colour, WallClock::now()};
  std::string text;
  for (const json& service : model_.services())
    text += (text.empty() ? "" : "\n") + render_service(service, look);
  if (watched_.arguments.service.empty()) text += render_certificates(model_.status(), look);
  return text;
}

}  // namespace

int follow_status(const Watched& watched) {
  for (const char* other : {"idle", "active", "exit_code"}) {
    if (!watched.arguments.has(other)) continue;
    return tell_error(watched, own_error("usage", 2,
                                         "--follow shows the screen; --idle, --active and "
                                         "--exit-code answer once",
                                         "tealgate status --follow"));
  }
  return StatusFollower(watched).run();
}

}  // namespace tealgate::cli
