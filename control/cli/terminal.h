// The terminal as a whole screen: keys come in at once and unseen, lines are drawn over the old
// ones, and whoever had it finds it again as it was, also after Ctrl-Z.
//
// stdin and stdout must be terminals. It owns their modes from its making until its end. On its
// loop; SIGINT, SIGTERM and the like are its owner's.
#pragma once

#include <termios.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/loop.h"
#include "base/poller.h"
#include "base/signals.h"
#include "control/cli/top_view.h"

namespace tealgate::cli {

// Whether this descriptor is a terminal with colours and a cursor that can be moved: TERM is
// neither empty nor "dumb".
bool is_screen(int descriptor);

class Terminal final : private Pollable {
 public:
  struct Listener {
    std::function<void(char key)> on_key;  // a byte; no escape sequences come
    std::function<void()> on_redraw;       // another size, or it is back after Ctrl-Z
    std::function<void()> on_gone;         // nobody looks any more
  };

  static bool is_there();
  static ScreenSize size();  // of stdout's

  Terminal(Loop& loop, Listener listener);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void draw(const std::vector<std::string>& lines);

 private:
  void on_events(std::uint32_t events) override;

  void enter();
  void leave();
  void stop();
  void take(std::string_view typed);
  void write(std::string_view bytes);

  Loop& loop_;
  const Listener listener_;
  termios before_{};
  Poller::Token token_;
  SignalWatch resized_;
  SignalWatch stopped_;
};

}  // namespace tealgate::cli
