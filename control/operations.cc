#include "control/operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/loop.h"

namespace tealgate {
namespace {

std::string random_hex(unsigned digits) {
  static std::random_device device;
  std::string text;
  while (text.size() < digits) text += fmt::format("{:08x}", device());
  return text.substr(0, digits);
}

}  // namespace

Operations::Operations(Loop& loop) : loop_(loop), self_(std::make_shared<Operations*>(this)) {}

Operations::~Operations() {
  *self_ = nullptr;
}

Operation& Operations::add(std::unique_ptr<Operation> operation) {
  operations_.push_back(std::move(operation));
  // Later: the oldest may be telling its watchers at this moment, one of whom asked for the new
  // one.
  loop_.defer([self = self_] {
    if (*self != nullptr) (*self)->forget_oldest();
  });
  return *operations_.back();
}

void Operations::forget_oldest() {
  std::size_t surplus = operations_.size() - std::min(operations_.size(), kKept);
  std::erase_if(operations_, [&](const auto& operation) {
    if (surplus == 0 || !operation->is_over()) return false;
    --surplus;
    return true;
  });
}

Operation* Operations::find(std::string_view id, std::string_view service) {
  for (const auto& operation : operations_) {
    if (operation->id() != id) continue;
    if (service.empty() || operation->service() == service) return operation.get();
  }
  return nullptr;
}

const Operation* Operations::find(std::string_view id, std::string_view service) const {
  return const_cast<Operations*>(this)->find(id, service);
}

std::set<std::string> Operations::services_of(std::string_view id) const {
  std::set<std::string> services;
  for (const auto& operation : operations_) {
    if (operation->id() == id) services.insert(operation->service());
  }
  return services;
}

const Operation* Operations::running(std::string_view service) const {
  for (auto operation = operations_.rbegin(); operation != operations_.rend(); ++operation) {
    if ((*operation)->service() == service && !(*operation)->is_over()) return operation->get();
  }
  return nullptr;
}

const Operation* Operations::running() const {
  for (const auto& operation : operations_) {
    if (!operation->is_over()) return operation.get();
  }
  return nullptr;
}

Operation* Operations::maker_of(std::string_view service, const Plan& plan) {
  for (auto operation = operations_.rbegin(); operation != operations_.rend(); ++operation) {
    if ((*operation)->service() == service && (*operation)->made(plan)) return operation->get();
  }
  return nullptr;
}

void Operations::on_published(std::string_view service, const Operation::Successor& successor,
                              const Snapshot& snapshot) {
  for (const auto& operation : operations_) {
    if (operation->service() != service || operation->is_over()) continue;
    if (operation->id() != successor.id) operation->on_published_by(successor, snapshot);
  }
}

void Operations::on_config_published(const Snapshot& snapshot) {
  for (const auto& operation : operations_) operation->on_config_published(snapshot);
}

void Operations::detach(const CommandWatcher& watcher) {
  for (const auto& operation : operations_) operation->remove_watcher(watcher);
}

void Operations::stop(std::function<void()> on_over) {
  for (const auto& operation : operations_) {
    if (!operation->is_over()) operation->stop();
  }
  on_over_ = std::move(on_over);
  on_end();
}

void Operations::on_end() {
  const bool are_over = std::all_of(operations_.begin(), operations_.end(),
                                    [](const auto& operation) { return operation->is_over(); });
  if (are_over && on_over_) std::exchange(on_over_, nullptr)();
}

std::string new_operation_id() {
  return "op-" + random_hex(12);
}

std::string new_token() {
  return random_hex(32);
}

}  // namespace tealgate
