#include "control/cli/terminal.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace tealgate::cli {
namespace {

// The other screen, without a cursor and without wrapping; and back.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";

// The bytes of an arrow or the like at the beginning, 0 if there is none: ESC [ … with a letter or
// ~ at its end, ESC O and a letter, or ESC and what Alt was pressed with.
std::size_t escape_sequence(std::string_view typed) {
  if (typed.front() != '\x1b') return 0;
  const char kind = typed.size() > 1 ? typed[1] : '\0';
  if (kind == 'O') return std::min<std::size_t>(typed.size(), 3);
  if (kind != '[') return std::min<std::size_t>(typed.size(), 2);
  std::size_t end = 2;
  while (end < typed.size() && (typed[end] < '@' || typed[end] > '~')) ++end;
  return std::min(end + 1, typed.size());
}

}  // namespace

bool is_screen(int descriptor) {
  const char* kind = std::getenv("TERM");
  const bool is_drawn_on = kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
  return is_drawn_on && ::isatty(descriptor) == 1;
}

bool Terminal::is_there() {
  return ::isatty(STDIN_FILENO) == 1 && is_screen(STDOUT_FILENO);
}

Terminal::Terminal(Loop& loop, Listener listener)
    : loop_(loop),
      listener_(std::move(listener)),
      token_(loop.poller().add(*this)),
      resized_(loop, SIGWINCH, [this] { listener_.on_redraw(); }),
      stopped_(loop, SIGTSTP, [this] { stop(); }) {
  ::tcgetattr(STDIN_FILENO, &before_);
  enter();
  loop_.poller().watch(token_, STDIN_FILENO);
}

Terminal::~Terminal() {
  loop_.poller().remove(token_);
  loop_.poller().unwatch(STDIN_FILENO);
  leave();
}

// Reading shall not wait: O_NONBLOCK would be the shell's, too.
void Terminal::enter() {
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  write(kEnter);
}

void Terminal::leave() {
  write(kLeave);
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

// Ctrl-Z: it stops here, and goes on here.
void Terminal::stop() {
  leave();
  ::raise(SIGSTOP);
  enter();
  listener_.on_redraw();
}

ScreenSize Terminal::size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {};
  return {size.ws_row, size.ws_col};
}

// A line is cleared before it is drawn: behind a full one the cursor stands on its last character.
void Terminal::draw(const std::vector<std::string>& lines) {
  std::string text = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i)
    text += (i == 0 ? "\x1b[K" : "\r\n\x1b[K") + lines[i];
  if (lines.size() < size().rows) text += "\r\n\x1b[J";
  write(text);
}

void Terminal::on_events(std::uint32_t events) {
  char bytes[256];
  for (;;) {
    const ssize_t count = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (count <= 0) break;
    take(std::string_view(bytes, static_cast<std::size_t>(count)));
  }
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) listener_.on_gone();
}

void Terminal::take(std::string_view typed) {
  while (!typed.empty()) {
    const std::size_t escape = escape_sequence(typed);
    if (escape == 0) listener_.on_key(typed.front());
    typed.remove_prefix(std::max<std::size_t>(escape, 1));
  }
}

void Terminal::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace tealgate::cli
