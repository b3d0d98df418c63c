#include <unistd.h>

#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/timer.h"
#include "control/cli/printable.h"
#include "control/cli/results.h"
#include "control/cli/terminal.h"
#include "control/cli/top_view.h"
#include "control/cli/watching.h"

namespace tealgate::cli {
namespace {

constexpr int kUsage = 2;
constexpr int kInterrupted = 130;
constexpr Duration kSecond = std::chrono::seconds(1);

class Top {
 public:
  explicit Top(const Watched& watched);

  int run() { return loop_.run(); }

 private:
  void on_message(const SseMessage& message);
  void on_trouble(const Answer& answer);
  void on_key(char key);
  void pause();
  void draw();
  void on_second();
  const LiveModel& shown() const { return frozen_ ? *frozen_ : model_; }

  const Watched& watched_;
  WatchLoop loop_;
  SignalWatch quit_;
  SignalWatch hang_up_;
  LiveModel model_;
  std::optional<LiveModel> frozen_;  // what is shown while paused
  TopState state_;
  WallTime heard_;                      // when something came last
  std::unique_ptr<Terminal> terminal_;  // from the first snapshot on
  Timer second_;
  EventFeed feed_;
};

// All services, so that n and p find them.
EventFeed::Order everything(const Watched& watched) {
  return {watched.socket, "/v1/events", watched.fields};
}

Top::Top(const Watched& watched)
    : watched_(watched),
      quit_(loop_.loop(), SIGQUIT, [this] { loop_.end(kInterrupted); }),
      hang_up_(loop_.loop(), SIGHUP, [this] { loop_.end(kInterrupted); }),
      second_(loop_.loop(), [this] { on_second(); }),
      feed_(loop_.loop(), everything(watched),
            {[this](const SseMessage& message) { on_message(message); },
             [this](const Answer& answer) { on_trouble(answer); }}) {}

void Top::on_message(const SseMessage& message) {
  if (loop_.has_ended() || !model_.apply(message)) return;
  heard_ = WallClock::now();
  state_.trouble.clear();
  second_.stop();
  if (!terminal_) {
    const std::string& wanted = watched_.arguments.service;
    if (!wanted.empty() && !model_.services().contains(wanted)) {
      return loop_.end(tell_error(
          watched_,
          own_error("unknown", kUsage, "there is no service \"" + printable(wanted) + "\"",
                    "tealgate top")));
    }
    state_.service = shown_service(model_, wanted);  // and no other, unless a key asks for it
    terminal_ = std::make_unique<Terminal>(
        loop_.loop(), Terminal::Listener{[this](char key) { on_key(key); }, [this] { draw(); },
                                         [this] { loop_.end(kInterrupted); }});
  }
  draw();
}

void Top::on_trouble(const Answer& answer) {
  if (!terminal_ || is_refusal(answer)) {
    terminal_.reset();  // what is said goes to the screen that was there before
    return loop_.end(tell_failure(watched_, answer));
  }
  state_.trouble = reason_of(answer);
  draw();
  second_.start(kSecond);
}

// Ages grow on while nothing comes.
void Top::on_second() {
  draw();
  second_.start(kSecond);
}

void Top::on_key(char key) {
  if (state_.shows_help && key != 'q') {
    state_.shows_help = false;
    return draw();
  }
  switch (key) {
    case 'q':
      return loop_.end(0);
    case 's':
      state_.sort = static_cast<SortBy>((static_cast<int>(state_.sort) + 1) % kSorts);
      break;
    case 'n':
    case '\t':
      state_.service = next_service(shown(), state_.service, 1);
      break;
    case 'p':
      state_.service = next_service(shown(), state_.service, -1);
      break;
    case ' ':
      pause();
      break;
    case '?':
      state_.shows_help = true;
      break;
    default:
      break;
  }
  draw();
}

void Top::pause() {
  state_.is_paused = !state_.is_paused;
  if (!state_.is_paused) return frozen_.reset();
  frozen_.emplace(model_);
}

void Top::draw() {
  if (!terminal_ || loop_.has_ended()) return;
  const Look look{watched_.console.colour, WallClock::now()};
  TopState state = state_;
  if (!state.trouble.empty())
    state.trouble += "; as of " + render_second(format_wall_time(heard_), look.now);
  terminal_->draw(top_lines(shown(), state, terminal_->size(), look));
}

std::string what_forbids_a_screen(const Watched& watched) {
  if (watched.arguments.json) return "top is a screen and has no --json";
  if (Terminal::is_there()) return "";
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1)
    return "top needs a terminal, and this is none: stdin or stdout goes elsewhere";
  return "top needs a terminal that can be drawn on; TERM is to name its kind, for instance "
         "xterm-256color";
}

}  // namespace

int show_top(const Watched& watched) {
  const std::string why = what_forbids_a_screen(watched);
  if (!why.empty())
    return tell_error(watched, own_error("usage", kUsage, why, "tealgate status --follow"));
  return Top(watched).run();
}

}  // namespace tealgate::cli
