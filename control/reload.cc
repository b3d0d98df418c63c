#include "control/reload.h"

#include <nlohmann/json.hpp>

#include "base/even_clock.h"
#include "base/loop.h"
#include "base/work.h"
#include "control/journal.h"
#include "control/operations.h"
#include "control/plan.h"
#include "control/publisher.h"

namespace tealgate {
namespace {

CommandError stopping() {
  return {ErrorCode::Internal, "the daemon is stopping"};
}

std::string no_effect(const ServiceConfig& service, const ServiceDecisions& decided) {
  return fmt::format(
      "services.{}.initial is now {}, which has no effect: {} is served by {} (tealgate switch)",
      service.name, service.initial.to_string(), service.name, decided.split.to_string());
}

}  // namespace

Reload::Reload(const Place& place, Hooks hooks)
    : place_(place), hooks_(std::move(hooks)), self_(std::make_shared<Reload*>(this)) {}

Reload::~Reload() {
  *self_ = nullptr;
}

void Reload::run(const Caller& caller, std::shared_ptr<CommandWatcher> watcher) {
  if (step_ != Step::Idle) {
    return watcher->on_finished(error_object({ErrorCode::Conflict, describe()}));
  }
  step_ = Step::Loading;
  caller_ = caller;
  watcher_ = std::move(watcher);
  if (hooks_.on_begun) hooks_.on_begun();
  auto loaded = std::make_shared<std::optional<Result<LoadedConfig, CommandError>>>();
  run_in_pool(
      place_.loop, [loaded, load = hooks_.load] { *loaded = load(); },
      [loaded, self = self_] {
        if (*self != nullptr) (*self)->on_loaded(std::move(**loaded));
      });
}

std::string Reload::describe() const {
  return step_ == Step::Idle ? "" : fmt::format("{} is reloading the config", caller_.by);
}

void Reload::detach(const CommandWatcher& watcher) {
  if (watcher_.get() == &watcher) watcher_.reset();
}

// Whoever reads the file may take long, so nobody waits for that; what is being stored ends by
// itself, before the journal's end.
void Reload::stop() {
  is_stopping_ = true;
  listeners_.reset();
  use_sockets_ = nullptr;
  if (step_ == Step::Loading) finish(error_object(stopping()));
}

void Reload::on_loaded(Result<LoadedConfig, CommandError> loaded) {
  if (is_stopping_) return;
  if (!loaded) return refuse(loaded.error());
  auto listeners = place_.data_plane.prepare_listeners(loaded->config.listeners);
  if (!listeners) {
    return refuse({ErrorCode::ConfigInvalid, listeners.error().message});
  }
  listeners_ = std::move(*listeners);
  if (hooks_.prepare_sockets) {
    auto sockets = hooks_.prepare_sockets(loaded->config);
    if (!sockets) return refuse({ErrorCode::ConfigInvalid, sockets.error().message});
    use_sockets_ = std::move(*sockets);
  }
  next_ = std::move(*loaded);
  warnings_ = next_->warnings;
  store();
}

void Reload::store() {
  step_ = Step::Storing;
  place_.journal.add(
      {.change = [this](const Decisions& decisions) -> Result<Decisions, CommandError> {
         if (is_stopping_) return tl::make_unexpected(stopping());
         auto fitted = fit_to_config(decisions, next_->config, even_now());
         if (!fitted) {
           return tl::make_unexpected(
               CommandError{ErrorCode::ConfigInvalid, fitted.error().message});
         }
         for (std::string& warning : fitted->warnings) warnings_.push_back(std::move(warning));
         return std::move(fitted->decisions);
       },
       .line =
           [this](const Decisions&) {
             nlohmann::ordered_json line;
             line["at"] = format_wall_time(WallClock::now());
             line["event"] = "reloaded";
             line["by"] = caller_.by;
             line["warnings"] = warnings_;
             return line;
           },
       .done =
           [this, self = self_](const Result<void, CommandError>& stored) {
             if (*self == nullptr) return;
             if (!stored) return refuse(stored.error());
             is_stopping_ ? refuse(stopping()) : publish();
           }});
}

void Reload::publish() {
  step_ = Step::Adopting;
  for (std::string& warning :
       warn_of_initial(place_.config.config, next_->config, place_.journal.decisions())) {
    warnings_.push_back(std::move(warning));
  }
  const auto restart = keys_needing_restart(place_.config.config, next_->config);
  place_.config = std::move(*next_);
  next_.reset();
  const auto snapshot = place_.publisher.publish(place_.config.config, place_.journal.decisions());
  place_.prober.sync(snapshot);
  place_.operations.on_config_published(*snapshot);
  std::exchange(listeners_, nullptr)->commit();
  if (use_sockets_) std::exchange(use_sockets_, nullptr)();
  place_.publisher.when_adopted(snapshot->generation, [this, restart] {
    nlohmann::ordered_json result;
    result["ok"] = true;
    result["changed"] = true;
    result["warnings"] = warnings_;
    result["restart_needed"] = restart;
    finish(result);
  });
}

void Reload::refuse(const CommandError& error) {
  listeners_.reset();
  use_sockets_ = nullptr;
  next_.reset();
  place_.journal.add({.change = {},
                      .line =
                          [by = caller_.by, message = error.message](const Decisions&) {
                            return nlohmann::ordered_json{
                                {"at", format_wall_time(WallClock::now())},
                                {"event", "reload_refused"},
                                {"by", by},
                                {"message", message}};
                          },
                      .done = {}});
  finish(error_object(error));
}

void Reload::finish(const nlohmann::ordered_json& result) {
  step_ = Step::Idle;
  if (hooks_.on_ended) hooks_.on_ended();
  const auto watcher = std::exchange(watcher_, nullptr);
  if (watcher) watcher->on_finished(result);
}

std::vector<std::string> warn_of_initial(const Config& before, const Config& after,
                                         const Decisions& decisions) {
  std::vector<std::string> warnings;
  for (const ServiceConfig& service : after.services) {
    const ServiceConfig* old = before.find_service(service.name);
    const ServiceDecisions* decided = decisions.find(service.name);
    if (old == nullptr || decided == nullptr) continue;
    if (is_same_split(old->initial, service.initial)) continue;
    warnings.push_back(no_effect(service, *decided));
  }
  return warnings;
}

std::vector<std::string> warn_of_initial(const Config& config, const Decisions& decisions) {
  std::vector<std::string> warnings;
  for (const ServiceConfig& service : config.services) {
    const ServiceDecisions* decided = decisions.find(service.name);
    if (decided == nullptr || decided->past.empty()) continue;
    const RevisionRecord& first = decided->past.front();
    if (!first.decided.operation.empty() || is_same_split(first.split, service.initial)) continue;
    if (is_same_split(decided->split, service.initial)) continue;
    warnings.push_back(no_effect(service, *decided));
  }
  return warnings;
}

}  // namespace tealgate
