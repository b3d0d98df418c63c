#include "control/upgrade.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/listen_socket.h"
#include "base/log.h"
#include "base/loop.h"
#include "control/control_loop.h"
#include "control/follower.h"
#include "control/handover.h"
#include "control/program.h"
#include "control/state_store.h"
#include "control/wall_time.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

constexpr Duration kLookAgain = std::chrono::milliseconds(20);

}  // namespace

Upgrade::Upgrade(Place place)
    : place_(std::move(place)),
      look_(place_.loop, [this] { look(); }),
      deadline_(place_.loop, [this] {
        fail({ErrorCode::TimedOut, told_.empty()
                                       ? fmt::format("it did not take over within {}: step {}",
                                                     format_duration(command_.timeout),
                                                     step_ == Step::Starting ? "start" : "check")
                                       : told_});
      }) {}

Upgrade::~Upgrade() = default;

void Upgrade::stop() {
  if (step_ == Step::Retired) {
    successor_ends_ = true;
    kept_.clear();
  }
  if (step_ == Step::Idle || step_ == Step::Retired) return;
  step_ = Step::Idle;
  look_.stop();
  deadline_.stop();
  if (child_) child_->kill();
  forget_child();
  end(error_object({ErrorCode::Internal, "the daemon is stopping"}));
}

void Upgrade::run(const UpgradeCommand& command, const Caller& caller,
                  std::shared_ptr<CommandWatcher> watcher) {
  if (step_ != Step::Idle) {
    return watcher->on_finished(error_object(
        {ErrorCode::Conflict, fmt::format("{} is upgrading this daemon already", caller_.by)}));
  }
  command_ = command;
  if (command_.binary.empty()) command_.binary = place_.binary;
  caller_ = caller;
  watcher_ = std::move(watcher);
  began_ = place_.loop.now();
  told_.clear();
  stderr_.clear();
  successor_version_.clear();
  if (const std::string why = why_not_runnable(command_.binary); !why.empty()) {
    return refuse({ErrorCode::Usage, why});
  }
  step_ = Step::Waiting;
  wait_or_start();
}

void Upgrade::look() {
  step_ == Step::Waiting ? wait_or_start() : settle();
}

void Upgrade::wait_or_start() {
  std::string why = place_.host.obstacle();
  if (why.empty()) why = place_.control.under_way();
  if (why.empty()) return start();
  if (place_.loop.now() >= began_ + command_.lock_wait) {
    return refuse({ErrorCode::Conflict, why, nullptr, "tealgate upgrade --lock-wait 10m"});
  }
  if (why != told_) tell("waiting", why);
  told_ = std::move(why);
  look_.start(kLookAgain);
}

void Upgrade::start() {
  told_.clear();
  step_ = Step::Starting;
  tell("starting", command_.binary);
  auto pair = make_channel();
  if (!pair) return refuse({ErrorCode::Internal, pair.error().message});
  std::vector<std::string> environment = environment_without(
      {kHandoverVariable, "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_PID"});
  environment.push_back(
      fmt::format("{}={},{}", kHandoverVariable, ChildProcess::kChannel, ChildProcess::kStderr));
  auto child =
      ChildProcess::start(place_.loop,
                          {command_.binary,
                           {command_.binary, "run", "-c", place_.config_path},
                           std::move(environment),
                           std::move(pair->theirs)},
                          {.on_stderr =
                               [this](std::string_view text) {
                                 stderr_.emplace_back(text);
                                 if (stderr_.size() > kLinesKept) stderr_.pop_front();
                                 log_info("the new daemon says: {}", text);
                               },
                           .on_exit = [this](const ChildProcess::Exit& exit) { on_exit(exit); }});
  if (!child) return refuse({ErrorCode::Usage, child.error().message});
  child_ = std::move(*child);
  channel_ = std::make_unique<MessageChannel>(
      place_.loop, std::move(pair->ours),
      MessageChannel::Listener{
          .on_message = [this](ChannelMessage message) { on_message(std::move(message)); },
          .on_closed = {}});  // its exit follows
  deadline_.start(command_.timeout);
}

void Upgrade::on_message(ChannelMessage message) {
  const Json object = decode(message);
  const std::string word = word_of(object);
  if (word == "hello" && step_ == Step::Starting) return on_hello(object);
  if (word == "ready" && step_ == Step::Checking) {
    step_ = Step::Settling;
    return settle();
  }
  if (word == "serving" && step_ == Step::Handing) return on_serving();
  if (step_ != Step::Retired) return;
  if (word == "listens") return drop_all_but(object);
  if (word != "ending") return follower_->on_message(object);
  successor_ends_ = true;
  kept_.clear();
  place_.host.let_go();
}

void Upgrade::on_hello(const Json& message) {
  const Result<Hello> hello = decode_hello(message);
  if (!hello) return fail({ErrorCode::Conflict, hello.error().message});
  if (const std::string why = mismatch(*hello, kStateVersion); !why.empty()) {
    return fail({ErrorCode::Conflict, why});
  }
  successor_version_ = hello->version;
  step_ = Step::Checking;
  tell("checking",
       fmt::format("tealgate {} (pid {}) checks the servers", hello->version, hello->pid));
  channel_->send(encode(Offer{::getpid(), place_.version, caller_.by, command_.reason,
                              place_.state_folder, place_.host.secrets()},
                        place_.host.descriptors()));
}

// What began meanwhile goes first: a rollback waits for nobody.
void Upgrade::settle() {
  told_ = place_.control.under_way();
  if (!told_.empty()) return look_.start(kLookAgain);
  is_held_ = true;
  place_.host.pause_commands();
  place_.control.hold(fmt::format("{} is upgrading this daemon; ask again in a moment", caller_.by),
                      [this] { hand_over(); });
}

