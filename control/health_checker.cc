#include "control/health_checker.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/loop.h"
#include "base/timer.h"
#include "control/health_probe.h"

namespace tealgate {
namespace {

// "10.0.0.1", or "[::1]".
std::string bracketed_host(const SocketAddress& address) {
  std::string host = address.host();
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

SocketAddress with_port(const SocketAddress& address, std::uint16_t port) {
  if (port == 0 || address.is_unix()) return address;
  Result<SocketAddress> changed = SocketAddress::parse(
      fmt::format("{}:{}", bracketed_host(address), port), SocketAddress::EmptyHost::Loopback);
  return changed ? *changed : address;
}

std::string probe_host(const Service& service, const HealthSettings& settings,
                       const SocketAddress& address) {
  if (!settings.host.empty()) return settings.host;
  for (const std::string& host : service.hosts) {
    if (!host.starts_with("*")) return host;
  }
  return address.to_string();
}

std::shared_ptr<const ProbeOrder> make_order(const Service& service, const Server& server) {
  const HealthSettings& settings = service.settings->health;
  SocketAddress address = with_port(server.address, settings.port);
  return std::make_shared<ProbeOrder>(ProbeOrder{
      settings, address, probe_host(service, settings, address), server.tls, server.address_text});
}

std::string what_is_checked(const HealthSettings& settings) {
  switch (settings.kind) {
    case HealthSettings::Kind::Http:
      return settings.method + " " + settings.path;
    case HealthSettings::Kind::Tcp:
      return "TCP connect";
    case HealthSettings::Kind::None:
      break;
  }
  return "none";
}

}  // namespace

// A round of fresh checks under way: counts what is missing. Checks share it with whoever holds the
// Round.
class HealthChecker::PendingRound {
 public:
  PendingRound(std::size_t checks, OnAll on_all) : missing_(checks), on_all_(std::move(on_all)) {}

  // May call out.
  void on_ended() {
    if (--missing_ == 0) call();
  }
  void call() {
    OnAll on_all = std::exchange(on_all_, nullptr);
    if (on_all) on_all();
  }
  void forget() { on_all_ = nullptr; }

 private:
  std::size_t missing_;
  OnAll on_all_;
};

class HealthChecker::HeldRound final : public Round {
 public:
  explicit HeldRound(std::shared_ptr<PendingRound> round) : round_(std::move(round)) {}
  ~HeldRound() override { round_->forget(); }

 private:
  std::shared_ptr<PendingRound> round_;
};

// One server that is checked: its timer, its checks under way, and what is known of it.
class HealthChecker::Subject {
 public:
  // `on_change`: its health is another one now.
  Subject(Loop& loop, std::minstd_rand& random, std::function<void(const Subject&)> on_change);
  ~Subject();

  // What the snapshot says of the server now.
  void update(const Service& service, const Server& server);
  // Its regular checks are to begin.
  bool is_waiting_to_begin() const { return mode_ == Mode::Checked && is_new_; }
  void begin_after(Duration delay);
  // A check at once; `round` may be null.
  void check(std::shared_ptr<PendingRound> round);
  const HealthEvidence& evidence() const { return evidence_; }
  Checks checks() const { return checks_; }

 private:
  enum class Mode : std::uint8_t { Checked, AlwaysUp, Maint };
  struct Running {
    std::unique_ptr<HealthProbe> probe;
    std::shared_ptr<PendingRound> round;
  };

  void enter(Mode mode);
  void start_over();
  void set_health(Health health, WallTime at);
  void on_result(const HealthProbe* probe, CheckResult result);
  void learn(CheckResult result);

