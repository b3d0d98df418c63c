#include "demo/releases.h"

#include <fmt/format.h>

#include <utility>

namespace tealgate::demo {

namespace {

constexpr unsigned kPast = 2;           // releases before the curtain rises
constexpr unsigned kRollbackEvery = 4;  // of those behind it
constexpr const char* kService = "/v1/services/demo";

// The pool that serves nobody; "" if there is none, or the answer is no status of a service. What
// our own daemon writes of pools of ours has no blanks and no escapes.
std::string idle_pool(const Command::Answer& answer) {
  constexpr std::string_view kBegin = R"("idle":[")";
  const std::size_t at = answer.body.find(kBegin);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + kBegin.size();
  return answer.body.substr(begin, answer.body.find('"', begin) - begin);
}

}  // namespace

Releases::Releases(Loop& loop, const SocketAddress& control_socket, Duration every, Deploy deploy)
    : loop_(loop),
      control_socket_(control_socket),
      every_(every),
      deploy_(std::move(deploy)),
      timer_(loop, [this] {
        if (done_ % kRollbackEvery == kPast + 1) return roll_back();
        release();
      }) {}

void Releases::begin(std::function<void()> on_ready) {
  on_ready_ = std::move(on_ready);
  release();
}

void Releases::release() {
  ask("GET", kService, {}, [this](const Command::Answer& answer) { on_service(answer); });
}

void Releases::on_service(const Command::Answer& answer) {
  const std::string pool = idle_pool(answer);
  if (pool.empty()) return on_done();  // somebody has both of them serve
  const std::string version = fmt::format("v1.{}.0", ++version_);
  deploy_(pool, version);
  const std::string order =
      fmt::format(R"({{"to":["{}"],"label":"{}","reason":"release","by":"demo"}})", pool, version);
  ask("POST", fmt::format("{}/switch", kService), order,
      [this](const Command::Answer&) { on_done(); });
}

void Releases::roll_back() {
  const std::string order =
      fmt::format(R"({{"reason":"v1.{}.0 is slower","by":"demo"}})", version_);
  ask("POST", fmt::format("{}/rollback", kService), order,
      [this](const Command::Answer&) { on_done(); });
}

// Refused or not: what became of it stands in the history.
void Releases::on_done() {
  ++done_;
  if (done_ < kPast) return release();
  timer_.start(every_);
  if (const auto on_ready = std::exchange(on_ready_, nullptr)) on_ready();
}

void Releases::ask(std::string_view method, std::string_view target, std::string_view json,
                   Command::OnAnswer on_answer) {
  // The one before calls us just now, perhaps.
  loop_.destroy_later(std::move(command_));
  command_ = std::make_unique<Command>(loop_, control_socket_, std::move(on_answer));
  command_->send(method, target, json);
}

}  // namespace tealgate::demo
