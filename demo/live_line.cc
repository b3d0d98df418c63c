#include "demo/live_line.h"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "control/cli/fitted_text.h"
#include "control/cli/terminal.h"

namespace tealgate::demo {

namespace {

constexpr Duration kRedraw = std::chrono::milliseconds(500);
constexpr Duration kNewLine = std::chrono::seconds(2);

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

}  // namespace

std::string with_spaces(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ' ');
  return text;
}

LiveLine::LiveLine(Loop& loop, const Traffic& traffic)
    : traffic_(traffic),
      is_screen_(cli::is_screen(STDOUT_FILENO)),
      timer_(loop, [this] { draw(); }) {
  timer_.start(kRedraw);
}

LiveLine::~LiveLine() {
  draw();
  if (!is_screen_ || !may_write()) return;
  fmt::print("\n");
  std::fflush(stdout);
}

// A terminal that was stopped or a full pipe would hold the demo up, its end too.
bool LiveLine::may_write() const {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  return poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0;
}

void LiveLine::draw() {
  timer_.start(is_screen_ ? kRedraw : kNewLine);
  if (!may_write()) return;
  // One that wraps could not be drawn over.
  if (is_screen_) fmt::print("\r\033[K{}", cli::cut_to(text(), cli::Terminal::size().columns));
  if (!is_screen_) fmt::print("{}\n", text());
  std::fflush(stdout);
  before_ = traffic_.counts();
}

// The shares are those of the answers since the last line.
std::string LiveLine::text() const {
  const Traffic::Counts& now = traffic_.counts();
  std::string line =
      fmt::format("{} requests · {} failed", with_spaces(now.requests), with_spaces(now.failed));
  std::map<std::string, std::uint64_t> recent;
  std::uint64_t sum = 0;
  for (const auto& [pool, count] : now.by_pool) {
    const auto earlier = before_.by_pool.find(pool);
    recent[pool] = count - (earlier == before_.by_pool.end() ? 0 : earlier->second);
    sum += recent[pool];
  }
  for (const auto& [pool, count] : recent) {
    if (count > 0) line += fmt::format(" · {} {} %", upper(pool), (count * 100 + sum / 2) / sum);
  }
  if (now.failed > 0) line += fmt::format(" · last failure: {}", now.last_failure);
  return line;
}

}  // namespace tealgate::demo
