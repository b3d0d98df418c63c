// The daemon as the command line sees it: one request, one answer.
//
// SocketDaemon speaks to the control socket; tests answer with canned JSON.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tealgate::cli {

struct Request {
  std::string method = "GET";
  std::string path;
  std::string body;         // JSON; empty: none
  std::string operation;    // the id with which to ask again after a lost connection; may be empty
  std::string fields = {};  // more fields of the head, complete lines
  // How long nothing may come; the daemon sends a line every 10 s at least while it works.
  Duration patience = std::chrono::seconds(40);
};

struct Answer {
  enum class Outcome : unsigned char {
    Answered,
    NotPermitted,  // the socket is there, and not for us
    NotReachable,  // nothing was sent
    Lost,          // sent, and no complete answer came
    Unanswered,    // sent, and nothing came: the daemon may have read it or not
    Interrupted,   // SIGINT or SIGTERM
  };
  Outcome outcome = Outcome::NotReachable;
  int status = 0;
  std::string body;   // the object, or the last line of a stream
  std::string error;  // why there is none: "/run/x.sock: connection refused"
};

class Daemon {
 public:
  // Hears each line of a streamed answer, the last one too.
  using OnLine = std::function<void(std::string_view line)>;

  // Blocks until the answer is complete.
  virtual Answer ask(const Request& request, const OnLine& on_line) = 0;

 protected:
  ~Daemon() = default;
};

}  // namespace tealgate::cli
