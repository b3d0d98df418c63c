#include "control/cli/progress.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace tealgate::cli {
namespace {

constexpr std::array<const char*, 6> kSteps = {"waiting",   "gate",      "decided",
                                               "published", "announced", "draining"};
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

}  // namespace

Progress::~Progress() {
  if (drawn_) console_.err << "\r\x1b[K" << std::flush;
}

void Progress::on_line(std::string_view line) {
  if (show_ == Show::Nothing) return;
  nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object() || !object.contains("progress") || object.contains("ok")) return;
  std::string word = object.value("progress", "");
  std::string message = object.value("message", "");
  bool heartbeat = word == "heartbeat";
  if (!heartbeat) step_ = word;
  if (console_.err_is_terminal) return redraw(step_, message);
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
