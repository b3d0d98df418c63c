// The API's endpoints that have something done: each body becomes a command of the control loop.
#include <functional>

#include "control/api_call.h"
#include "control/control_loop.h"

namespace tealgate {

void Api::run_switch(Call& call) {
  call.carry_out(parse_switch(call.body, call.captured[0]),
                 std::bind_front(&ControlLoop::run_switch, &control_));
}

void Api::run_rollback(Call& call) {
  call.carry_out(parse_rollback(call.body, call.captured[0]),
                 std::bind_front(&ControlLoop::run_rollback, &control_));
}

void Api::set_server_state(Call& call) {
  const std::vector<std::string>& at = call.captured;
  call.carry_out(parse_server_state(call.body, {at[0], at[1], at[2]}),
                 std::bind_front(&ControlLoop::set_server_state, &control_));
}

void Api::wait(Call& call) {
  call.carry_out(parse_wait(call.body, call.captured[0]),
                 std::bind_front(&ControlLoop::wait, &control_));
}

void Api::lock(Call& call) {
  call.carry_out(parse_lock(call.body, call.captured[0]),
                 std::bind_front(&ControlLoop::lock, &control_));
}

void Api::unlock(Call& call) {
  call.carry_out(parse_unlock(call.body, call.captured[0]),
                 std::bind_front(&ControlLoop::unlock, &control_));
}

void Api::reload(Call& call) {
  call.carry_out(parse_reload(call.body), [this](const auto&, const Caller& caller, auto watcher) {
    control_.reload(caller, std::move(watcher));
  });
}

void Api::upgrade(Call& call) {
  call.carry_out(parse_upgrade(call.body), std::bind_front(&ControlLoop::upgrade, &control_));
}

}  // namespace tealgate
