#include "control/tls_upkeep.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/loop.h"
#include "base/work.h"
#include "control/journal.h"
#include "control/publisher.h"

namespace tealgate {

TlsUpkeep::TlsUpkeep(const Place& place)
    : place_(place), next_look_(place.loop, [this] { look(); }) {}

TlsUpkeep::~TlsUpkeep() {
  stop();
}

void TlsUpkeep::start() {
  if (running_) return;
  running_ = std::make_shared<TlsUpkeep*>(this);
  next_look_.start(Duration::zero());
}

void TlsUpkeep::stop() {
  next_look_.stop();
  if (running_) *running_ = nullptr;
  running_.reset();
}

template <class Job, class Done>
void TlsUpkeep::run(Job job, Done done) {
  auto result = std::make_shared<std::optional<decltype(job())>>();
  run_in_pool(
      place_.loop, [result, job = std::move(job)] { *result = job(); },
      [result, done, running = running_] {
        if (*running != nullptr) ((*running)->*done)(std::move(**result));
      });
}

void TlsUpkeep::look() {
  place_.data_plane.rotate_ticket_keys(
      WallClock::now(),
      std::chrono::duration_cast<std::chrono::seconds>(place_.config.config.ticket_rotation));
  tell_expiry();
  auto files = TlsInUse::of(place_.config.config).files();
  if (files.empty()) return on_looked({});
  run([files = std::move(files)] { return look_at(files); }, &TlsUpkeep::on_looked);
}

void TlsUpkeep::on_looked(FileMarks marks) {
  if (watch_.on_look(std::move(marks), place_.loop.now()) == FileWatch::Act::Read) return read();
  if (watch_.is_misfit_lasting(place_.loop.now())) tell_faults();
  next_look_.start(watch_.interval());
}

void TlsUpkeep::read() {
  run(
      [in_use = TlsInUse::of(place_.config.config)] {
        return renew(in_use, ConfigSurroundings::real(), WallClock::now());
      },
      &TlsUpkeep::on_read);
}

void TlsUpkeep::on_read(TlsRenewal renewal) {
  // A reload may have come and gone since read().
  if (place_.is_busy() || renewal.in_use != TlsInUse::of(place_.config.config)) {
    watch_.on_unused();
  } else {
    if (renewal.changes_anything() && !take_over(renewal)) watch_.on_unused();
    found_ = std::move(renewal.faults);
    if (found_.empty()) {
      watch_.on_fitting();
      faults_.clear();
    } else {
      watch_.on_misfit(place_.loop.now());
    }
  }
  next_look_.start(watch_.interval());
}

// False: it could not be done now.
bool TlsUpkeep::take_over(const TlsRenewal& renewal) {
  Config& config = place_.config.config;
  std::vector<ListenerSettings> listeners = config.listeners;
  for (ListenerSettings& listener : listeners) {
    const auto found = renewal.listeners.find(listener.tls);
    if (found != renewal.listeners.end()) listener.tls = found->second;
  }
  auto prepared = place_.data_plane.prepare_listeners(listeners);
  if (!prepared) {
    log_error("new certificates wait: {}", prepared.error().message);
    return false;
  }
  config.listeners = std::move(listeners);
  (*prepared)->commit();
  for (ServiceConfig& service : config.services) {
    for (PoolConfig& pool : service.pools) {
      const auto found = renewal.pools.find(pool.tls);
      if (found != renewal.pools.end()) pool.tls = found->second;
    }
  }
  if (!renewal.pools.empty())
    place_.prober.sync(place_.publisher.publish(config, place_.journal.decisions()));
  for (const std::string& file : renewal.renewed)
    record("certificate_renewed", file, fmt::format("{} has changed: taken over", file));
  for (const TlsFault& warning : renewal.warnings)
    record("certificate_doubtful", warning.file, warning.message);
  return true;
}

void TlsUpkeep::tell_faults() {
  for (const TlsFault& fault : found_) {
    if (std::ranges::find(faults_, fault) != faults_.end()) continue;
    const std::string message = fmt::format("{}: the one in use stays", fault.message);
    record("certificate_refused", fault.file, message);
  }
  faults_ = found_;
}

void TlsUpkeep::tell_expiry() {
  const auto in_use = TlsInUse::of(place_.config.config).certificates();
  for (const ExpiryWatch::Notice& notice : expiry_.on_look(in_use, WallClock::now())) {
    const bool is_over = notice.stage == ExpiryWatch::Stage::HasExpired;
    const std::string& file = notice.certificate->files().cert;
    record(is_over ? "certificate_expired" : "certificate_expires", file,
           fmt::format("the certificate in {} for {} {} at {}: renew it", file,
                       fmt::join(notice.certificate->names(), ", "),
                       is_over ? "has expired" : "expires",
                       format_wall_time(notice.certificate->valid_until())));
  }
}

void TlsUpkeep::record(const std::string& event, const std::string& file,
                       const std::string& message) {
  log_line(event == "certificate_renewed" ? LogLevel::Info : LogLevel::Warning, message);
  nlohmann::ordered_json line{{"at", format_wall_time(WallClock::now())},
                              {"event", event},
                              {"file", file},
                              {"message", message}};
  place_.journal.add({.change = {}, .line = [line](const Decisions&) { return line; }, .done = {}});
}

}  // namespace tealgate