void Upgrade::hand_over() {
  if (step_ != Step::Settling) return;
  step_ = Step::Handing;
  tell("handing_over", fmt::format("to pid {}", child_->pid()));
  channel_->send(encode_word("take"));
}

void Upgrade::on_serving() {
  deadline_.stop();
  step_ = Step::Retired;
  successor_ends_ = false;
  const pid_t successor = child_->pid();
  const auto took = place_.loop.now() - began_;
  log_info("tealgate {} (pid {}) serves now", successor_version_, successor);
  Json result{{"ok", true}, {"changed", true}};
  result["from"] = {{"version", place_.version}, {"pid", ::getpid()}};
  result["to"] = {{"version", successor_version_}, {"pid", successor}};
  result["binary"] = command_.binary;
  result["took_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  end(result);
  kept_ = place_.host.descriptors();
  place_.host.retire(successor);
  follow();
}

void Upgrade::follow() {
  follower_ = std::make_unique<Follower>(
      Follower::Place{place_.loop, place_.control, place_.data_plane,
                      [this](const Json& message) {
                        if (channel_) channel_->send(encode(message));
                      },
                      [this](const std::string& why) { place_.host.hurry(why); }});
}

// A socket that only this daemon holds would take clients whom nobody serves, and keep its address
// from everybody else.
void Upgrade::drop_all_but(const Json& message) {
  const Json addresses = message.value("addresses", Json::array());
  std::erase_if(kept_, [&](const HandedDescriptor& kept) {
    if (kept.kind != "listen" && kept.kind != "dashboard") return false;
    const std::string address = bound_address(kept.fd).to_string();
    return std::find(addresses.begin(), addresses.end(), Json(address)) == addresses.end();
  });
}

// What it said before its end comes first.
void Upgrade::on_exit(const ChildProcess::Exit& exit) {
  channel_->receive();
  if (step_ == Step::Failing) return recover();
  if (step_ != Step::Retired) return fail(why_ended(exit));
  forget_child();
  place_.loop.destroy_later(std::move(follower_));
  if (!successor_ends_) take_back(exit.how);
}

// What it said goes with it.
CommandError Upgrade::why_ended(const ChildProcess::Exit& exit) const {
  if (step_ == Step::Starting) {
    return {ErrorCode::Conflict, fmt::format("{} {} without a word of the hand-over: is it a "
                                             "tealgate that can take over?",
                                             command_.binary, exit.how)};
  }
  if (exit.code == error_row(ErrorCode::ConfigInvalid).exit) {
    return {ErrorCode::ConfigInvalid,
            fmt::format("tealgate {} rejects {}", successor_version_, place_.config_path)};
  }
  return {ErrorCode::Conflict, fmt::format("{} {} before it took over", command_.binary, exit.how)};
}

void Upgrade::take_back(const std::string& how) {
  log_error("the new daemon {}: this one serves again", how);
  step_ = Step::Idle;
  is_held_ = false;
  const auto opened = place_.control.go_on_afresh();
  if (!opened) return give_up(opened.error());
  Inheritance sockets;
  for (HandedDescriptor& descriptor : std::exchange(kept_, {})) sockets.add(std::move(descriptor));
  if (const auto served = place_.host.take_back(sockets); !served) {
    return give_up({ErrorCode::ConfigInvalid, served.error().message});
  }
  Json back = line("upgrade_taken_back");
  back["message"] = fmt::format(
      "tealgate {} {}; {}", successor_version_, how,
      opened->empty() ? "the config was read again"
                      : "the config is as this daemon had it, since the file is wrong: " + *opened);
  log_warning("{}", back["message"].get<std::string>());
  place_.control.record(std::move(back));
}

void Upgrade::give_up(const CommandError& why) {
  log_error("this daemon cannot go on, and ends: {}", why.message);
  place_.host.give_up(error_row(why.code).exit);
}

void Upgrade::fail(CommandError error) {
  deadline_.stop();
  look_.stop();
  step_ = Step::Failing;
  failure_ = std::move(error);
  if (child_->is_running()) return child_->kill();
  recover();
}

void Upgrade::recover() {
  forget_child();
  if (std::exchange(is_held_, false)) {
    if (auto opened = place_.control.go_on(); !opened) {
      give_up(opened.error());
    } else {
      place_.host.go_on_with_commands();
    }
  }
  failure_.message = "not upgraded, this daemon goes on: " + failure_.message;
  Json lines = Json::array();
  for (const std::string& text : stderr_) lines.push_back({{"stderr", text}});
  failure_.details = std::make_shared<const Json>(std::move(lines));
  refuse(failure_);
}

void Upgrade::refuse(const CommandError& error) {
  Json refused = line("upgrade_refused");
  refused["message"] = error.message;
  place_.control.record(std::move(refused));
  step_ = Step::Idle;
  end(error_object(error));
}

void Upgrade::end(const Json& result) {
  if (const auto watcher = std::exchange(watcher_, nullptr)) watcher->on_finished(result);
}

void Upgrade::tell(std::string_view word, std::string message) {
  if (watcher_) watcher_->on_progress(word, message, "");
}

// This may be called from their callbacks.
void Upgrade::forget_child() {
  place_.loop.destroy_later(std::move(channel_));
  place_.loop.destroy_later(std::move(child_));
}

Json Upgrade::line(std::string_view event) const {
  Json line{{"at", format_wall_time(WallClock::now())}, {"event", event}, {"by", caller_.by}};
  if (!command_.reason.empty()) line["reason"] = command_.reason;
  line["binary"] = command_.binary;
  line["from_version"] = place_.version;
  if (!successor_version_.empty()) line["to_version"] = successor_version_;
  return line;
}

}  // namespace tealgate