  Loop& loop_;
  std::minstd_rand& random_;
  std::function<void(const Subject&)> on_change_;
  Checks checks_;
  Timer timer_;
  std::shared_ptr<const ProbeOrder> order_;
  std::shared_ptr<ServerState> state_;
  HealthPolicy policy_{HealthSettings{}, Health::Unknown};
  HealthEvidence evidence_;
  std::vector<Running> running_;
  Mode mode_ = Mode::Checked;
  bool is_new_ = true;  // as a server that is checked: the first check is not yet begun
};

HealthChecker::Subject::Subject(Loop& loop, std::minstd_rand& random,
                                std::function<void(const Subject&)> on_change)
    : loop_(loop), random_(random), on_change_(std::move(on_change)), timer_(loop, [this] {
        if (running_.empty()) check(nullptr);
      }) {}

HealthChecker::Subject::~Subject() {
  for (Running& each : running_) {
    if (each.round) loop_.defer([round = each.round] { round->on_ended(); });
  }
}

void HealthChecker::Subject::update(const Service& service, const Server& server) {
  std::shared_ptr<const ProbeOrder> order = make_order(service, server);
  bool first = order_ == nullptr;
  bool moved = !first && !(order_->address == order->address);
  order_ = std::move(order);
  state_ = server.state;
  evidence_.what = what_is_checked(order_->settings);
  policy_.set_settings(order_->settings);
  Mode mode = server.admin == AdminState::Maint                     ? Mode::Maint
              : order_->settings.kind == HealthSettings::Kind::None ? Mode::AlwaysUp
                                                                    : Mode::Checked;
  if (first) {
    evidence_.health = state_->health();
    evidence_.since = WallClock::now();
  }
  if (moved) start_over();
  if (first || moved || mode != mode_) enter(mode);
}

// Nothing of the old address says anything of the new one: rounds under way ask there again.
void HealthChecker::Subject::start_over() {
  evidence_.last.reset();
  evidence_.streak = 0;
  set_health(state_->health(), WallClock::now());
  for (Running& each : std::exchange(running_, {})) {
    if (each.round) check(std::move(each.round));
  }
}

void HealthChecker::Subject::enter(Mode mode) {
  mode_ = mode;
  timer_.stop();
  std::erase_if(running_, [](const Running& each) { return each.round == nullptr; });
  // Before traffic returns from maint the server must pass again: what was known is old by then.
  if (mode == Mode::Maint) set_health(Health::Unknown, WallClock::now());
  if (mode == Mode::AlwaysUp) set_health(Health::Up, WallClock::now());
  policy_ = HealthPolicy(order_->settings, state_->health());
  is_new_ = mode == Mode::Checked;
}

void HealthChecker::Subject::begin_after(Duration delay) {
  is_new_ = false;
  if (delay > Duration::zero()) return timer_.start(delay);
  check(nullptr);
}

void HealthChecker::Subject::check(std::shared_ptr<PendingRound> round) {
  auto on_result = [this](const HealthProbe* probe, CheckResult result) {
    this->on_result(probe, std::move(result));
  };
  auto self = std::make_shared<const HealthProbe*>(nullptr);
  auto probe = std::make_unique<HealthProbe>(loop_, order_, [on_result, self](CheckResult result) {
    on_result(*self, std::move(result));
  });
  *self = probe.get();
  running_.push_back({std::move(probe), std::move(round)});
}

void HealthChecker::Subject::on_result(const HealthProbe* probe, CheckResult result) {
  auto found = std::find_if(running_.begin(), running_.end(),
                            [probe](const Running& each) { return each.probe.get() == probe; });
  Running ended = std::move(*found);
  running_.erase(found);
  loop_.destroy_later(std::move(ended.probe));
  learn(std::move(result));
  if (mode_ == Mode::Checked)
    timer_.start(jittered(policy_.interval(), static_cast<std::uint32_t>(random_())));
  if (ended.round) ended.round->on_ended();  // may destroy this
}

void HealthChecker::Subject::learn(CheckResult result) {
  // Two checks may run at once; the one that began later knows better.
  if (evidence_.last && evidence_.last->began > result.began) return;
  bool same = evidence_.last && evidence_.last->ok == result.ok;
  evidence_.streak = same ? evidence_.streak + 1 : 1;
  if (mode_ == Mode::AlwaysUp) evidence_.what = "TCP connect";
  (result.ok ? checks_.passed : checks_.failed) += result.says_nothing ? 0 : 1;
  const bool counts = mode_ == Mode::Checked && !result.says_nothing;
  evidence_.last = std::move(result);
  if (counts) set_health(policy_.on_check(evidence_.last->ok), evidence_.last->at);
}

void HealthChecker::Subject::set_health(Health health, WallTime at) {
  const bool is_new = evidence_.health != health;
  if (is_new) evidence_.since = at;
  evidence_.health = health;
  state_->set_health(health);
  if (is_new) on_change_(*this);
}

HealthChecker::HealthChecker(Loop& loop)
    : loop_(loop), random_(static_cast<std::uint32_t>(Clock::now().time_since_epoch().count())) {}

HealthChecker::~HealthChecker() = default;

void HealthChecker::sync(std::shared_ptr<const Snapshot> snapshot) {
  std::map<ServerKey, std::unique_ptr<Subject>> kept;
  std::vector<Subject*> beginning;
  for (const Service& service : snapshot->services) {
    for (const Pool& pool : service.pools) {
      for (const Server& server : pool.servers) {
        ServerKey key{service.name, pool.name, server.name};
        std::unique_ptr<Subject>& subject = kept[key];
        auto known = subjects_.find(key);
        subject = known != subjects_.end() ? std::move(known->second) : make_subject(key);
        subject->update(service, server);
        if (subject->is_waiting_to_begin()) beginning.push_back(subject.get());
      }
    }
  }
  subjects_ = std::move(kept);
  const auto slots = static_cast<std::int64_t>(std::max<std::size_t>(beginning.size(), 20));
  for (std::size_t i = 0; i < beginning.size(); ++i) {
    beginning[i]->begin_after(kStagger * static_cast<std::int64_t>(i) / slots);
  }
}

std::unique_ptr<Prober::Round> HealthChecker::probe(std::vector<ServerKey> servers, OnAll on_all) {
  std::vector<Subject*> known;
  for (const ServerKey& key : servers) {
    auto found = subjects_.find(key);
    if (found != subjects_.end()) known.push_back(found->second.get());
  }
  auto round = std::make_shared<PendingRound>(known.size(), std::move(on_all));
  for (Subject* subject : known) subject->check(round);
  if (known.empty()) loop_.defer([round] { round->call(); });
  return std::make_unique<HeldRound>(round);
}

std::unique_ptr<HealthChecker::Subject> HealthChecker::make_subject(const ServerKey& key) {
  return std::make_unique<Subject>(loop_, random_, [this, key](const Subject& changed) {
    if (listener_) listener_(key, changed.evidence());
  });
}

HealthChecker::Checks HealthChecker::checks(const ServerKey& server) const {
  const auto found = subjects_.find(server);
  return found == subjects_.end() ? Checks() : found->second->checks();
}

const HealthEvidence* HealthChecker::evidence(const ServerKey& server) const {
  auto found = subjects_.find(server);
  return found == subjects_.end() ? nullptr : &found->second->evidence();
}

Duration HealthChecker::jittered(Duration interval, std::uint32_t random) {
  // 0.9 to 1.1 of it, in 200 steps.
  return interval * (900 + random % 201) / 1000;
}

}  // namespace tealgate
