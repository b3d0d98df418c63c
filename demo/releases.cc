#include "demo/releases.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace tealgate::demo {

namespace {

using nlohmann::json;

constexpr unsigned kPast = 2;           // releases before the curtain rises
constexpr unsigned kRollbackEvery = 4;  // of those behind it
constexpr const char* kService = "/v1/services/demo";

// The pool that serves nobody; "" if there is none, or the answer is no status of a service.
std::string idle_pool(const Command::Answer& answer) {
  const json status = json::parse(answer.body, nullptr, false);
  const json::json_pointer first("/idle/0");
  return status.contains(first) ? status[first].get<std::string>() : std::string();
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
  const json order{{"to", {pool}}, {"label", version}, {"reason", "release"}, {"by", "demo"}};
  ask("POST", fmt::format("{}/switch", kService), order.dump(),
      [this](const Command::Answer&) { on_done(); });
}

void Releases::roll_back() {
  const json order{{"reason", fmt::format("v1.{}.0 is slower", version_)}, {"by", "demo"}};
  ask("POST", fmt::format("{}/rollback", kService), order.dump(),
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
