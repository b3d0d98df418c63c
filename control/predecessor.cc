#include "control/predecessor.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "base/loop.h"
#include "control/state_store.h"
#include "control/wall_time.h"

namespace tealgate {
namespace {

struct Handed {
  UniqueFd channel;
  UniqueFd our_stderr;
};

bool is_channel(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

// The variable may be an old one, or somebody else's: then it means nothing.
std::optional<Handed> handed() {
  const char* variable = std::getenv(kHandoverVariable);
  int channel = -1;
  int our_stderr = -1;
  const bool is_said =
      variable != nullptr && std::sscanf(variable, "%d,%d", &channel, &our_stderr) == 2;
  ::unsetenv(kHandoverVariable);
  if (!is_said || !is_channel(channel)) return std::nullopt;
  Handed handed{UniqueFd(channel), UniqueFd(our_stderr)};
  ::fcntl(channel, F_SETFD, FD_CLOEXEC);
  ::fcntl(our_stderr, F_SETFD, FD_CLOEXEC);
  return handed;
}

void speak_for_ourselves(UniqueFd& our_stderr) {
  if (our_stderr.is_open()) ::dup2(our_stderr.get(), STDERR_FILENO);
  our_stderr.reset();
}

}  // namespace

Result<std::unique_ptr<Predecessor>> Predecessor::meet() {
  std::optional<Handed> given = handed();
  if (!given) return nullptr;
  const Hello hello{kHandoverProtocol, TEALGATE_VERSION, ::getpid(), kStateVersion};
  const int fd = given->channel.get();
  Result<ChannelMessage> answer = tl::make_unexpected(Error{});
  if (send_now(fd, encode(hello))) answer = receive_now(fd);
  if (!answer) {
    speak_for_ourselves(given->our_stderr);
    log_warning("the daemon to be replaced has gone before it handed over: an ordinary start");
    return nullptr;
  }
  Inheritance inheritance;
  Result<Offer> offer = decode_offer(std::move(*answer), inheritance);
  if (!offer) return tl::make_unexpected(offer.error());
  auto predecessor = std::unique_ptr<Predecessor>(
      new Predecessor(std::move(given->channel), std::move(*offer), std::move(inheritance)));
  predecessor->our_stderr_ = std::move(given->our_stderr);
  return predecessor;
}

Predecessor::Predecessor(UniqueFd channel, Offer offer, Inheritance inheritance)
    : fd_(std::move(channel)), offer_(std::move(offer)), inheritance_(std::move(inheritance)) {}

void Predecessor::wait_for_turn(Loop& loop, std::function<void()> on_turn) {
  loop_ = &loop;
  on_turn_ = std::move(on_turn);
  channel_ = std::make_unique<MessageChannel>(
      loop, std::move(fd_),
      MessageChannel::Listener{
          .on_message = [this](const ChannelMessage& message) { on_message(message); },
          .on_closed = [this] { on_gone(); }});
  channel_->send(encode_word("ready"));
}

void Predecessor::on_message(const ChannelMessage& message) {
  const nlohmann::ordered_json object = decode(message);
  if (word_of(object) == "take" && on_turn_) return std::exchange(on_turn_, nullptr)();
  if (remainder_) remainder_->on_message(object);
}

// Only by its death before it has handed over: to give up an upgrade it kills this daemon first.
void Predecessor::on_gone() {
  loop_->destroy_later(std::move(channel_));
  remainder_.reset();
  if (!on_turn_) return log_info("the daemon before (pid {}) has ended", offer_.pid);
  has_died_ = true;
  speak_for_ourselves(our_stderr_);
  log_warning("the daemon before (pid {}) died: this one takes over", offer_.pid);
  std::exchange(on_turn_, nullptr)();
}

nlohmann::ordered_json Predecessor::history_line() const {
  nlohmann::ordered_json line{
      {"at", format_wall_time(WallClock::now())}, {"event", "upgraded"}, {"by", offer_.by}};
  if (!offer_.reason.empty()) line["reason"] = offer_.reason;
  line["from_version"] = offer_.version;
  line["to_version"] = TEALGATE_VERSION;
  line["pid"] = ::getpid();
  if (has_died_) line["message"] = fmt::format("pid {} died before it handed over", offer_.pid);
  return line;
}

void Predecessor::say_serving(SnapshotCell& cell, unsigned index,
                              std::function<std::string()> state) {
  speak_for_ourselves(our_stderr_);
  if (!channel_) return;
  channel_->send(encode_word("serving"));
  remainder_ = std::make_unique<Remainder>(Remainder::Place{
      *loop_, cell, index, std::move(state),
      [this](const nlohmann::ordered_json& message) { channel_->send(encode(message)); },
      [this] { on_silence(); }});
}

// Nothing can be decided before it knows. It is this daemon's parent: the number is still its own.
void Predecessor::on_silence() {
  log_error("the daemon before (pid {}) does not answer any more: it is killed", offer_.pid);
  if (::getppid() == offer_.pid) ::kill(offer_.pid, SIGKILL);
}

void Predecessor::say_listens(const std::vector<SocketAddress>& addresses) {
  if (!channel_) return;
  nlohmann::ordered_json message{{"say", "listens"},
                                 {"addresses", nlohmann::ordered_json::array()}};
  for (const SocketAddress& address : addresses) {
    message["addresses"].push_back(address.to_string());
  }
  channel_->send(encode(message));
}

void Predecessor::say_ending() {
  if (channel_) channel_->send(encode_word("ending"));
}

}  // namespace tealgate
