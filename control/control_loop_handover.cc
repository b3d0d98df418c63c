// The control loop's part in the hand-over from and to another daemon.
#include <nlohmann/json.hpp>
#include <utility>

#include "base/even_clock.h"
#include "base/loop.h"
#include "control/control_loop_parts.h"

namespace tealgate {

Result<void, CommandError> ControlLoop::look() {
  const auto looked = parts_->journal.look(parts_->config.config, even_now());
  if (!looked) return tl::make_unexpected(looked.error());
  const auto new_servers =
      looked->had_state ? Publisher::NewServers::OnProbation : Publisher::NewServers::Unknown;
  parts_->publisher.publish(parts_->config.config, parts_->journal.decisions(), new_servers);
  return {};
}

std::string ControlLoop::under_way() const {
  if (std::string reload = parts_->reload.describe(); !reload.empty()) return reload;
  if (const Operation* running = parts_->operations.running()) return running->describe();
  return parts_->locks.describe_held();
}

void ControlLoop::hold(const std::string& why, std::function<void()> on_held) {
  parts_->held = why;
  parts_->tls_upkeep.stop();
  // Behind what was to be recorded before.
  parts_->journal.add({.change = {}, .line = {}, .done = [this, on_held](const auto&) {
                         if (parts_->held.empty()) return;  // go_on() was quicker
                         parts_->journal.hold();
                         on_held();
                       }});
}

Result<std::uint64_t> ControlLoop::follow(const Decisions& decisions,
                                          std::function<void()> on_adopted) {
  auto fitted = fit_to_config(decisions, parts_->config.config, even_now());
  if (!fitted) return tl::make_unexpected(fitted.error());
  const auto snapshot = parts_->publisher.publish(parts_->config.config, fitted->decisions);
  parts_->wiring.prober.sync(snapshot);
  parts_->publisher.when_adopted(snapshot->generation, std::move(on_adopted));
  return snapshot->generation;
}

Result<void, CommandError> ControlLoop::go_on() {
  parts_->held.clear();
  if (auto opened = open(); !opened) return opened;
  parts_->wiring.prober.sync(parts_->publisher.current());
  parts_->locks.start();
  parts_->tls_upkeep.start();
  return {};
}

Result<std::string, CommandError> ControlLoop::go_on_afresh() {
  auto loaded = parts_->wiring.load_config();
  if (loaded) parts_->config = std::move(*loaded);
  if (auto opened = go_on(); !opened) return tl::make_unexpected(opened.error());
  return loaded ? std::string() : loaded.error().message;
}

}  // namespace tealgate
