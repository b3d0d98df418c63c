#include "control/cli/progress.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "control/cli/printable.h"

namespace tealgate::cli {
namespace {

constexpr std::array<const char*, 6> kSteps = {"waiting",   "gate",      "decided",
                                               "published", "announced", "draining"};
constexpr Duration kPause = std::chrono::seconds(10);
constexpr std::size_t kCellsPerStep = 3;
constexpr std::size_t kBarColumns = kSteps.size() * kCellsPerStep;

std::string bar(const std::string& word) {
  std::size_t step = 0;
  while (step < kSteps.size() && word != kSteps[step]) ++step;
  std::size_t filled = step == kSteps.size() ? 0 : step + 1;
  std::string cells;
  for (std::size_t i = 0; i < kBarColumns; ++i) {
    cells += i < filled * kCellsPerStep ? "█" : "░";
  }
  return cells;
}

// The first `columns` characters of UTF-8 text.
std::string_view shortened(std::string_view text, std::size_t columns) {
  std::size_t bytes = 0;
  for (std::size_t seen = 0; bytes < text.size(); ++bytes) {
    bool begins_character = (static_cast<unsigned char>(text[bytes]) & 0xC0) != 0x80;
    if (begins_character && seen++ == columns) break;
  }
  return text.substr(0, bytes);
}

bool is_unit(std::string_view word) {
  while (!word.empty() && (word.back() == ':' || word.back() == ',' || word.back() == ';')) {
    word.remove_suffix(1);
  }
  return word == "ms" || word == "s" || word == "min" || word == "h" || word == "d";
}

// The sentence without how long something lasted.
std::string without_durations(const std::string& sentence) {
  std::string kept;
  std::string held;  // the last word, if it is a number
  std::size_t at = 0;
  while (at < sentence.size()) {
    const std::size_t end = std::min(sentence.find(' ', at), sentence.size());
    const std::string word = sentence.substr(at, end - at);
    at = end + 1;
    if (!held.empty() && is_unit(word)) {
      held.clear();
      continue;
    }
    kept += std::exchange(held, {});
    const bool is_number = word.find_first_not_of("0123456789.") == std::string::npos;
    (is_number ? held : kept) += word + " ";
  }
  return kept + held;
}

}  // namespace

Progress::~Progress() {
  if (drawn_) console_.err << "\r\x1b[K" << std::flush;
}

void Progress::on_line(std::string_view line) {
  if (show_ == Show::Nothing) return;
  nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object() || !object.contains("progress") || object.contains("ok")) return;
  std::string word = object.value("progress", "");
  std::string message = printable(object.value("message", ""));
  bool heartbeat = word == "heartbeat";
  if (!heartbeat) step_ = word;
  if (console_.err_is_terminal) return redraw(step_, message);
  const std::string news = word + ": " + without_durations(message);
  const TimePoint now = Clock::now();
  if (news == told_ && now < told_at_ + kPause) return;
  told_ = news;
  told_at_ = now;
  console_.err << (heartbeat ? "still " + step_ : word) << (message.empty() ? "" : ": ") << message
               << std::endl;
}

void Progress::redraw(const std::string& word, const std::string& message) {
  drawn_ = true;
  std::string text = word + " · " + message;
  std::size_t room = console_.err_columns - std::min(console_.err_columns, kBarColumns + 2);
  console_.err << "\r\x1b[K" << bar(word) << " " << shortened(text, room) << std::flush;
}

}  // namespace tealgate::cli
