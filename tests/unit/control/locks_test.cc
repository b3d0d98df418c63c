#include "unit/control/deploy_vocabulary.h"

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<Heard> lock(Deploy& deploy, LockCommand command = {}) {
  command.service = "shop";
  const auto heard = std::make_shared<Heard>();
  deploy.control->lock(command, {"bob", {}, {}, {}}, heard);
  return heard;
}

std::shared_ptr<Heard> unlock(Deploy& deploy, const std::string& token, bool force = false) {
  UnlockCommand command;
  command.service = "shop";
  command.lock = token;
  command.force = force;
  const auto heard = std::make_shared<Heard>();
  deploy.control->unlock(command, deploy.caller, heard);
  deploy.finished(heard);
  return heard;
}

}  // namespace

TEST_CASE("Lock: it keeps others out, names its holder, and lets its token pass") {
  Deploy deploy;
  const auto locked = lock(deploy);
  deploy.finished(locked);
  const std::string token = locked->result["lock"];
  const Json refused = deploy.switch_to({"green"});
  CHECK(refused["error"]["code"] == "conflict");
  const std::string message = refused["error"]["message"];
  CHECK(message.find("shop is locked by bob") == 0);
  SwitchCommand command = deploy.to({"green"});
  command.lock = token;
  const auto passed = deploy.begin(command);
  deploy.finished(passed);
  CHECK(passed->ok());
}

TEST_CASE("Lock: one that ends by its time is a line of the history, and its holder is told") {
  Deploy deploy;
  LockCommand command;
  command.hold = true;
  command.ttl = 30ms;
  const auto held = lock(deploy, command);
  deploy.finished(held);
  CHECK(held->code() == "conflict");
  CHECK(held->message() == "the time of bob's lock of shop was over");
  CHECK(deploy.last_line()["event"] == "unlocked");
  CHECK(deploy.last_line()["holder"] == "bob");
  CHECK_FALSE(deploy.shop().lock.has_value());
}

TEST_CASE("Lock: the stopping daemon gives held locks back, with a line of the history") {
  Deploy deploy;
  LockCommand command;
  command.hold = true;
  const auto held = lock(deploy, command);
  deploy.until([&] { return !held->locked.is_null(); });
  bool stopped = false;
  deploy.control->stop([&] { stopped = true; });
  deploy.until([&] { return stopped; });
  CHECK(held->is_finished);
  CHECK(deploy.last_line()["event"] == "unlocked");
  CHECK_FALSE(deploy.shop().lock.has_value());
}

TEST_CASE("Lock: a rollback ignores it") {
  Deploy deploy;
  deploy.switch_to({"green"});
  deploy.finished(lock(deploy));
  const auto heard = deploy.begin_rollback();
  deploy.finished(heard);
  CHECK(heard->ok());
}

TEST_CASE("Lock: only its token or force takes it off") {
  Deploy deploy;
  const auto locked = lock(deploy);
  deploy.finished(locked);
  CHECK(unlock(deploy, "wrong")->code() == "conflict");
  CHECK(unlock(deploy, locked->result["lock"])->result["changed"] == true);
  CHECK(unlock(deploy, locked->result["lock"])->result["changed"] == false);
  deploy.finished(lock(deploy));
  CHECK(unlock(deploy, "", true)->ok());
  CHECK(deploy.switch_to({"green"})["ok"] == true);
}

TEST_CASE("Lock: the history says who took it off, why, and only once") {
  Deploy deploy;
  LockCommand command;
  command.reason = "deploy";
  command.hold = true;
  const auto held = lock(deploy, command);
  deploy.until([&] { return held->locked.is_object(); });
  UnlockCommand unlocked;
  unlocked.service = "shop";
  unlocked.force = true;
  unlocked.reason = "bob sleeps";
  const auto heard = std::make_shared<Heard>();
  deploy.control->unlock(unlocked, deploy.caller, heard);
  deploy.control->detach(*held);  // its own release comes too late
  deploy.finished(heard);
  deploy.settle();
  const auto lines = deploy.control->history("", 100);
  CHECK(std::count_if(lines.begin(), lines.end(),
                      [](const Json& l) { return l["event"] == "unlocked"; }) == 1);
  CHECK(deploy.last_line()["by"] == "ci");
  CHECK(deploy.last_line()["holder"] == "bob");
  CHECK(deploy.last_line()["reason"] == "bob sleeps");
}

