// The API's endpoints that have something done: each body becomes a command of the control loop.
#include "control/api_call.h"
#include "control/control_loop.h"

namespace tealgate {

void Api::run_switch(Call& call) {
  ParseResult<SwitchCommand> parsed = parse_switch(call.body, call.captured[0]);
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.run_switch(parsed->command, call.caller, std::move(watcher));
  });
}

void Api::run_rollback(Call& call) {
  ParseResult<RollbackCommand> parsed = parse_rollback(call.body, call.captured[0]);
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.run_rollback(parsed->command, call.caller, std::move(watcher));
  });
}

void Api::set_server_state(Call& call) {
  ParseResult<ServerStateCommand> parsed =
      parse_server_state(call.body, {call.captured[0], call.captured[1], call.captured[2]});
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.set_server_state(parsed->command, call.caller, std::move(watcher));
  });
}

void Api::wait(Call& call) {
  ParseResult<WaitCommand> parsed = parse_wait(call.body, call.captured[0]);
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.wait(parsed->command, call.caller, std::move(watcher));
  });
}

void Api::lock(Call& call) {
  ParseResult<LockCommand> parsed = parse_lock(call.body, call.captured[0]);
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.lock(parsed->command, call.caller, std::move(watcher));
  });
}

void Api::unlock(Call& call) {
  ParseResult<UnlockCommand> parsed = parse_unlock(call.body, call.captured[0]);
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.unlock(parsed->command, call.caller, std::move(watcher));
  });
}

void Api::reload(Call& call) {
  ParseResult<ServiceCommand> parsed = parse_reload(call.body);
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.reload(call.caller, std::move(watcher));
  });
}

void Api::upgrade(Call& call) {
  ParseResult<UpgradeCommand> parsed = parse_upgrade(call.body);
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.upgrade(parsed->command, call.caller, std::move(watcher));
  });
}

}  // namespace tealgate
