#include "control/gate_probe.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/loop.h"
#include "control/publisher.h"

namespace tealgate {

GateProbe::GateProbe(Loop& loop, Prober& prober, const Publisher& publisher, Subject subject,
                     OnVerdict on_verdict)
    : loop_(loop),
      prober_(prober),
      publisher_(publisher),
      subject_(std::move(subject)),
      on_verdict_(std::move(on_verdict)),
      called_at_(loop.now()),
      pause_(loop, [this] { probe_now(); }) {}

void GateProbe::probe_now() {
  const auto snapshot = publisher_.current();
  const Service* service = snapshot->find_service(subject_.service);
  std::vector<ServerKey> servers;
  for (const std::string& name : subject_.pools) {
    const Pool* pool = service == nullptr ? nullptr : service->find_pool(name);
    if (pool == nullptr) continue;
    for (const Server& server : pool->servers) {
      if (server.admin == AdminState::Ready) {
        servers.push_back({subject_.service, name, server.name});
      }
    }
  }
  round_ = prober_.probe(std::move(servers), [this] { on_checked(); });
}

void GateProbe::probe_later() {
  pause_.start(HealthPolicy::kFastInterval);
}

void GateProbe::on_checked() {
  // The round may not die inside its own callback.
  loop_.destroy_later(std::move(round_));
  const auto snapshot = publisher_.current();
  const Service* service = snapshot->find_service(subject_.service);
  GateInput input;
  if (service != nullptr) input = gate_input(*service, subject_.pools, prober_);
  input.need = subject_.need;
  input.called_at = called_at_;
  input.now = WallClock::now();
  GateVerdict verdict = judge(input);
  if (input.pools.size() != subject_.pools.size()) {
    verdict.passed = verdict.may_settle = false;
    verdict.sentence = fmt::format("{} is no longer configured", subject_.service);
  }
  const OnVerdict tell = on_verdict_;
  tell(verdict);
}

CommandError gate_refusal(const GateVerdict& verdict, const GateProbe::Subject& subject) {
  CommandError refusal{ErrorCode::GateRefused, verdict.sentence};
  refusal.details =
      std::make_shared<nlohmann::ordered_json>(gate_details(verdict, WallClock::now()));
  const auto is_out = [](const GateServer& server) { return !server.counts(); };
  const auto out = std::find_if(verdict.servers.begin(), verdict.servers.end(), is_out);
  if (verdict.of == 0 && out != verdict.servers.end()) {  // waiting would be in vain
    refusal.hint = fmt::format("tealgate ready {}/{}/{}", subject.service, out->pool, out->name);
  } else if (subject.pools.size() == 1) {
    refusal.hint =
        fmt::format("tealgate wait -s {} {} --healthy all", subject.service, subject.pools.front());
  }
  return refusal;
}

}  // namespace tealgate