TEST_CASE("Lock: those who wait get their turn when it is taken off") {
  Deploy deploy;
  const auto locked = lock(deploy);
  deploy.finished(locked);
  SwitchCommand command = deploy.to({"green"});
  command.lock_wait = 1min;
  const auto waiting = deploy.begin(command);
  CHECK(waiting->has("waiting"));
  unlock(deploy, locked->result["lock"]);
  deploy.finished(waiting);
  CHECK(waiting->ok());
}

TEST_CASE("Lock: it expires, and those who wait get their turn") {
  Deploy deploy;
  LockCommand command;
  command.ttl = 50ms;
  deploy.finished(lock(deploy, command));
  SwitchCommand waits = deploy.to({"green"});
  waits.lock_wait = 1min;
  const auto waiting = deploy.begin(waits);
  CHECK(waiting->has("waiting"));
  deploy.finished(waiting);
  CHECK(waiting->ok());
}

TEST_CASE("Lock: held by a connection, it ends with the connection") {
  Deploy deploy;
  LockCommand command;
  command.hold = true;
  const auto held = lock(deploy, command);
  deploy.until([&] { return held->locked.is_object(); });
  CHECK_FALSE(held->is_finished);
  CHECK(deploy.switch_to({"green"})["error"]["code"] == "conflict");
  deploy.control->detach(*held);
  deploy.until([&] { return !deploy.shop().lock; });
  CHECK(deploy.switch_to({"green"})["ok"] == true);
}

TEST_CASE("Lock: whoever waits for one and leaves gets none") {
  Deploy deploy;
  const auto first = lock(deploy);
  deploy.finished(first);
  LockCommand command;
  command.lock_wait = 1min;
  const auto second = lock(deploy, command);
  deploy.control->detach(*second);
  unlock(deploy, first->result["lock"]);
  deploy.settle();
  CHECK_FALSE(deploy.shop().lock);
}

TEST_CASE("Lock: one that waits to be written when the daemon stops is not taken") {
  Deploy deploy;
  const auto first = lock(deploy);
  deploy.finished(first);
  UnlockCommand unlocked;
  unlocked.service = "shop";
  unlocked.lock = first->result["lock"];
  deploy.control->unlock(unlocked, deploy.caller, std::make_shared<Heard>());
  LockCommand again;
  again.lock = unlocked.lock;
  const auto second = lock(deploy, again);  // behind the unlock
  bool stopped = false;
  deploy.control->stop([&] { stopped = true; });
  deploy.until([&] { return stopped; });
  CHECK(second->code() == "internal");
  CHECK_FALSE(deploy.shop().lock);
}

TEST_CASE("Lock: another lock is a conflict or waits") {
  Deploy deploy;
  const auto first = lock(deploy);
  deploy.finished(first);
  const auto refused = lock(deploy);
  deploy.finished(refused);
  CHECK(refused->code() == "conflict");
  LockCommand command;
  command.lock_wait = 1min;
  const auto second = lock(deploy, command);
  unlock(deploy, first->result["lock"]);
  deploy.finished(second);
  CHECK(second->ok());
}

TEST_CASE("Lock: one kept in the state holds after a restart") {
  Deploy deploy;
  deploy.finished(lock(deploy));
  deploy.restart_on(deploy.folder.file("."));
  CHECK(deploy.switch_to({"green"})["error"]["code"] == "conflict");
}
