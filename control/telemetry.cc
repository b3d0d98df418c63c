#include "control/telemetry.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/loop.h"
#include "control/command.h"
#include "control/event_wording.h"
#include "control/figures_report.h"
#include "control/merge_patch.h"

namespace tealgate {

using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

Telemetry::Telemetry(Loop& loop, const SnapshotCell& cell, const DataPlane& data_plane,
                     WallTime started, std::function<Json()> status)
    : loop_(loop),
      cell_(cell),
      data_plane_(data_plane),
      events_(started),
      status_(std::move(status)),
      timer_(loop, [this] { on_timer(); }) {
  events_.set_listener(
      [this](const Json& event) { for_all([&event](Reader& reader) { reader.on_event(event); }); });
}

Telemetry::~Telemetry() = default;

void Telemetry::start() {
  begun_ = looked_at_ = loop_.now();
  collect();
  timer_.start(1s);
}

void Telemetry::on_recorded(const Json& line) {
  tally_.count(line);
  events_.add(event_of_history(line));
}

const SharedJson& Telemetry::add(Reader& reader) {
  if (!told_) told_ = std::make_unique<SharedJson>(status_());
  readers_.push_back(&reader);
  return *told_;
}

void Telemetry::remove(Reader& reader) {
  std::erase(readers_, &reader);
  if (readers_.empty()) told_.reset();
}

std::size_t Telemetry::readers(Via via) const {
  const auto found =
      std::ranges::count_if(readers_, [via](const Reader* each) { return each->via() == via; });
  return static_cast<std::size_t>(found);
}

const SharedJson& Telemetry::whole_figures(FiguresWindow window) {
  std::unique_ptr<SharedJson>& whole = whole_[static_cast<std::size_t>(window)];
  if (!whole) whole = std::make_unique<SharedJson>(figures_object(figures_, window, collected_at_));
  return *whole;
}

void Telemetry::retire() {
  for_all([](Reader& reader) { reader.on_retired(); });
}

// Seconds are counted from the start, so that a late timer does not stretch them.
void Telemetry::on_timer() {
  collect();
  timer_.start(begun_ + (seconds_ + 1) * 1s - loop_.now());
  tell();
}

void Telemetry::collect() {
  const auto snapshot = cell_.current();
  const auto passed = static_cast<std::uint64_t>((loop_.now() - begun_) / 1s);
  const std::uint64_t missed = passed > seconds_ ? passed - seconds_ - 1 : 0;
  seconds_ = std::max(passed, seconds_);
  collected_at_ = WallClock::now();
  measure_workers(loop_.now() - std::exchange(looked_at_, loop_.now()));
  if (snapshot) figures_.collect(*snapshot, static_cast<unsigned>(missed));
  for (auto& whole : whole_) whole.reset();
}

void Telemetry::measure_workers(Duration passed) {
  std::vector<Duration> now = data_plane_.cpu_times();
  busy_.assign(now.size(), 0);
  for (std::size_t i = 0; i < now.size() && i < cpu_.size() && passed > Duration::zero(); ++i) {
    busy_[i] =
        static_cast<double>((now[i] - cpu_[i]).count()) / static_cast<double>(passed.count());
  }
  cpu_ = std::move(now);
}

void Telemetry::tell() {
  if (readers_.empty()) return;
  Json now = status_();
  Json tick;
  tick["at"] = WallClock::to_time_t(collected_at_);
  Json changed = merge_patch_between(told_->object(), now);
  if (!changed.empty()) tick["status"] = std::move(changed);
  tick["figures"] = newest_figures(figures_);
  told_ = std::make_unique<SharedJson>(std::move(now));
  const SharedJson second(std::move(tick));
  for_all([&second](Reader& reader) { reader.on_second(second); });
}

// A reader may leave when it is told something.
template <class Call>
void Telemetry::for_all(Call call) {
  const std::vector<Reader*> all = readers_;
  for (Reader* reader : all) {
    if (std::find(readers_.begin(), readers_.end(), reader) != readers_.end()) call(*reader);
  }
}

}  // namespace tealgate
